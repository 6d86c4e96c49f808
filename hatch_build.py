"""Build hook: a wheel brings the browser page, so that whoever installs it needs no Node."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[Any]):
    """Builds the page where it is missing. An editable install goes without: `make page` builds it there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (the interface's)
        """Called before each build; version is "editable" or "standard". Raises RuntimeError without Node."""
        root = Path(self.root)
        if version != "editable" and not (root / "streamer" / "page" / "index.html").is_file():
            build_page(root / "web")


def build_page(web: Path) -> None:
    """Runs the page's own build. Raises RuntimeError, with what to do, where npm is missing or the build fails."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("the page is not built and npm is missing: run `make page`, or install Node 20.19 or newer")
    for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        if subprocess.run([npm, *command], cwd=web, check=False).returncode:
            raise RuntimeError(
                f"the page can't be built: `npm {' '.join(command)}` failed in {web}; its output says why"
            )
