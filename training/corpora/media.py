"""Where an utterance's sound and pictures lie; nothing here is decoded."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Media:
    """One utterance's files, None where there is none; both may be the same file.

    span: the utterance's start and end in seconds within `video`, where that file holds more; None for all of it.
    """

    sound: Path | None = None
    video: Path | None = None
    span: tuple[float, float] | None = None

    @property
    def there(self) -> bool:
        """Whether anything of the utterance can be heard or seen."""
        return self.sound is not None or self.video is not None
