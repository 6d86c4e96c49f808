"""Forgetting a conversation: its events, its dialogue's memory and what the library has of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from engine import Engine
from streamer.conversation import Conversation
from streamer.hub import Hub
from streamer.participant import Participant
from streamer.protocol import Body, EmotionEvent, Forgotten, Hello, Participants, ServerHello, Speech
from streamer.recognise import load_recogniser
from streamer.settings import Settings
from streamer.store.library import Library
from streamer.store.store import Store
from tests.servers import WAIT, receive, serving, stream, until
from tests.voices import silence, speak

WATCHER = Hello(conversation="talk")


@pytest.fixture
async def hub(engine: Engine) -> AsyncIterator[Hub]:
    hub = Hub(engine, load_recogniser("none"), Settings(audio_queue_seconds=600.0, drain_seconds=20.0))
    yield hub
    await hub.close()


async def say(participant: Participant, words: str, start: float, *, tail: float = 1.0) -> None:
    participant.audio(start, np.concatenate([silence(0.5), speak(words), silence(tail)]))
    await participant.settled()


async def kept_events(conversation: Conversation) -> list[Body]:
    """What one who resumes from the beginning gets."""
    subscription = conversation.subscribe(0)
    subscription.close()
    return [event.body async for event in subscription]


def finals(bodies: list[Body]) -> list[EmotionEvent]:
    return [body for body in bodies if isinstance(body, EmotionEvent) and body.final]


async def test_whoever_resumes_gets_nothing_from_before_and_is_told_to_forget_too(hub: Hub) -> None:
    conversation = hub.conversation("talk")
    ada = await conversation.join("ada")
    await say(ada, "nobody may know this", 0.0)
    await hub.forget("talk")
    bodies = await kept_events(conversation)
    assert bodies == [Forgotten(), Participants(present=("ada",), muted=())]


async def test_what_was_being_said_is_forgotten_too_and_the_conversation_goes_on(hub: Hub) -> None:
    conversation = hub.conversation("talk")
    ada = await conversation.join("ada")
    await say(ada, "I have not finished this", 0.0, tail=0.0)
    await hub.forget("talk")
    await say(ada, "here I am again", 10.0)
    await conversation.leave(ada)
    bodies = await kept_events(conversation)
    assert isinstance(bodies[0], Forgotten)
    started = [body.at for body in bodies if isinstance(body, Speech) and body.state == "started"]
    assert [reading.start >= 10.0 for reading in finals(bodies)] == [True]
    assert len(started) == 1


async def test_what_was_said_before_has_no_part_in_what_is_read_after(hub: Hub) -> None:
    async def read(name: str, *, first: str | None, forget: bool) -> EmotionEvent:
        conversation = hub.conversation(name)
        ada = await conversation.join("ada")
        if first:
            await say(ada, first, 0.0)
            await ada.flush()
        if forget:
            await hub.forget(name)
        await say(ada, "that is very sad", 20.0)
        await conversation.leave(ada)
        return finals(await kept_events(conversation))[-1]

    alone = await read("alone", first=None, forget=False)
    after = await read("after", first="we have won", forget=False)
    forgotten = await read("forgotten", first="we have won", forget=True)
    assert forgotten.probabilities == alone.probabilities
    assert after.probabilities != alone.probabilities


async def test_over_http_the_library_is_emptied_and_everyone_is_told(engine: Engine, tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "library.db"))
    async with serving(engine, library=Library(store, 100)) as server:
        hello = Hello(conversation="talk", participant="ann", consent=True)
        async with stream(server, hello) as ann, httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client:
            participant = server.hub.conversation("talk")._participants["ann"]
            await say(participant, "nobody may know this", 0.0)
            while not (await until(ann, EmotionEvent)).final:
                pass
            assert (await client.delete("/v1/conversations/talk")).status_code == 204
            await until(ann, Forgotten)
            assert (await client.get("/v1/library")).json()["conversations"] == []
            async with stream(server) as watcher:
                await watcher.send(WATCHER.model_dump_json())
                told = (await receive(watcher)).body
                assert isinstance(told, ServerHello)
                assert not told.kept


async def test_hello_says_that_what_is_said_is_kept(engine: Engine, tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "library.db"))
    async with serving(engine, library=Library(store, 100)) as server, stream(server) as watcher:
        await watcher.send(WATCHER.model_dump_json())
        told = (await receive(watcher)).body
        assert isinstance(told, ServerHello)
        assert told.kept


async def test_one_that_is_not_open_or_asked_for_by_a_foreign_page_is_refused(engine: Engine) -> None:
    async with serving(engine) as server, httpx.AsyncClient(base_url=server.url, timeout=WAIT) as client:
        gone = await client.delete("/v1/conversations/talk")
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
        async with stream(server, WATCHER):
            foreign = await client.delete("/v1/conversations/talk", headers={"Origin": "http://evil.example"})
            assert foreign.status_code == 403
