"""The prompt: what is kept, what is cut, and who speaks."""

import pytest
from tokenizers import Tokenizer

from engine.prompt import SPEAKERS, Prompt, Turn, speaker_token
from tests.bundles import tiny_tokenizer

TOKENIZER = tiny_tokenizer()


MASK, PAD = TOKENIZER.encode("[MASK]").ids[0], TOKENIZER.encode("[PAD]").ids[0]


def words(row: list[int]) -> str:
    return " ".join(str(TOKENIZER.id_to_token(token)) for token in row)


def test_a_row_reads_as_the_dialogue_and_then_the_question() -> None:
    row = Prompt(TOKENIZER, 6, 64).encode([Turn(1, "a"), Turn(2, "b")], Turn(1, "c"))
    assert words(row) == "[CLS] <s1> a <s2> b <s1> c [SEP] now <s1> feels [MASK] [SEP]"


def test_only_the_last_turns_are_read() -> None:
    past = [Turn(1, letter) for letter in "abcdef"]
    assert words(Prompt(TOKENIZER, 2, 64).encode(past, Turn(1, "z"))) == words(
        Prompt(TOKENIZER, 2, 64).encode(past[-2:], Turn(1, "z"))
    )
    assert words(Prompt(TOKENIZER, 0, 64).encode(past, Turn(1, "z"))).startswith("[CLS] <s1> z [SEP]")


def test_too_long_a_past_is_cut_from_the_left() -> None:
    row = Prompt(TOKENIZER, 6, 14).encode([Turn(1, "a b c d e"), Turn(2, "f g")], Turn(1, "x y"))
    assert words(row) == "[CLS] e <s2> f g <s1> x y [SEP] now <s1> feels [MASK] [SEP]"


def test_the_current_turn_and_the_question_are_always_kept() -> None:
    row = Prompt(TOKENIZER, 6, 12).encode([Turn(2, "past")], Turn(1, "a b c d e f g h"))
    assert words(row) == "[CLS] <s1> e f g h [SEP] now <s1> feels [MASK] [SEP]"


def test_a_ninth_speaker_takes_the_first_ones_token() -> None:
    assert [speaker_token(number) for number in (1, SPEAKERS, SPEAKERS + 1)] == ["<s1>", "<s8>", "<s1>"]
    assert "<s1>" in words(Prompt(TOKENIZER, 6, 64).encode([], Turn(SPEAKERS + 1, "a")))


def test_speakers_are_numbered_from_one() -> None:
    with pytest.raises(ValueError, match="numbered from 1"):
        Turn(0, "a")


def test_typographic_quotes_are_read_as_plain_ones() -> None:
    prompt = Prompt(TOKENIZER, 6, 64)
    assert prompt.encode([], Turn(1, "he’s…")) == prompt.encode([], Turn(1, "he's..."))


def test_a_batch_is_padded_on_the_right_and_knows_its_masks() -> None:
    prompt = Prompt(TOKENIZER, 6, 64)
    rows = [prompt.encode([], Turn(1, text)) for text in ("a", "a b c")]
    ids, attention, mask = prompt.collate(rows)
    assert attention.sum(dim=1).tolist() == [len(row) for row in rows]
    assert [ids[i, mask[i]].item() for i in range(2)] == [MASK, MASK]
    assert ids[0, len(rows[0]) :].eq(PAD).all()


def test_what_the_tokenizer_was_set_to_cut_or_pad_does_not_matter() -> None:
    limited = Tokenizer.from_str(TOKENIZER.to_str())
    limited.enable_truncation(2)
    limited.enable_padding(length=40)
    assert Prompt(limited, 6, 64).encode([], Turn(1, "a b c d")) == Prompt(TOKENIZER, 6, 64).encode(
        [], Turn(1, "a b c d")
    )
    assert limited.truncation is not None


def test_a_tokenizer_without_speakers_is_refused() -> None:
    bare = Tokenizer.from_str(TOKENIZER.to_str().replace("<s8>", "<t8>"))
    with pytest.raises(ValueError, match="no token <s8>"):
        Prompt(bare, 6, 64)


def test_too_few_tokens_for_a_turn_are_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        Prompt(TOKENIZER, 6, 8)
