"""In a call that is watched a face gets the voice that is heard while its lips move."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from engine import Engine
from streamer.audio import Samples
from streamer.facenames import FaceNames
from streamer.hub import Hub
from streamer.protocol import EmotionEvent, FacesEvent
from streamer.recognise import load_recogniser
from streamer.settings import Settings
from tests.films import PICTURES_PER_SECOND, face, lips
from tests.mixed import two_voices
from tests.servers import WAIT


def test_a_face_is_named_once_its_lips_moved_in_two_utterances_of_one_voice() -> None:
    names = FaceNames()
    names.said("u1", "tab:1", 7, 2.0)
    assert names.whose == {}
    names.said("u2", "tab:1", 7, 0.5)
    assert names.whose == {}, "too short a time"
    names.said("u3", "tab:1", 7, 1.0)
    assert names.whose == {7: "tab:1"}


@pytest.mark.parametrize(
    "other", [("tab:2", 7), ("tab:1", 8)], ids=["a face with two voices", "a voice with two faces"]
)
def test_who_has_several_has_none(other: tuple[str, int]) -> None:
    names = FaceNames()
    for number in range(3):
        names.said(f"a{number}", "tab:1", 7, 2.0)
        names.said(f"b{number}", *other, 2.0)
    assert names.whose == {}


def test_who_comes_back_with_another_id_keeps_the_voice() -> None:
    names = FaceNames()
    for number, id in enumerate((7, 7, 7, 9, 9, 9)):
        names.said(f"u{number}", "tab:1", id, 2.0)
    assert names.whose[9] == "tab:1"


def test_a_correction_of_the_voice_corrects_the_face() -> None:
    names = FaceNames()
    for number in range(2):
        names.said(f"u{number}", "tab:1", 7, 2.0)
    names.correct({"u0": "tab:2", "u1": "tab:2", "unheard": "tab:3"})
    assert names.whose == {7: "tab:2"}


def test_of_long_ago_nothing_is_remembered() -> None:
    names = FaceNames()
    for number in range(2):
        names.said(f"old{number}", "tab:1", 7, 2.0)
    for number in range(200):
        names.said(f"new{number}", "tab:2", 8, 2.0)
    assert names.whose == {8: "tab:2"}


async def test_the_faces_of_a_call_get_the_names_of_its_voices(engine: Engine) -> None:
    seconds = 21
    voices = two_voices(float(seconds))
    gaps = [lips(voice, seconds * PICTURES_PER_SECOND) for voice in voices]
    hub = Hub(engine, load_recogniser("none"), replace(Settings(), live=False))
    conversation = hub.conversation("call")
    tab = await conversation.join("tab", origin=0.0, mixed=True)
    events = conversation.subscribe(0)
    step = 16_000 // PICTURES_PER_SECOND
    mixed: Samples = voices.sum(axis=0, dtype=np.float32)
    async with asyncio.timeout(WAIT):
        for number, pair in enumerate(zip(*gaps, strict=True)):
            at = number / PICTURES_PER_SECOND
            tab.video(at, np.hstack([face(person, gap) for person, gap in enumerate(pair)]))
            tab.audio(at, mixed[number * step : (number + 1) * step])
            await tab.settled()
        await conversation.leave(tab)
    await hub.close()
    bodies = [event.body async for event in events]
    shown = [{box.x > 0.5: box.speaker for box in body.faces} for body in bodies if isinstance(body, FacesEvent)]
    heard = [body.voice for body in bodies if isinstance(body, EmotionEvent) and body.final]
    assert heard[:2] == ["tab:1", "tab:2"]
    assert shown[0] == {False: None, True: None}, "nobody is named before they have spoken"
    assert shown[-1] == {False: "tab:1", True: "tab:2"}
