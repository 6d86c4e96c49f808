"""The machine, the code and the packages that a measurement was made with."""

import platform
import re
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

import psutil
import torch
from pydantic import BaseModel

PACKAGES: Final = ("undertone", "torch", "transformers", "numpy", "av", "mediapipe", "onnxruntime")


class Machine(BaseModel):
    """Where it was measured. cores: logical; memory_gb: 2**30 bytes; gpu: its name, or none."""

    system: str
    cpu: str
    cores: int
    memory_gb: float
    gpu: str | None

    @classmethod
    def this(cls) -> Self:
        """The one that runs this."""
        return cls(
            system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            cpu=_processor(),
            cores=psutil.cpu_count() or 1,
            memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
            gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        )

    def __str__(self) -> str:
        return f"{self.system}, {self.cpu}, {self.cores} cores, {self.memory_gb:.0f} GiB, GPU: {self.gpu or 'none'}"


def commit() -> str:
    """The commit that runs, with "-dirty" where files differ from it; "unknown" outside a checkout."""
    git = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return git.stdout.strip() or "unknown"


def versions() -> dict[str, str]:
    """Of the packages that the figures depend on, as far as they are here."""
    return {package: version(package) for package in PACKAGES if package == "undertone" or find_spec(package)}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", info.read_text(encoding="utf-8")) if info.exists() else []
    return names[0] if names else platform.processor() or "unknown"
