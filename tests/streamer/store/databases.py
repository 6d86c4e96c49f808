"""A PostgreSQL server of the tests' own, where one is installed: in a temporary folder, reached by a socket there."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SERVER = ("-c", "listen_addresses=", "-c", "fsync=off")


def programs() -> Path | None:
    """Where `initdb` and `postgres` lie, or None."""
    for found in (shutil.which("initdb"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        if found:
            return Path(found).parent
    return None


@contextlib.contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """Runs a server; the URL of its database `postgres`, in which others may be made."""
    # A path to a socket has 107 characters at most, and the server does not run as root.
    with tempfile.TemporaryDirectory(prefix="undertone-") as folder:
        user: dict[str, Any] = {}
        if os.getuid() == 0:
            shutil.chown(folder, "nobody")
            user = {"user": "nobody", "extra_groups": [], "cwd": folder}
        data = Path(folder) / "data"
        make: list[str | Path] = [programs / "initdb", "-D", data, "-A", "trust", "-U", "undertone", "--no-sync"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **user)
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *SERVER], stderr=subprocess.DEVNULL, **user
        )
        try:
            yield f"postgresql+psycopg://undertone@/postgres?host={folder}"
        finally:
            server.terminate()
            server.wait(30)
