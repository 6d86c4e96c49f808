"""The TypeScript types of the page are those of the protocol."""

from pathlib import Path

import pytest

from streamer.protocol import CLIENT_MESSAGE
from streamer.schema import _type, typescript

PAGE_TYPES = Path(__file__).parents[2] / "web" / "src" / "protocol.generated.ts"


def test_the_committed_types_are_those_of_the_protocol() -> None:
    remedy = "run: python -m streamer.schema > web/src/protocol.generated.ts"
    assert PAGE_TYPES.read_text(encoding="utf-8") == typescript(), remedy


def test_every_client_message_is_in_the_union() -> None:
    line = next(line for line in typescript().splitlines() if line.startswith("export type ClientMessage"))
    for name in CLIENT_MESSAGE.json_schema()["$defs"]:
        assert name in line


def test_a_field_with_a_default_may_be_left_out_by_the_client_but_is_always_sent_by_the_server() -> None:
    text = typescript()
    assert "  consent?: boolean;" in text
    assert "  words: readonly Word[];" in text


def test_an_unknown_schema_is_an_error_not_any() -> None:
    with pytest.raises(ValueError, match="no TypeScript"):
        _type({"type": "tuple"})
