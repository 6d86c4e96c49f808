"""Composed dialogues: drawn as the confusion matrix says, from held-out speakers alone."""

from itertools import combinations
from pathlib import Path

import pytest
import torch
from torch.nn.functional import one_hot

from engine.labels import EMOTIONS
from engine.students import StudentOutput
from tests.tiny_corpora import write_corpora
from training.compose import Composition, Pool, best_weighted_f1, confusion_matrix, reliability_for
from training.corpora.voices import read_voices
from training.fusion import Composer, with_subset

PRIOR = torch.tensor([0.47, 0.17, 0.12, 0.11, 0.07, 0.03, 0.03])


def sure_pool(items: int = 3) -> Pool:
    """A student that is always right; the embedding says which item it was."""
    labels = torch.arange(len(EMOTIONS)).repeat(items)
    return Pool.of(StudentOutput(torch.arange(len(labels)).float().unsqueeze(1), one_hot(labels).float() * 20), labels)


def test_what_is_drawn_follows_the_confusion_matrix() -> None:
    torch.manual_seed(0)
    pool, matrix = sure_pool(), confusion_matrix(0.4, PRIOR)
    for label in range(len(EMOTIONS)):
        drawn = pool.draw(torch.full((20_000,), label), matrix)
        shown = torch.bincount(drawn[:, 1:].argmax(dim=1), minlength=len(EMOTIONS)) / 20_000
        assert torch.allclose(shown, matrix[label], atol=0.015)


def test_every_item_of_a_class_is_drawn() -> None:
    torch.manual_seed(0)
    drawn = sure_pool(items=5).draw(torch.zeros(500, dtype=torch.long), torch.eye(len(EMOTIONS)))
    assert drawn[:, 0].unique().tolist() == [0.0, 7.0, 14.0, 21.0, 28.0]  # type: ignore[no-untyped-call]


def test_a_pool_without_an_emotion_is_refused_by_name() -> None:
    labels = torch.arange(6)
    with pytest.raises(ValueError, match="nothing for disgust"):
        Pool.of(StudentOutput(torch.zeros(6, 1), torch.zeros(6, 7)), labels)


@pytest.mark.parametrize("target", [0.38, 0.45, 0.7])
def test_the_reliability_is_the_least_that_makes_a_student_as_good_as_asked(target: float) -> None:
    recall = 0.7 * torch.eye(7) + 0.3 / 7
    reliability = reliability_for(target, recall, PRIOR)
    assert best_weighted_f1(confusion_matrix(reliability, PRIOR), recall, PRIOR) >= target
    assert best_weighted_f1(confusion_matrix(reliability - 0.01, PRIOR), recall, PRIOR) < target


def test_a_student_too_weak_for_the_target_is_said_so() -> None:
    with pytest.raises(ValueError, match="at best"):
        reliability_for(0.45, torch.full((7, 7), 1 / 7), PRIOR)


def test_a_student_that_knows_nothing_guesses_the_commonest() -> None:
    assert best_weighted_f1(torch.eye(7), torch.full((7, 7), 1 / 7), PRIOR) == pytest.approx(0.47 * 2 * 0.47 / 1.47)


def test_no_speaker_has_two_uses(tmp_path: Path) -> None:
    clips = read_voices(write_corpora(tmp_path))
    uses = {share: {clip.speaker for clip in clips if clip.share == share} for share in ("student", "fusion", "dev")}
    assert all(uses.values())
    assert not any(uses[a] & uses[b] for a, b in combinations(uses, 2))


def composer() -> Composer:
    labels = [torch.tensor([0, 1, 2]), torch.tensor([3])]
    text = [torch.randn(3, 9), torch.randn(1, 9)]
    speakers = [torch.tensor([0, 1, 0]), torch.tensor([0])]
    composition = Composition(1.0, 1.0, tuple(PRIOR.tolist()))
    return Composer(text, labels, speakers, {"audio": sure_pool(), "video": sure_pool()}, composition)


def test_a_composed_turn_has_its_own_text_and_a_voice_and_a_face_of_its_label() -> None:
    made = composer()
    inputs, labels = made.compose([0, 1])
    assert labels.tolist() == [[0, 1, 2], [3, -1, -1]]
    assert inputs.padding.tolist() == [[True] * 3, [True, False, False]]
    assert torch.equal(inputs.features["text"][0], made.text[0])
    for modality in ("audio", "video"):
        assert inputs.features[modality][inputs.padding][:, 1:].argmax(dim=1).tolist() == [0, 1, 2, 3]


def test_padding_is_present_in_no_modality() -> None:
    inputs, _ = composer().compose([0, 1])
    assert not inputs.present[~inputs.padding].any()
    assert with_subset(inputs, ("audio",)).present[inputs.padding].tolist() == [[False, True, False]] * 4
