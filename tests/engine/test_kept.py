"""What is kept of utterances rebuilds a dialogue's memory to the bit."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine import Engine, Utterance
from engine.kept import from_json, to_json
from tests.bundles import write_tiny_bundle


def _utterances() -> list[Utterance]:
    noise = np.random.default_rng(7)
    audio = noise.normal(0, 0.1, 8_000).astype(np.float32)
    faces = noise.integers(0, 256, (3, 48, 48), dtype=np.uint8)
    return [
        Utterance("ann", text="they gave me the job"),
        Utterance("ben", audio=audio),
        Utterance("ann", text="are you there", audio=audio, faces=faces),
        Utterance("carol", faces=faces),
        Utterance("ben", text="I can not believe it", audio=audio),
    ]


@pytest.mark.parametrize("answered", [1, 2, 4])
async def test_a_dialogue_that_is_recalled_reads_on_as_if_nothing_had_happened(answered: int, tmp_path: Path) -> None:
    with Engine.load(str(write_tiny_bundle(tmp_path / "tiny"))) as engine:
        whole, recalled = engine.open(), engine.open()
        kept: list[str] = []
        expected = []
        for utterance in _utterances():
            encoded = await whole.encode(utterance)
            kept.append(json.dumps(to_json(encoded)))
            expected.append(await whole.observe(encoded))
        for line in kept[:answered]:
            await recalled.recall(from_json(json.loads(line)))
        for utterance, reading in zip(_utterances()[answered:], expected[answered:], strict=True):
            assert await recalled.observe(utterance) == reading
