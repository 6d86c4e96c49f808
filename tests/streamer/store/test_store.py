"""What is kept can be listed, read, searched, renamed and deleted, on SQLite and on PostgreSQL."""

from functools import partial

import pytest

from streamer.protocol import AttendedUtterance
from streamer.store.errors import NotKept
from streamer.store.store import Store, is_id
from tests.conversations import conversation, utterance

ANN = utterance("ann", 0.5, 1.5, "Where have you been all day?", "anger")
BEN = utterance("ben", 2.0, 3.0, "I can't say, I'm naïve", "sadness", unsure=True, marks=("overlap", "far")).model_copy(
    update={"attended": (AttendedUtterance(utterance=ANN.utterance, weight=0.4),)}
)
HOSTILE = [
    "'; DROP TABLE conversation; --",
    "100 % _ off \\",
    "<script>alert(1)</script>",
    "[red]markup[/] {braces}",
    "日本語のタイトル",
    "👩‍👩‍👧 family",
    "x" * 200,
]


def test_what_is_kept_is_read_as_it_was(store: Store) -> None:
    kept = conversation(ANN, BEN)
    id = store.begin(kept)
    assert is_id(id)
    assert store.read(id) == kept.model_copy(update={"id": id})


def test_utterances_are_read_in_order_however_they_came_and_speakers_as_they_appeared(store: Store) -> None:
    id = store.begin(conversation(BEN))
    assert store.add(id, utterance("cy", 9.0, 12.5))
    assert store.add(id, ANN)
    assert [one.speaker for one in store.read(id).utterances] == ["ann", "ben", "cy"]
    entry = store.entry(id)
    assert (entry.speakers, entry.utterances, entry.duration) == (("ben", "cy", "ann"), 3, 12.5)


def test_an_utterance_added_again_is_kept_once(store: Store) -> None:
    id = store.begin(conversation(ANN))
    assert store.add(id, BEN)
    assert store.add(id, BEN)
    assert store.read(id).utterances == (ANN, BEN)


def test_an_utterance_that_was_somebody_elses_is_theirs_and_who_has_none_left_is_gone(store: Store) -> None:
    id, other = store.begin(conversation(ANN, BEN)), store.begin(conversation(ANN, BEN))
    store.give(id, {BEN.utterance: "cy", "never kept": "ann"})
    assert [(one.utterance, one.speaker) for one in store.read(id).utterances] == [
        (ANN.utterance, "ann"),
        (BEN.utterance, "cy"),
    ]
    assert (store.entry(id).speakers, store.entry(other).speakers) == (("ann", "cy"), ("ann", "ben"))
    store.delete(id)
    store.give(id, {ANN.utterance: "cy"})
    assert [entry.id for entry in store.list()] == [other]


def test_conversations_of_one_name_are_kept_apart(store: Store) -> None:
    first, second = store.begin(conversation(ANN)), store.begin(conversation(BEN))
    assert first != second
    assert store.read(first).utterances == (ANN,)
    assert {entry.name for entry in store.list()} == {"daily"}


def test_the_list_begins_with_the_newest_and_goes_on_from_any_time(store: Store) -> None:
    ids = [store.begin(conversation(ANN).model_copy(update={"began": began})) for began in (10.0, 30.0, 20.0)]
    assert [entry.id for entry in store.list()] == [ids[1], ids[2], ids[0]]
    assert [entry.id for entry in store.list(limit=1)] == [ids[1]]
    assert [entry.id for entry in store.list(before=30.0)] == [ids[2], ids[0]]


# --- search ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["where have", "DAY all", "wher be", "WHERE, (day)?"])
def test_search_finds_the_utterances_that_have_all_words_or_their_beginnings(store: Store, words: str) -> None:
    id = store.begin(conversation(ANN, BEN))
    store.begin(conversation(BEN))
    (entry,) = store.search(words)
    assert (entry.id, [found.text for found in entry.found]) == (id, [ANN.text])
    assert (entry.found[0].utterance, entry.found[0].speaker, entry.found[0].start) == (ANN.utterance, "ann", 0.5)


def test_search_finds_titles_too_and_nothing_that_is_not_there(store: Store) -> None:
    id = store.begin(conversation(ANN), "Budget 2026.mp4")
    assert [(entry.id, entry.found) for entry in store.search("budget 2026")] == [(id, ())]
    assert store.search("where were") == ()


@pytest.mark.parametrize(
    "words", ['"', "*", "NEAR(", "a AND", "text:", "' | q", "&&", "_", "%", "\\", "\0", "", "day' OR 1=1 --", "é́"]
)
def test_nothing_that_is_typed_is_a_query_language(store: Store, words: str) -> None:
    store.begin(conversation(ANN, BEN))
    assert store.search(words) == ()


def test_of_a_conversation_that_is_full_of_it_search_shows_the_first_twenty(store: Store) -> None:
    store.begin(conversation(*(utterance("ann", float(n), n + 0.5, f"yes {n}") for n in range(25))))
    (entry,) = store.search("yes")
    assert [found.text for found in entry.found] == [f"yes {n}" for n in range(20)]


# --- titles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", HOSTILE)
def test_any_title_is_kept_as_it_is_and_harms_nothing(store: Store, title: str) -> None:
    other, id = store.begin(conversation(BEN)), store.begin(conversation(ANN))
    store.rename(id, title)
    assert store.entry(id).title == title
    assert store.entry(other).title == "daily"


def test_a_title_is_one_line_and_no_order_to_a_terminal(store: Store) -> None:
    id = store.begin(conversation(ANN), "\x1b[31mred\x00\n\ttext\u202e ")
    assert store.entry(id).title == "[31mred text"


@pytest.mark.parametrize("title", ["", " \n", "\u200d", "x" * 201])
def test_a_title_that_says_nothing_or_too_much_is_refused(store: Store, title: str) -> None:
    id = store.begin(conversation(ANN))
    with pytest.raises(ValueError, match="1 to 200"):
        store.rename(id, title)
    assert store.entry(id).title == "daily"


# --- deletion --------------------------------------------------------------------------------------------------------


def test_what_is_deleted_is_gone_and_what_is_not_stays(store: Store) -> None:
    gone, stays = store.begin(conversation(ANN)), store.begin(conversation(BEN))
    store.delete(gone)
    assert [entry.id for entry in store.list()] == [stays]
    assert store.search("where") == ()
    assert [entry.id for entry in store.search("naïve")] == [stays]
    assert not store.add(gone, BEN)
    assert store.read(stays).utterances == (BEN,)


def test_an_unknown_id_is_said_to_be_one(store: Store) -> None:
    for act in (store.read, store.entry, store.kept, store.delete, partial(store.rename, title="x")):
        with pytest.raises(NotKept, match="no conversation 'zzzzzz' is kept"):
            act("zzzzzz")
