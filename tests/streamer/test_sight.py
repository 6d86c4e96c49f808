"""A participant's pictures: what is seen in them, how often, and beside which voice."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import numpy.typing as npt
import pytest

from engine import Engine, FaceReading
from engine.utterance import SAMPLE_RATE
from streamer.audio import FRAME
from streamer.hub import Hub
from streamer.protocol import Error, ErrorCode, FacesEvent, Speech
from streamer.recognise import load_recogniser
from streamer.settings import Settings
from tests.conversations import finals, told
from tests.portraits import gallery, portrait
from tests.voices import silence, speak


@pytest.fixture
async def hub(engine: Engine) -> AsyncIterator[Hub]:
    hub = Hub(engine, load_recogniser("none"), Settings(audio_queue_seconds=600.0, behind_seconds=600.0))
    yield hub
    await hub.close()


async def test_pictures_give_faces_at_the_bounded_rate_and_join_the_reading(hub: Hub) -> None:
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed (extra 'sample')")
    face = np.ascontiguousarray(data.astronaut()[:300, 50:400])
    conversation = hub.conversation("c")
    events = conversation.subscribe()
    ada = await conversation.join("ada", origin=0.0)
    pcm = np.concatenate([silence(0.5), speak("we have won"), silence(1.0)])
    for at in range(0, len(pcm), FRAME):
        ada.audio(at / 16_000, pcm[at : at + FRAME])
        ada.video(at / 16_000, face)
        await ada.settled()
    await conversation.leave(ada)
    bodies = await told(events)
    seen = [body for body in bodies if isinstance(body, FacesEvent)]
    assert len(seen) == pytest.approx(len(pcm) / 1600, abs=2)
    assert all(len(body.faces) == 1 for body in seen)
    (final,) = finals(bodies)
    assert set(final.modalities) == {"audio", "video"}


async def test_faces_of_a_recording_are_read_together_and_told_where_live_ones_are(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    async def counting(crops: npt.NDArray[np.uint8]) -> list[FaceReading]:
        read.append(len(crops))
        return await Engine.faces(engine, crops)

    monkeypatch.setattr(engine, "faces", counting)
    monkeypatch.setattr("streamer.sight._PATIENCE_SECONDS", 60.0)
    live = await _shown(engine, Settings(live=True))
    assert read == [1] * sum(isinstance(body, FacesEvent) for body in live)
    read.clear()
    recorded = await _shown(engine, Settings(live=False))
    assert read == [8, 8, len(recorded) - 2 - 16]
    assert [(body.type, body.at) for body in recorded] == [(body.type, body.at) for body in live]


async def _shown(engine: Engine, settings: Settings) -> list[FacesEvent | Speech]:
    """What is told of one who is seen for two seconds, and speaks in between."""
    hub = Hub(engine, load_recogniser("none"), settings)
    conversation = hub.conversation("c")
    events = conversation.subscribe()
    ada = await conversation.join("ada", origin=0.0)
    pcm = np.concatenate([silence(0.5), speak("we have won"), silence(1.0)])[: 2 * SAMPLE_RATE]
    face = portrait(0)
    for at in range(0, len(pcm), 5 * FRAME):
        ada.audio(at / SAMPLE_RATE, pcm[at : at + 5 * FRAME])
        ada.video(at / SAMPLE_RATE, face)
        await ada.settled()
    await conversation.leave(ada)
    bodies = await told(events)
    await hub.close()
    return [body for body in bodies if isinstance(body, FacesEvent | Speech)]


async def test_a_recording_whose_pictures_end_early_goes_on_being_told(engine: Engine) -> None:
    hub = Hub(engine, load_recogniser("none"), Settings(live=False))
    conversation = hub.conversation("c")
    events = conversation.subscribe()
    ada = await conversation.join("ada", origin=0.0)
    ada.video(0.0, portrait(0))
    await ada.settled()
    first = asyncio.ensure_future(anext(body async for event in events if isinstance(body := event.body, FacesEvent)))
    assert len((await asyncio.wait_for(first, 20)).faces) == 1
    await conversation.leave(ada)
    await hub.close()


async def test_while_there_is_voice_the_face_that_moves_its_lips_is_the_one_that_speaks(hub: Hub) -> None:
    pictures = [gallery([portrait(3), portrait(gap)], 960, 720, 0.7) for gap in (0, 7, 14, 7)]
    conversation = hub.conversation("c")
    events = conversation.subscribe()
    call = await conversation.join("call", origin=0.0)
    pcm = np.concatenate([silence(1.0), speak("we have won the whole thing after all these years"), silence(1.0)])
    for number, at in enumerate(range(0, len(pcm), 5 * FRAME)):
        call.audio(at / 16_000, pcm[at : at + 5 * FRAME])
        call.video(at / 16_000, pictures[number % 4])
        await call.settled()
    await conversation.leave(call)
    bodies = await told(events)
    speech = [body.at for body in bodies if isinstance(body, Speech)]
    seen = [body for body in bodies if isinstance(body, FacesEvent)]
    marked = [(body.at, face.x) for body in seen for face in body.faces if face.speaking]
    assert marked
    assert all(speech[0] <= at <= speech[-1] + 0.5 and x > 1 / 3 for at, x in marked)


async def test_leaving_while_a_picture_is_looked_at_fails_nothing(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    conversation = hub.conversation("c")
    for number in range(5):
        ada = await conversation.join(f"ada-{number}")
        ada.video(0.0, np.zeros((480, 640, 3), np.uint8))
        await asyncio.sleep(0)
        await conversation.leave(ada)
    await hub.close()
    assert caplog.records == []


async def test_pictures_that_cannot_be_looked_at_end_the_looking_and_say_so(hub: Hub) -> None:
    conversation = hub.conversation("c")
    events = conversation.subscribe()
    ada = await conversation.join("ada", origin=0.0)
    ada.video(0.0, np.zeros((0, 0, 3), np.uint8))
    await ada.settled()
    ada.video(1.0, np.zeros((480, 640, 3), np.uint8))
    await ada.settled()
    bodies = await told(events)
    assert [body.code for body in bodies if isinstance(body, Error)] == [ErrorCode.INTERNAL]
    assert not any(isinstance(body, FacesEvent) for body in bodies)
