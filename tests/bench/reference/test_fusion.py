"""The published fusion: its size, and its equations in a small case."""

import pytest
import torch
from torch import Tensor

from bench.reference.fusion import Anchor, Block, FusionConfig, Gate, PublishedFusion

SMALL = FusionConfig(width=8, heads=2, positions=6, speakers=3, labels=5)


@pytest.fixture
def turns() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Text, audio and video of four turns, and who speaks."""
    torch.manual_seed(3)
    text, audio, video = torch.randn(3, 1, 4, SMALL.width)
    return text, audio, video, torch.tensor([[0, 1, 0, 2]])


@pytest.fixture
def fusion() -> PublishedFusion:
    torch.manual_seed(4)
    return PublishedFusion(SMALL).eval()


@pytest.mark.parametrize(("speakers", "labels", "millions"), [(305, 7, 44.6), (10, 6, 44.3)])
def test_it_has_as_many_weights_as_published(speakers: int, labels: int, millions: float) -> None:
    with torch.device("meta"):
        fusion = PublishedFusion(FusionConfig(speakers=speakers, labels=labels))
    assert round(sum(weight.numel() for weight in fusion.parameters()) / 1e6, 1) == millions


def test_a_gate_is_never_less_than_half_open() -> None:
    gate = Gate(SMALL.width)
    h = 100 * torch.randn(50, SMALL.width)
    opening = gate.opening(h)
    assert opening.min() == 0.5
    assert opening.max() > 0.99
    torch.testing.assert_close(gate(h), torch.sigmoid(torch.relu(gate.linear(h))) * h)


def test_a_block_is_attention_and_feed_forward_with_residuals_on_the_anchor() -> None:
    block = Block(SMALL.width, SMALL.heads)
    source, anchor = torch.randn(2, 1, 4, SMALL.width)
    torch.testing.assert_close(block(source, anchor), _block(block, source, anchor))


def test_the_whole_is_as_published(fusion: PublishedFusion, turns: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
    *modalities, speaker = turns
    where = fusion.position[:4] + fusion.speaker(speaker)
    t, a, v = (rows + where for rows in modalities)
    audio = _anchor(fusion.audio, a, (a, t, v), (0, 1, 2))
    video = _anchor(fusion.video, v, (v, t, a), (0, 1, 2))
    text = _anchor(fusion.text, t, (t, audio + where, video + where), (0, 0, 0))
    logits = fusion(*turns)
    torch.testing.assert_close(logits["text"], fusion.text.head(text))
    torch.testing.assert_close(logits["audio"], fusion.audio.head(audio))
    torch.testing.assert_close(logits["video"], fusion.video.head(video))
    assert logits["text"].shape == (1, 4, SMALL.labels)


def test_the_first_turn_sees_the_last(fusion: PublishedFusion, turns: tuple[Tensor, Tensor, Tensor, Tensor]) -> None:
    text, audio, video, speaker = turns
    before = fusion(text, audio, video, speaker)["text"][:, 0]
    audio[:, -1] += 1
    assert not torch.allclose(before, fusion(text, audio, video, speaker)["text"][:, 0])


def test_positions_are_sines_and_cosines(fusion: PublishedFusion) -> None:
    torch.testing.assert_close(fusion.position[0], torch.tensor([0.0, 1.0] * 4))
    assert fusion.position[1, 0] == torch.sin(torch.tensor(1.0))


def test_a_dialogue_over_its_table_of_positions_is_refused(fusion: PublishedFusion) -> None:
    rows = torch.zeros(1, 7, SMALL.width)
    with pytest.raises(ValueError, match="ends at 6 turns, not 7"):
        fusion(rows, rows, rows, torch.zeros(1, 7, dtype=torch.long))


def _block(block: Block, source: Tensor, anchor: Tensor) -> Tensor:
    """The equation, head by head."""
    query, key, value = block.query(anchor), block.key(source), block.value(source)
    size = SMALL.width // SMALL.heads
    found = [
        torch.softmax(query[..., head] @ key[..., head].mT / size**0.5, dim=-1) @ value[..., head]
        for head in (slice(start, start + size) for start in range(0, SMALL.width, size))
    ]
    h: Tensor = anchor + block.output(torch.cat(found, dim=-1))
    norm, widen, activate, narrow = block.feed_forward
    fed: Tensor = narrow(activate(widen(norm(h))))
    return h + fed


def _anchor(anchor: Anchor, rows: Tensor, sources: tuple[Tensor, ...], used: tuple[int, ...]) -> Tensor:
    blocks = [block for block in anchor.blocks if isinstance(block, Block)]
    paths = [anchor.gates[i](_block(blocks[i], source, rows)) for i, source in zip(used, sources, strict=True)]
    reduced: Tensor = anchor.reduce(torch.cat(paths, dim=-1))
    return reduced
