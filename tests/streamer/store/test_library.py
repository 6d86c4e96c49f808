"""A running server keeps what is final, whatever happens to its library, and lets go of what is to be forgotten."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from engine import Engine
from streamer.conversation import Conversation
from streamer.hub import Hub
from streamer.log import Subscription
from streamer.protocol import Body, Lag, SpeakersEvent, Warning
from streamer.recognise import load_recogniser
from streamer.record import UtteranceRecord
from streamer.settings import Settings
from streamer.store.library import Library
from streamer.store.store import Store
from tests.conversations import emotion, transcript, utterance
from tests.servers import WAIT

ANN = utterance("ann", 0.5, 1.5, "Where have you been all day?", "anger")
BEN = utterance("ben", 2.0, 3.0, "I can't say", "sadness")
MANY = [utterance("ann", float(n), n + 0.5, f"line {n}", id=f"ann-{n}") for n in range(40)]


@asynccontextmanager
async def open_hub(engine: Engine, store: Store, settings: Settings | None = None) -> AsyncIterator[Hub]:
    """A hub that keeps its conversations; leaving it flushes. The engine is there, and has nothing to do."""
    settings = settings or Settings()
    hub = Hub(engine, load_recogniser("none"), settings, library=Library(store, settings.store_utterances))
    try:
        yield hub
    finally:
        await hub.close()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program holds the library."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def tell(conversation: Conversation, *utterances: UtteranceRecord) -> None:
    for one in utterances:
        conversation.publish(transcript(one))
        conversation.publish(emotion(one))


async def until_kept(store: Store, utterances: int, conversations: int = 1) -> str:
    """Waits until there are so many conversations, and so many utterances in the newest; its id."""
    async with asyncio.timeout(WAIT):
        while True:
            entries = await asyncio.to_thread(store.list)
            if len(entries) == conversations and entries[0].utterances == utterances:
                return entries[0].id
            await asyncio.sleep(0.01)


async def told(events: Subscription, kind: type[Body]) -> Body:
    async with asyncio.timeout(WAIT):
        async for one in events:
            if isinstance(one.body, kind):
                return one.body
    raise EOFError


@pytest.fixture
def kept(file: Path, library: Store) -> Iterator[Store]:
    """A second connection to the same library, which outlives the hub."""
    with closing(Store.open(str(file))) as store:
        yield store


async def test_finals_are_kept_with_their_words_and_nothing_else_is(
    engine: Engine, library: Store, kept: Store
) -> None:
    async with open_hub(engine, library) as hub:
        conversation = hub.conversation("daily", "Monday")
        conversation.publish(transcript(BEN, final=False))
        conversation.publish(emotion(BEN, final=False))
        conversation.publish(transcript(BEN))  # too short to be read: no emotion follows
        tell(conversation, ANN)
        conversation.publish(emotion(MANY[5], revision=2))
    (entry,) = kept.list()
    assert (entry.name, entry.title, entry.bundle, entry.recogniser) == ("daily", "Monday", "tiny", "none")
    first, second = kept.read(entry.id).utterances
    assert first == ANN
    assert (second.utterance, second.text, second.words) == ("ann-5", "", ())


async def test_an_utterance_that_turns_out_to_be_somebody_elses_is_kept_as_theirs(
    engine: Engine, library: Store, kept: Store
) -> None:
    async with open_hub(engine, library) as hub:
        conversation = hub.conversation("daily")
        tell(conversation, ANN)
        conversation.publish(SpeakersEvent(participant="ann", utterances={ANN.utterance: "ann:2"}))
        tell(conversation, BEN)
    (entry,) = kept.list()
    assert entry.speakers == ("ann:2", "ben")
    assert [one.speaker for one in kept.read(entry.id).utterances] == ["ann:2", "ben"]


async def test_a_conversation_in_which_nothing_was_said_is_not_kept(
    engine: Engine, library: Store, kept: Store
) -> None:
    async with open_hub(engine, library) as hub:
        hub.conversation("daily")
    assert kept.list() == ()


async def test_a_new_conversation_under_an_old_name_is_kept_apart(engine: Engine, library: Store, kept: Store) -> None:
    async with open_hub(engine, library, Settings(linger_seconds=0.01)) as hub:
        first = hub.conversation("daily")
        tell(first, ANN)
        await asyncio.sleep(0.02)  # Nobody is there: to keep a conversation is not to watch it.
        second = hub.conversation("daily")
        assert second is not first
        tell(second, BEN)
    assert [[one.text for one in kept.read(entry.id).utterances] for entry in kept.list()] == [[BEN.text], [ANN.text]]


async def test_a_reader_that_is_cut_off_goes_on_where_it_was(engine: Engine, library: Store, kept: Store) -> None:
    async with open_hub(engine, library, Settings(subscriber_events=4)) as hub:
        conversation = hub.conversation("daily")
        tell(conversation, *MANY[:20])
        await until_kept(kept, 20)
        tell(conversation, *MANY[20:])
    (entry,) = kept.list()
    assert kept.read(entry.id).utterances == tuple(MANY)


# --- a library that can't be written ---------------------------------------------------------------------------------


async def test_while_the_file_is_locked_the_conversation_is_warned_and_goes_on_and_nothing_is_lost(
    engine: Engine, file: Path, impatient: Store, kept: Store
) -> None:
    async with open_hub(engine, impatient) as hub:
        conversation = hub.conversation("daily")
        events = conversation.subscribe()
        with locked(file):
            tell(conversation, *MANY[:10])
            warning = await told(events, Warning)
            assert isinstance(warning, Warning)
            assert "close the other program that holds it" in warning.message
            tell(conversation, *MANY[10:])
        id = await until_kept(kept, 40)
    assert kept.read(id).utterances == tuple(MANY)


async def test_while_the_disk_is_full_the_conversation_is_warned_and_goes_on_and_nothing_is_lost(
    engine: Engine, library: Store, kept: Store
) -> None:
    room = [1]

    @event.listens_for(library._engine, "begin")
    def limit(connection: object) -> None:
        """The file may not grow past this many pages: SQLite answers as it does on a full disk."""
        connection.exec_driver_sql(f"PRAGMA max_page_count = {room[0]}")  # type: ignore[attr-defined]

    async with open_hub(engine, library) as hub:
        conversation = hub.conversation("daily")
        events = conversation.subscribe()
        tell(conversation, *MANY)
        warning = await told(events, Warning)
        assert isinstance(warning, Warning)
        assert "make room on its disk" in warning.message
        room[0] = 1 << 20
        id = await until_kept(kept, 40)
    assert kept.read(id).utterances == tuple(MANY)


async def test_utterances_past_the_bound_are_counted_and_told(engine: Engine, file: Path, impatient: Store) -> None:
    async with open_hub(engine, impatient, Settings(store_utterances=3)) as hub:
        conversation = hub.conversation("daily")
        events = conversation.subscribe()
        with locked(file):
            tell(conversation, *MANY[:4])
            assert await told(events, Lag) == Lag(seconds=0.0, dropped={"kept": 1})
    assert b'undertone_dropped_total{kind="kept"} 1.0' in hub.metrics.render()


async def test_a_library_that_stays_locked_holds_the_shutdown_up_for_the_drain_time_alone(
    engine: Engine, file: Path, impatient: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with locked(file):
        async with asyncio.timeout(WAIT), open_hub(engine, impatient, Settings(drain_seconds=0.2)) as hub:
            tell(hub.conversation("daily"), ANN, BEN)
    assert "2 utterances are not kept" in caplog.text


# --- forgetting ------------------------------------------------------------------------------------------------------


async def test_a_conversation_that_is_forgotten_is_deleted_and_no_more_of_it_is_kept(
    engine: Engine, library: Store, kept: Store
) -> None:
    async with open_hub(engine, library) as hub:
        tell(hub.conversation("other"), BEN)
        await until_kept(kept, 1)
        conversation = hub.conversation("daily")
        tell(conversation, ANN)
        await until_kept(kept, 1, conversations=2)
        await hub.forget("daily")
        await hub.forget("daily")
        await hub.forget("nonesuch")
        tell(conversation, *MANY)
    assert [entry.name for entry in kept.list()] == ["other"]


async def test_of_a_conversation_that_is_forgotten_before_it_is_written_nothing_is_kept(
    engine: Engine, file: Path, impatient: Store, kept: Store
) -> None:
    async with open_hub(engine, impatient) as hub:
        conversation = hub.conversation("daily")
        events = conversation.subscribe()
        with locked(file):
            tell(conversation, ANN, BEN)
            await told(events, Warning)
            await hub.forget("daily")
    assert kept.list() == ()


async def test_a_conversation_deleted_from_the_library_while_it_goes_on_stays_deleted(
    engine: Engine, library: Store, kept: Store
) -> None:
    async with open_hub(engine, library) as hub:
        conversation = hub.conversation("daily")
        tell(conversation, ANN)
        kept.delete(await until_kept(kept, 1))
        tell(conversation, BEN, *MANY)
    assert kept.list() == ()
