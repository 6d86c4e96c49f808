"""From corpora to a bundle that the engine reads with: every stage, on a few generated items."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine import Engine
from engine.textbundle import TextBundle
from engine.utterance import Utterance
from tests.tiny_corpora import write_base, write_configs, write_corpora
from training.audio import read_clips
from training.corpora import MissingCorpus
from training.corpora.iemocap import LABELS
from training.experiments import distillation, leave_one_out
from training.iemocap import export as export_iemocap
from training.pools import ask_teachers, load_audio, load_video
from training.release import export, train_fusion, train_imbalance
from training.stages import (
    read_config,
    train_audio,
    train_iemocap,
    train_teachers,
    train_text,
    train_video,
    train_warm,
)
from training.trained import Corpora, Students
from training.video import judge_faces

STAGES = (train_warm, train_teachers, train_text, train_iemocap, train_audio, train_video, train_fusion)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle made by every stage in turn, and all that they left."""
    folder = tmp_path_factory.mktemp("made")
    data, runs = write_corpora(folder / "data"), folder / "runs"
    configs = write_configs(folder / "configs", write_base(folder / "base"))
    for stage in STAGES:
        stage(data, runs, configs)
    export(data, runs, folder / "bundle", configs, parts=("voice", "face"))
    return folder


def test_the_stages_make_a_bundle_that_the_engine_reads_with(made: Path) -> None:
    async def read() -> float:
        with Engine.load(made / "bundle", threads=None) as engine, engine.open() as dialogue:
            audio = np.sin(np.arange(8_000, dtype=np.float32) / 20)
            faces = np.zeros((2, 48, 48), dtype=np.uint8)
            reading = await dialogue.observe(Utterance("ann", "great, great!", audio, faces))
            return sum(reading.probabilities.values())

    assert asyncio.run(read()) == pytest.approx(1.0)


def test_the_bundle_carries_its_figures_with_n_and_the_card_shows_them(made: Path) -> None:
    manifest = json.loads((made / "bundle" / "bundle.json").read_text())
    card = (made / "bundle" / "MODEL_CARD.md").read_text()
    scores = manifest["scores"]
    assert scores["text"]["n"] == 28
    assert scores["composed"]["subsets"]["audio+video"]["n"] == 28
    assert scores["composed"]["lying"].keys() == {"audio", "video"}
    assert f"{100 * scores['text']['weighted_f1']:.1f}" in card
    assert f"{100 * scores['face']['ferplus']['accuracy']:.1f}" in card
    assert "composed" in card
    assert "$" not in card


def test_the_encoder_begins_where_the_warm_stage_left_it(made: Path) -> None:
    warm = load_file(made / "runs" / "warm" / "student.safetensors")
    name = "encoder.embeddings.word_embeddings.weight"
    student = load_file(made / "runs" / "text" / "best.safetensors")[name]
    base = load_file(made / "base" / "model" / "model.safetensors")["embeddings.word_embeddings.weight"]
    apart = [float((student[: len(base)] - other[: len(base)]).norm()) for other in (warm[name], base)]
    assert apart[0] < apart[1]


def test_what_the_students_say_is_divided_by_their_temperatures(made: Path) -> None:
    data, runs, configs = (made / name for name in ("data", "runs", "configs"))
    corpora = Corpora.read(data, runs)
    settled = Students.load(corpora, runs, configs)
    heard, shown = list(range(len(corpora.voices.clips))), corpora.shown.images
    raw = read_clips(load_audio(runs / "audio"), corpora.voices, heard).logits
    said = read_clips(settled.audio, corpora.voices, heard).logits
    torch.testing.assert_close(said, raw / settled.settled.audio)
    seen, before = judge_faces(settled.video, shown), judge_faces(load_video(runs / "video"), shown)
    torch.testing.assert_close(seen.votes, before.votes / settled.settled.video)
    torch.testing.assert_close(seen.original, before.original / settled.settled.original)


def test_teachers_answer_with_probabilities_for_every_turn(made: Path) -> None:
    corpora = Corpora.read(made / "data", made / "runs")
    said = ask_teachers(made / "runs", read_config("teachers", made / "configs"), corpora.train)
    assert said.shape == (42, 7)
    assert torch.allclose(said.sum(dim=1), torch.ones(42), atol=1e-5)


def test_faces_that_compose_dev_are_none_of_those_that_compose_training_dialogues(made: Path) -> None:
    corpora = Corpora.read(made / "data", made / "runs")
    shown, train, dev = (len(faces.images) for faces in (corpora.shown, corpora.fusion_faces, corpora.dev_faces))
    assert train + dev == shown
    assert abs(train - dev) <= 1


def test_the_six_label_student_is_a_bundle_of_text_with_a_card(made: Path) -> None:
    bundle = export_iemocap(made / "data", made / "runs", made / "six", made / "configs")
    assert bundle.labels == LABELS
    assert TextBundle.load(made / "six").text.config.labels == 6
    assert "$" not in (made / "six" / "MODEL_CARD.md").read_text()


def test_experiments_write_one_table_each(made: Path) -> None:
    for experiment in (leave_one_out, distillation, train_imbalance):
        experiment(made / "data", made / "runs", made / "configs")
    tables = {
        name: json.loads((made / "runs" / f"{name}.json").read_text())
        for name in ("left-out", "distillation", "imbalance")
    }
    assert tables["left-out"].keys() == {"uar_ravdess", "uar_ravdess by_head"}
    assert tables["distillation"].keys() == {
        f"{modality} both{end}" for modality in ("voice", "face") for end in ("", " spread")
    }
    assert {"nothing macro_f1", "adjusted weighted_f1 spread"} <= tables["imbalance"].keys()


def test_a_missing_corpus_is_named_with_what_belongs_there(tmp_path: Path) -> None:
    configs = write_configs(tmp_path / "configs", write_base(tmp_path / "base"))
    with pytest.raises(MissingCorpus, match=r"train_sent_emo\.csv is missing: the official csv of MELD"):
        train_text(tmp_path / "nothing", tmp_path / "runs", configs)


def test_a_stage_whose_input_was_not_trained_says_what_to_run(tmp_path: Path) -> None:
    data = write_corpora(tmp_path / "data")
    configs = write_configs(tmp_path / "configs", write_base(tmp_path / "base"))
    with pytest.raises(FileNotFoundError, match="run `undertone train warm` first"):
        train_teachers(data, tmp_path / "runs", configs)
    with pytest.raises(FileNotFoundError, match="run `undertone train text` first"):
        train_fusion(data, tmp_path / "runs", configs)
