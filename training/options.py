"""The options that `undertone train` and `undertone eval` share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path | None, typer.Option("--data", help="The corpora; else UNDERTONE_DATA, else ../shared/data.")]
Threads = Annotated[int, typer.Option("--threads", help="CPU threads.", min=1)]
