"""The sample conversation: its script, its sound and its transcript."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
SAMPLE: Final = FOLDER / "conversation.opus"
TRANSCRIPT: Final = FOLDER / "conversation.vtt"
