"""From corpora to a bundle that the engine reads with: every stage, on a few generated items."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.utterance import Utterance
from tests.tiny_corpora import write_base, write_configs, write_corpora
from training.corpora import MissingCorpus
from training.release import export, train_fusion
from training.stages import train_audio, train_folds, train_text, train_video


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle made by every stage in turn."""
    folder = tmp_path_factory.mktemp("made")
    data, runs = write_corpora(folder / "data"), folder / "runs"
    configs = write_configs(folder / "configs", write_base(folder / "base"))
    for stage in (train_text, train_folds, train_audio, train_video, train_fusion):
        stage(data, runs, configs)
    export(data, runs, folder / "bundle", configs)
    return folder / "bundle"


def test_the_stages_make_a_bundle_that_the_engine_reads_with(made: Path) -> None:
    async def read() -> float:
        with Engine.load(made, threads=None) as engine, engine.open() as dialogue:
            audio = np.sin(np.arange(8_000, dtype=np.float32) / 20)
            faces = np.zeros((2, 48, 48), dtype=np.uint8)
            reading = await dialogue.observe(Utterance("ann", "great, great!", audio, faces))
            return sum(reading.probabilities.values())

    assert asyncio.run(read()) == pytest.approx(1.0)


def test_the_bundle_carries_its_figures_with_n_and_the_card_shows_them(made: Path) -> None:
    manifest = json.loads((made / "bundle.json").read_text())
    card = (made / "MODEL_CARD.md").read_text()
    assert manifest["scores"]["text"]["n"] == 28
    assert manifest["scores"]["composed"]["audio+video"]["n"] == 28
    assert f"{100 * manifest['scores']['text']['weighted_f1']:.1f}" in card
    assert "composed" in card
    assert "$" not in card


def test_a_missing_corpus_is_named_with_what_belongs_there(tmp_path: Path) -> None:
    configs = write_configs(tmp_path / "configs", write_base(tmp_path / "base"))
    with pytest.raises(MissingCorpus, match=r"train_sent_emo\.csv is missing: the official csv of MELD"):
        train_text(tmp_path / "nothing", tmp_path / "runs", configs)


def test_a_stage_whose_input_was_not_trained_says_what_to_run(tmp_path: Path) -> None:
    data = write_corpora(tmp_path / "data")
    configs = write_configs(tmp_path / "configs", write_base(tmp_path / "base"))
    with pytest.raises(FileNotFoundError, match="run `undertone train text` first"):
        train_fusion(data, tmp_path / "runs", configs)
