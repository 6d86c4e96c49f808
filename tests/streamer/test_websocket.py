"""`/v1/stream` over real sockets: what is answered, what is refused and how, and that no session harms another."""

import contextlib
import struct
from collections.abc import AsyncIterator

import cv2
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from engine import Engine
from streamer.frame import FrameKind, pack_frame
from streamer.protocol import (
    Bye,
    EmotionEvent,
    Error,
    ErrorCode,
    FacesEvent,
    Flush,
    Hello,
    Mute,
    Participants,
    Ping,
    Pong,
    ServerBye,
    Speech,
    TranscriptEvent,
)
from streamer.settings import Settings
from tests.servers import Server, receive, remaining, serving, stream, until
from tests.voices import silence, speak

ANN = Hello(conversation="talk", participant="ann", consent=True)
BEN = Hello(conversation="talk", participant="ben", consent=True)
WATCHER = Hello(conversation="talk")
ROOMY = Settings(audio_queue_seconds=60.0)
QUIET = np.zeros(320, "<i2").tobytes()


@pytest.fixture
async def server(engine: Engine) -> AsyncIterator[Server]:
    async with serving(engine, ROOMY) as server:
        yield server


async def say(socket: ClientConnection, words: str, start: float = 0.0) -> None:
    """Sends the words and then a second of silence, as fast as it goes."""
    pcm = np.concatenate([silence(0.3), speak(words), silence(1.0)])
    for first in range(0, len(pcm), 3200):
        samples = (pcm[first : first + 3200] * 32767).astype("<i2")
        await socket.send(pack_frame(FrameKind.AUDIO, start + first / 16_000, samples.tobytes()))


async def is_alive(socket: ClientConnection) -> bool:
    """Whether the session still answers."""
    await socket.send(Ping(nonce=7).model_dump_json())
    return (await until(socket, Pong)).nonce == 7


def jpeg(width: int = 64, height: int = 48) -> bytes:
    return cv2.imencode(".jpg", np.full((height, width, 3), 128, np.uint8))[1].tobytes()


def enlarged(picture: bytes, width: int, height: int) -> bytes:
    """The same JPEG with another size in its header."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + struct.pack(">HH", height, width) + picture[at + 4 :]


# --- what is answered --------------------------------------------------------------------------------------------


async def test_speech_is_told_then_read_provisionally_and_then_finally(server: Server) -> None:
    async with stream(server, ANN) as socket:
        await say(socket, "I can not believe that we have won")
        assert (await until(socket, Participants)).present == ("ann",)
        assert (await until(socket, Speech)).state == "started"
        readings = [await until(socket, EmotionEvent)]
        while not readings[-1].final:
            readings.append(await until(socket, EmotionEvent))
        await socket.send(Bye().model_dump_json())
        assert [event.body for event in await remaining(socket)][-1] == ServerBye(reason="client")
    assert not readings[0].final
    assert [reading.revision for reading in readings] == list(range(1, len(readings) + 1))
    assert {reading.utterance for reading in readings} == {readings[0].utterance}
    assert readings[-1].latency_ms["total"] > 0
    assert socket.close_code == 1000


async def test_words_are_recognised(engine: Engine) -> None:
    async with serving(engine, ROOMY, "sphinx") as server, stream(server, ANN) as socket:
        await say(socket, "I can not believe that we have won")
        transcript = await until(socket, TranscriptEvent)
        while not transcript.final:
            transcript = await until(socket, TranscriptEvent)
    assert "believe" in transcript.text
    assert transcript.draft


async def test_pictures_are_answered_with_faces(server: Server) -> None:
    data = pytest.importorskip("skimage.data", reason="the portrait comes with scikit-image (extra 'sample')")
    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    async with stream(server, ANN) as socket:
        await socket.send(pack_frame(FrameKind.VIDEO, 0.0, cv2.imencode(".jpg", portrait)[1].tobytes()))
        face, *others = (await until(socket, FacesEvent)).faces
    assert not others
    assert 0.3 < face.x + face.width / 2 < 0.55, "the astronaut's face is left of the middle"
    assert 0.1 < face.y + face.height / 2 < 0.4, "and at the top"


async def test_muting_is_told_and_stops_the_analysis(server: Server) -> None:
    async with stream(server, ANN) as socket:
        await socket.send(Mute(muted=True).model_dump_json())
        while "ann" not in (await until(socket, Participants)).muted:
            pass
        await say(socket, "nobody listens to this")
        await socket.send(Bye().model_dump_json())
        assert not [event for event in await remaining(socket) if isinstance(event.body, Speech)]


async def test_flush_ends_the_utterance_under_way(server: Server) -> None:
    async with stream(server, ANN) as socket:
        pcm = (np.concatenate([silence(0.3), speak("I was about to say")]) * 32767).astype("<i2")
        await socket.send(pack_frame(FrameKind.AUDIO, 0.0, pcm.tobytes()))
        await socket.send(Flush().model_dump_json())
        while not (await until(socket, EmotionEvent)).final:
            pass


async def test_a_client_that_vanishes_is_answered_for_those_who_stay(server: Server) -> None:
    async with stream(server, WATCHER) as watcher:
        async with stream(server, ANN) as socket:
            pcm = (np.concatenate([silence(0.3), speak("I was about to say")]) * 32767).astype("<i2")
            await socket.send(pack_frame(FrameKind.AUDIO, 0.0, pcm.tobytes()))
            await until(watcher, Speech)
            socket.transport.abort()
        while not (await until(watcher, EmotionEvent)).final:
            pass
        assert (await until(watcher, Participants)).present == ()


async def test_one_who_joins_again_goes_on_counting_its_utterances(server: Server) -> None:
    names = []
    for _ in range(2):
        async with stream(server, ANN) as socket:
            await say(socket, "that is very sad")
            names.append((await until(socket, TranscriptEvent)).utterance)
            await socket.send(Bye().model_dump_json())
            await remaining(socket)
    assert names == ["ann-1", "ann-2"]


# --- expecting hello ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("{", ErrorCode.BAD_JSON),
        ('"hello"', ErrorCode.BAD_MESSAGE),
        ('{"type": "dance"}', ErrorCode.BAD_MESSAGE),
        ('{"type": "hello"}', ErrorCode.BAD_MESSAGE),
        ('{"type": "hello", "conversation": "a b"}', ErrorCode.BAD_MESSAGE),
        ('{"type": "hello", "conversation": "a", "colour": 1}', ErrorCode.BAD_MESSAGE),
        ('{"type": "hello", "conversation": "a", "version": 99}', ErrorCode.UNSUPPORTED_VERSION),
        ('{"type": "hello", "conversation": "a", "participant": "b", "origin": 1e300}', ErrorCode.BAD_MESSAGE),
        ('{"type": "mute", "muted": true}', ErrorCode.EXPECTED_HELLO),
        (pack_frame(FrameKind.AUDIO, 0.0, QUIET), ErrorCode.EXPECTED_HELLO),
        ('{"type": "hello", "conversation": "' + "a" * (1 << 19) + '"}', ErrorCode.TOO_LARGE),
    ],
)
async def test_a_wrong_beginning_is_named_and_closed(server: Server, first: str | bytes, code: ErrorCode) -> None:
    async with stream(server) as socket:
        await socket.send(first)
        error, bye = [event.body for event in await remaining(socket)]
    assert isinstance(error, Error)
    assert (error.code, error.fatal) == (code, True)
    assert bye == ServerBye(reason="error")
    assert socket.close_code == (1009 if code is ErrorCode.TOO_LARGE else 1008)
    assert server.hub.conversations == ()


async def test_a_client_that_never_says_hello_is_closed(engine: Engine) -> None:
    async with serving(engine, Settings(idle_seconds=0.2)) as server, stream(server) as socket:
        error, _ = [event.body for event in await remaining(socket)]
        assert isinstance(error, Error)
        assert error.code is ErrorCode.IDLE


async def test_a_participant_that_is_there_already_is_refused(server: Server) -> None:
    async with stream(server, ANN) as first:
        async with stream(server) as second:
            await second.send(ANN.model_dump_json())
            error = (await receive(second)).body
            assert isinstance(error, Error)
            assert (error.code, error.fatal) == (ErrorCode.PARTICIPANT_TAKEN, True)
        assert await is_alive(first)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (Settings(max_sessions=1), ErrorCode.SERVER_FULL),
        (Settings(max_conversations=1), ErrorCode.SERVER_FULL),
        (Settings(max_participants=1), ErrorCode.CONVERSATION_FULL),
    ],
)
async def test_what_is_full_says_so(engine: Engine, settings: Settings, code: ErrorCode) -> None:
    other = "other" if settings.max_conversations == 1 else "talk"
    async with serving(engine, settings) as server, stream(server, ANN), stream(server) as socket:
        await socket.send(BEN.model_copy(update={"conversation": other}).model_dump_json())
        error, _ = [event.body for event in await remaining(socket)]
        assert isinstance(error, Error)
        assert error.code is code
        assert socket.close_code == 1013


# --- open ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", ErrorCode.BAD_JSON),
        ("[" * 10_000, ErrorCode.BAD_JSON),
        ('{"type": "dance"}', ErrorCode.BAD_MESSAGE),
        ('{"type": "mute"}', ErrorCode.BAD_MESSAGE),
        (ANN.model_dump_json(), ErrorCode.UNEXPECTED_HELLO),
        (b"", ErrorCode.BAD_FRAME),
        (b"\x01\x00\x00", ErrorCode.BAD_FRAME),
        (b"\x09" + bytes(8) + b"payload", ErrorCode.BAD_FRAME),
        (b"\x01" + b"\xff" * 8 + QUIET, ErrorCode.BAD_FRAME),
        (pack_frame(FrameKind.AUDIO, 0.0, QUIET[:-1]), ErrorCode.BAD_MEDIA),
        (pack_frame(FrameKind.VIDEO, 0.0, b"GIF89a not a jpeg"), ErrorCode.BAD_MEDIA),
        (pack_frame(FrameKind.VIDEO, 0.0, jpeg()[:200]), ErrorCode.BAD_MEDIA),
        (pack_frame(FrameKind.VIDEO, 0.0, enlarged(jpeg(), 30_000, 30_000)), ErrorCode.TOO_LARGE),
        (pack_frame(FrameKind.VIDEO, 0.0, jpeg() + bytes(1 << 19)), ErrorCode.TOO_LARGE),
        ("x" * (1 << 19) + "x", ErrorCode.TOO_LARGE),
    ],
)
async def test_a_wrong_message_is_named_and_the_session_goes_on(
    server: Server, message: str | bytes, code: ErrorCode
) -> None:
    async with stream(server, ANN) as socket:
        await socket.send(message)
        error = await until(socket, Error)
        assert (error.code, error.fatal) == (code, False)
        assert await is_alive(socket)


async def test_sound_that_goes_back_in_time_is_named(server: Server) -> None:
    async with stream(server, ANN) as socket:
        await socket.send(pack_frame(FrameKind.AUDIO, 10.0, QUIET))
        await socket.send(pack_frame(FrameKind.AUDIO, 2.0, QUIET))
        assert (await until(socket, Error)).code is ErrorCode.TIME_WENT_BACK
        assert await is_alive(socket)


async def test_media_of_a_watcher_is_refused(server: Server) -> None:
    async with stream(server, WATCHER) as socket:
        await socket.send(pack_frame(FrameKind.AUDIO, 0.0, QUIET))
        assert (await until(socket, Error)).code is ErrorCode.NOT_SENDING


async def test_media_without_consent_is_refused_and_nobody_joins(server: Server) -> None:
    async with stream(server, ANN.model_copy(update={"consent": False})) as socket:
        await socket.send(pack_frame(FrameKind.AUDIO, 0.0, QUIET))
        assert (await until(socket, Error)).code is ErrorCode.CONSENT_REQUIRED
        conversation = server.hub.find("talk")
        assert conversation is not None
        assert conversation.participants == ()


async def test_sound_after_bye_is_named_and_the_utterance_still_answered(server: Server) -> None:
    async with stream(server, ANN) as socket:
        pcm = (np.concatenate([silence(0.3), speak("I was about to say")]) * 32767).astype("<i2")
        await socket.send(pack_frame(FrameKind.AUDIO, 0.0, pcm.tobytes()))
        await socket.send(Bye().model_dump_json())
        await socket.send(pack_frame(FrameKind.AUDIO, 5.0, QUIET))
        bodies = [event.body for event in await remaining(socket)]
    assert [body.code for body in bodies if isinstance(body, Error)] == [ErrorCode.NOT_SENDING]
    assert [body.final for body in bodies if isinstance(body, EmotionEvent)][-1]
    assert bodies[-1] == ServerBye(reason="client")


async def test_one_who_errs_too_often_is_closed_and_others_are_unharmed(server: Server) -> None:
    async with stream(server, BEN) as good, stream(server, ANN) as bad:
        for _ in range(server.hub.settings.media_errors + 1):
            await bad.send(b"nonsense")
        errors = [event.body for event in await remaining(bad) if isinstance(event.body, Error)]
        assert [error.fatal for error in errors] == [False] * server.hub.settings.media_errors + [True]
        assert bad.close_code == 1008
        await say(good, "I am still here")
        while not (await until(good, EmotionEvent)).final:
            pass


async def test_a_message_that_the_transport_refuses_closes_that_session_alone(server: Server) -> None:
    async with stream(server, BEN) as good, stream(server, ANN) as bad:
        with contextlib.suppress(ConnectionClosed):
            await bad.send(bytes(8 << 20))
        await bad.wait_closed()
        assert bad.close_code == 1009
        assert await is_alive(good)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(max_messages_per_second=10), pack_frame(FrameKind.AUDIO, 0.0, QUIET)),
        (Settings(max_bytes_per_second=1000), pack_frame(FrameKind.AUDIO, 0.0, QUIET)),
    ],
)
async def test_one_who_sends_too_fast_is_told(engine: Engine, settings: Settings, message: bytes) -> None:
    async with serving(engine, settings) as server, stream(server, ANN) as socket:
        for _ in range(30):
            await socket.send(message)
        assert (await until(socket, Error)).code is ErrorCode.TOO_FAST


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (Settings(idle_seconds=0.3), ErrorCode.IDLE),
        (Settings(max_session_seconds=0.3), ErrorCode.SESSION_TOO_LONG),
    ],
)
async def test_a_session_that_idles_or_lasts_too_long_is_closed(
    engine: Engine, settings: Settings, code: ErrorCode
) -> None:
    async with serving(engine, settings) as server, stream(server, ANN) as socket:
        error, bye = [event.body for event in await remaining(socket)][-2:]
        assert isinstance(error, Error)
        assert (error.code, error.fatal) == (code, True)
        assert bye == ServerBye(reason="error")
        assert socket.close_code == 1008


async def test_one_who_only_watches_may_be_silent(engine: Engine) -> None:
    settings = Settings(idle_seconds=0.2)
    async with (
        serving(engine, settings) as server,
        stream(server, WATCHER) as watcher,
        stream(server, ANN) as sender,
    ):
        await remaining(sender)
        assert await is_alive(watcher)
