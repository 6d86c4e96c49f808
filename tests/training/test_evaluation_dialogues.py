"""Dialogues: the text student alone, the fusion with every set of modalities, and the same through the live engine."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.bundle import Bundle
from engine.labels import EMOTIONS, MODALITIES
from engine.prompt import Turn
from engine.textbundle import TextBundle
from tests.bundles import write_tiny_text_bundle
from tests.tiny_media import write_film, write_meld_clips
from tests.utterances import WORDS
from training.corpora.dialogue import Dialogue
from training.corpora.media import Media
from training.corpora.meld import read_meld, read_meld_csv
from training.evaluation import turns as turns_module
from training.evaluation.causal import causal_pass
from training.evaluation.dialogues import score_meld, score_text
from training.evaluation.mesh import FaceFinder
from training.evaluation.question import Question, prepare
from training.evaluation.recordings import Recording
from training.evaluation.scores import CannotScore, Scores
from training.evaluation.turns import read_turns, without_punctuation
from training.metrics import weighted_f1
from training.text import make_rows, read_rows

EXACT = 1e-5


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return Bundle.load(tiny_bundle)


def random_dialogues(seed: int, count: int = 5, *, blank: float = 0.0) -> list[Dialogue]:
    """Of 1 to 12 turns by up to four speakers, longer than the tiny bundle's window and prompt."""
    rng = random.Random(seed)  # noqa: S311
    dialogues = []
    for index in range(count):
        length = rng.randint(1, 12)
        said = [
            "" if rng.random() < blank else " ".join(rng.choices(WORDS, k=rng.randint(1, 6))) for _ in range(length)
        ]
        turns = tuple(Turn(rng.randint(1, 4), text) for text in said)
        dialogues.append(Dialogue(f"d{index}", turns, tuple(rng.randrange(7) for _ in turns)))
    return dialogues


def noisy_recordings(monkeypatch: pytest.MonkeyPatch, dialogues: list[Dialogue], seed: int) -> list[list[Media]]:
    """Files whose content is noise, made where it would be decoded: some turns have sound, some faces, some neither."""
    files = [[Media(Path(f"{d.name}-{i}")) for i in range(len(d.turns))] for d in dialogues]

    def decode(media: Media, _finder: FaceFinder) -> Recording:
        noise = np.random.default_rng([seed, *str(media.sound).encode()])
        sound = noise.normal(0, 0.1, noise.integers(5_000, 9_000)).astype(np.float32)
        faces = noise.integers(0, 256, (noise.integers(1, 20), 48, 48), dtype=np.uint8)
        return Recording(sound if noise.random() < 0.7 else None, faces if noise.random() < 0.6 else faces[:0])

    monkeypatch.setattr(turns_module, "read_recording", decode)
    return files


def part(scores: Scores, *names: str) -> Scores:
    for name in names:
        inner = scores[name]
        assert isinstance(inner, dict)
        scores = inner
    return scores


def test_the_headline_is_the_text_student_as_training_judges_it(bundle: Bundle, tiny_data: Path) -> None:
    dialogues = read_meld(tiny_data, "dev")
    scores = score_meld(bundle, dialogues, None, streaming=False)
    rows = make_rows(dialogues, bundle.prompt)
    said = read_rows(bundle.text, bundle.prompt, rows.rows).logits.argmax(dim=-1)
    assert scores["n"] == 28
    assert scores["weighted_f1"] == pytest.approx(weighted_f1(rows.labels.numpy(), said.numpy()))
    assert list(part(scores, "subsets")) == ["text"]
    assert score_text(bundle, dialogues)["confusion"] == scores["confusion"]


def test_plain_words_are_those_that_training_calls_plain(bundle: Bundle, tiny_data: Path) -> None:
    dialogues = read_meld(tiny_data, "dev")
    plain = without_punctuation(dialogues)
    assert plain[0].turns[0].text == "fine fine"
    rows = make_rows(dialogues, bundle.prompt)
    said = read_rows(bundle.text, bundle.prompt, rows.plain).logits.argmax(dim=-1)
    expected = weighted_f1(rows.labels.numpy(), said.numpy())
    assert score_text(bundle, plain)["weighted_f1"] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_streaming_words_equals_the_offline_causal_pass(bundle: Bundle, seed: int) -> None:
    dialogues = random_dialogues(seed)
    streamed = score_meld(bundle, dialogues, None, streaming=True)
    offline = score_meld(bundle, dialogues, None, streaming=False)
    apart = streamed["max_difference"]
    assert isinstance(apart, float)
    assert apart < EXACT
    assert streamed["confusion"] == offline["confusion"]
    assert part(streamed, "subsets", "text")["confusion"] == part(offline, "subsets", "text")["confusion"]
    assert streamed["ece"] == pytest.approx(offline["ece"], abs=1e-4)
    assert streamed["ece_uncalibrated"] == pytest.approx(offline["ece_uncalibrated"], abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_streaming_all_modalities_equals_the_offline_pass_whatever_turns_lack(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dialogues = random_dialogues(seed, count=12, blank=0.3)
    files = noisy_recordings(monkeypatch, dialogues, seed)
    streamed = score_meld(bundle, dialogues, files, streaming=True)
    offline = score_meld(bundle, dialogues, files, streaming=False)
    apart = streamed["max_difference"]
    assert isinstance(apart, float)
    assert apart < EXACT
    assert len(part(offline, "subsets")) == 7
    whole = "text+audio+video"
    assert part(streamed, "subsets", whole)["confusion"] == part(offline, "subsets", whole)["confusion"]
    for modality in MODALITIES:
        assert part(streamed, "alone", modality)["counts"] == part(offline, "alone", modality)["counts"]


def test_a_difference_between_streaming_and_the_offline_pass_would_be_seen(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(some: Bundle, turns: object, subset: object = MODALITIES) -> torch.Tensor:
        return causal_pass(some, turns, subset).roll(1, dims=0)  # type: ignore[arg-type]

    monkeypatch.setattr("training.evaluation.dialogues.causal_pass", late)
    streamed = score_meld(bundle, random_dialogues(1), None, streaming=True)
    apart = streamed["max_difference"]
    assert isinstance(apart, float)
    assert apart > 1e-3


def test_what_a_turn_lacks_does_not_change_what_was_read_before_it(bundle: Bundle) -> None:
    (dialogue,) = random_dialogues(5, count=1)
    dialogue = Dialogue("d", (Turn(1, "well"), Turn(2, "no"), *dialogue.turns), (0, 0, *dialogue.labels))
    cut = Dialogue("d", dialogue.turns[:2], dialogue.labels[:2])
    read = [causal_pass(bundle, read_turns(bundle, [d], [[Media()] * len(d.turns)])) for d in (dialogue, cut)]
    torch.testing.assert_close(read[0][:2], read[1])


def test_clips_beside_the_csv_are_heard_and_one_that_no_decoder_opens_is_none(
    bundle: Bundle, tiny_data: Path, tmp_path: Path
) -> None:
    csv = tmp_path / "dev_sent_emo.csv"
    csv.write_text((tiny_data / "meld" / "dev_sent_emo.csv").read_text())
    write_meld_clips(tmp_path / "dev_splits_complete", [range(7), range(3)])
    (tmp_path / "dev_splits_complete" / "dia0_utt3.mp4").write_bytes(b"no film")
    scores = prepare(Question("meld", csv=csv))(bundle)
    assert scores["with"] == {"text": 28, "audio": 9, "video": 0}
    assert list(part(scores, "subsets")) == ["text", "audio", "text+audio"]
    assert part(scores, "alone", "audio")["n"] == 9


def test_a_csv_whose_split_is_not_known_is_read_without_media(bundle: Bundle, tiny_data: Path, tmp_path: Path) -> None:
    csv = tmp_path / "mine.csv"
    csv.write_text((tiny_data / "meld" / "dev_sent_emo.csv").read_text())
    write_film(tmp_path / "dev_splits_complete" / "dia0_utt0.mp4")
    counts = {split: part(prepare(Question("meld", split, csv))(bundle), "with")["audio"] for split in (None, "dev")}
    assert counts == {None: 0, "dev": 1}


def test_six_labels_are_scored_by_a_bundle_of_their_own(tmp_path: Path) -> None:
    labels = ("ang", "exc", "fru", "hap", "neu", "sad")
    reader = TextBundle.load(write_tiny_text_bundle(tmp_path / "iemocap", labels))
    csv = tmp_path / "some.csv"
    rows = [f"well {i},Ses01F_impro0{i // 6}_{'FM'[i % 2]}00{i},{labels[i % 6]}" for i in range(12)]
    csv.write_text("\n".join(["Utterance,Speaker,Emotion", *rows]))
    scores = prepare(Question("iemocap", csv=csv))(reader)
    assert (scores["n"], scores["labels"]) == (12, list(labels))
    assert scores["counts"] == dict.fromkeys(labels, 2)


def test_the_seven_labels_are_also_scored_by_a_bundle_of_text(tmp_path: Path, tiny_data: Path) -> None:
    reader = TextBundle.load(write_tiny_text_bundle(tmp_path / "text", EMOTIONS))
    scores = prepare(Question("meld", data=tiny_data))(reader)
    assert scores["n"] == 28
    assert "subsets" not in scores


def test_dialogues_without_a_word_are_said_to_be_empty(bundle: Bundle, tmp_path: Path) -> None:
    csv = tmp_path / "dev_sent_emo.csv"
    csv.write_text("Utterance,Speaker,Emotion,Dialogue_ID,Utterance_ID\n ,Ann,joy,0,0\n")
    with pytest.raises(CannotScore, match="no utterance has words"):
        score_meld(bundle, read_meld_csv(csv), None, streaming=False)
