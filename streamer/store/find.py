"""What a person means by the name of a conversation: a file of its events, or its id in the library."""

from contextlib import closing
from pathlib import Path

from streamer.record import ConversationRecord, read_jsonl
from streamer.store.errors import StoreError
from streamer.store.store import Store, is_id


def find_record(name: str, place: str) -> ConversationRecord:
    """The record of a file of events if there is one of this name, else of what the library has under this id.

    Raises streamer.record.RecordError, StoreError, OSError.
    """
    if Path(name).exists():
        return read_jsonl(name)
    if not is_id(name):
        raise StoreError(f"there is no file '{name}', nor is that the id of a conversation that is kept")
    with closing(Store.open(place)) as store:
        return store.read(name)
