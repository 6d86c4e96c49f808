"""One participant's pictures: faces out as they come, and the last ones kept, for what the speaker's face expressed."""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from time import perf_counter

import numpy as np
import numpy.typing as npt

from engine import Engine, EngineBusy, FaceReading
from streamer.faces import Face, FaceTracker, Seen
from streamer.log import Place
from streamer.mouths import talking
from streamer.protocol import Error, ErrorCode, FaceBox, FacesEvent
from streamer.settings import Settings
from streamer.turn import Crops, Stage

Picture = npt.NDArray[np.uint8]
_KEPT_SECONDS = 30
_LAST_SECONDS = 1.5
_TOGETHER = 8
_PATIENCE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Found:
    """The faces of one picture, of which some may be speaking, and whose they are thought to be, by id.

    place: where it is told, if that was kept free among the events.
    """

    at: float
    arrived: float
    faces: list[Face]
    speaking: set[int]
    whose: Mapping[int, str]
    place: Place | None


class Sight:
    """Looks at no more than `faces_per_second` pictures, and at fewer while the machine can't keep up.

    One waits while one is looked at: the newest wins, older ones are counted as dropped. What faces express is read at
    once; of a recording, for which nobody waits, for some pictures together, which takes half the time.
    """

    def __init__(
        self, participant: str, stage: Stage, engine: Engine, settings: Settings, names: Callable[[], Mapping[int, str]]
    ) -> None:
        """names: whose voices the faces are thought to have by now, by id."""
        self._participant = participant
        self._stage = stage
        self._engine = engine
        self._settings = settings
        self._tracker: FaceTracker | None = None
        self._seen: Seen | None = None
        self._waiting: tuple[float, Picture, float] | None = None
        self._due = 0.0
        self._blind = False
        self._looking: asyncio.Future[list[Face]] | None = None
        self._unread: list[_Found] = []
        self._reading = asyncio.Lock()
        self._looked: deque[tuple[float, list[Face]]] = deque(
            maxlen=math.ceil(_KEPT_SECONDS * settings.faces_per_second)
        )
        self._people: set[str] = set()
        self._whose: Mapping[int, str] = {}
        self._names = names
        self._voiced: set[str] = set()
        self._came = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def wants(self, at: float) -> bool:
        """Whether a picture of this media time of the conversation would be looked at."""
        return at >= self._due and not self._blind

    def see(self, at: float, image: Picture) -> None:
        """A picture, uint8 RGB [H, W, 3], at a media time of the conversation."""
        if not self.wants(at):
            return
        rate = self._settings.faces_per_second * self._stage.load.effort.pictures
        self._due = (math.floor(at * rate + 1e-6) + 1) / rate
        if self._waiting is not None:
            self._stage.metrics.dropped("video")
        self._waiting = (at, image, perf_counter())
        self._idle.clear()
        self._came.set()

    async def idle(self) -> None:
        """Waits until every picture has been looked at."""
        await self._idle.wait()

    async def flush(self) -> None:
        """Tells of the pictures of a recording that wait for others; live, none does."""
        if not self._settings.live:
            await self.idle()
            await self._read()

    def share(self, participant: str) -> None:
        """One who is in these pictures."""
        self._people.add(participant)

    def bind(self, whose: Mapping[int, str]) -> None:
        """Faces, by id, and whose they are. Called before the first picture."""
        self._whose = whose

    def voice(self, participant: str, *, heard: bool) -> None:
        """Whether the sound of one who is in these pictures is speech now, so that one of the faces may be speaking."""
        (self._voiced.add if heard else self._voiced.discard)(participant)

    def crops(self, participant: str, start: float, end: float) -> Crops | None:
        """uint8 [k, 48, 48] of a speaker's face between two media times, evenly chosen; None where it was not seen.

        It is the one that is bound to them, else of those that are nobody's the one that moves the mouth most. Where
        none does, it is the largest, unless several people share these pictures: then it is not guessed.
        """
        pictures = self._between(start, end)
        seen = [face.crop for faces in pictures for face in faces if self._whose.get(face.id) == participant]
        if not seen:
            free = [[face for face in faces if face.id not in self._whose] for faces in pictures]
            speaker = talking(free)
            seen = [face.crop for faces in free for face in faces if face.id == speaker]
            if not seen and len(self._people) == 1:
                seen = [faces[0].crop for faces in free if faces]
        if not seen:
            return None
        chosen = np.linspace(0, len(seen) - 1, min(len(seen), self._settings.faces_per_utterance)).round().astype(int)
        crops: Crops = np.stack([seen[index] for index in chosen])
        return crops

    def talker(self, start: float, end: float) -> int | None:
        """The id of the face that moves its lips most between two media times; None where none does."""
        return talking(self._between(start, end))

    def recall(self, seen: Seen) -> None:
        """Goes on from faces that were seen before. Called before the first picture."""
        self._seen = seen

    async def watch(self) -> None:
        """Looks at pictures as they come, until cancelled."""
        try:
            while True:
                await self._wait()
                self._came.clear()
                if self._waiting is not None:
                    (at, image, arrived), self._waiting = self._waiting, None
                    began = perf_counter()
                    await self._look(at, image, arrived)
                    self._stage.load.took(perf_counter() - began)
                if self._waiting is None:
                    self._idle.set()
        except Exception:
            message = f"the pictures of '{self._participant}' are no longer looked at; leave and join again"
            self._stage.log.publish(Error(code=ErrorCode.INTERNAL, message=message, fatal=False))
            raise
        finally:
            self._blind = True
            self._idle.set()
            _forgo(self._unread)
            self._unread.clear()
            if self._looking is not None:
                await asyncio.wait([self._looking])  # Its thread goes on when this task is cancelled.
            if self._tracker is not None:
                self._tracker.close()

    async def _look(self, at: float, image: Picture, arrived: float) -> None:
        loop = asyncio.get_running_loop()
        self._looking = loop.run_in_executor(self._stage.workers.sight, self._track, at, image)
        faces = await asyncio.shield(self._looking)
        if faces:
            self._looked.append((at, faces))
        whose = {**self._names(), **self._whose}
        place = None if self._settings.live else self._stage.log.hold()
        self._unread.append(_Found(at, arrived, faces, self._speaking(at, faces), whose, place))
        if self._settings.live or max(len(self._unread), self._faces_unread) >= _TOGETHER:
            await self._read()

    async def _wait(self) -> None:
        """For the next picture. While none comes, those that are to be read together do not wait for it."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS if self._unread else None):
                await self._came.wait()
        except TimeoutError:
            await self._read()

    async def _read(self) -> None:
        """Reads the faces of all pictures that were looked at, and tells of each picture."""
        async with self._reading:
            pictures, self._unread = self._unread, []
            crops = [face.crop for picture in pictures for face in picture.faces]
            try:
                readings = iter(await self._engine.faces(np.stack(crops)) if crops else [])
                for picture in pictures:
                    self._tell(picture, [next(readings) for _ in picture.faces])
            except EngineBusy:
                self._stage.metrics.dropped("faces")
            finally:
                _forgo(pictures)

    @property
    def _faces_unread(self) -> int:
        return sum(len(picture.faces) for picture in self._unread)

    def _tell(self, picture: _Found, readings: list[FaceReading]) -> None:
        boxes = tuple(
            _box(face, reading, picture.whose.get(face.id), speaking=face.id in picture.speaking)
            for face, reading in zip(picture.faces, readings, strict=True)
        )
        latency = 1e3 * (perf_counter() - picture.arrived)
        self._stage.metrics.faces(latency)
        publish = picture.place.publish if picture.place else self._stage.log.publish
        publish(
            FacesEvent(
                participant=self._participant, at=round(picture.at, 3), faces=boxes, latency_ms=round(latency, 1)
            )
        )

    def _between(self, start: float, end: float) -> list[list[Face]]:
        return [faces for at, faces in self._looked if start <= at < end]

    def _speaking(self, at: float, faces: list[Face]) -> set[int]:
        """Ids of the faces of those who are heard; where none is known to be theirs, of the one that moves its lips."""
        if not self._voiced:
            return set()
        if known := {face.id for face in faces if self._whose.get(face.id) in self._voiced}:
            return known
        lately = takewhile(lambda looked: looked[0] > at - _LAST_SECONDS, reversed(self._looked))
        lips = talking([face for face in faces if face.id not in self._whose] for _, faces in lately)
        return {lips} if lips is not None else set()

    def _track(self, at: float, image: Picture) -> list[Face]:
        if self._tracker is None:
            self._tracker = FaceTracker(self._settings.max_faces, self._seen)
        return self._tracker.track(image, at)


def _forgo(pictures: Iterable[_Found]) -> None:
    """Nothing more is told of these."""
    for picture in pictures:
        if picture.place is not None:
            picture.place.close()


def _box(face: Face, reading: FaceReading, speaker: str | None, *, speaking: bool) -> FaceBox:
    return FaceBox(
        id=face.id,
        x=face.x,
        y=face.y,
        width=face.width,
        height=face.height,
        label=reading.label,
        unsure=reading.unsure,
        confidence=reading.confidence,
        speaking=speaking,
        speaker=speaker,
    )
