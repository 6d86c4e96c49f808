"""A tiny bundle with random weights: real files, real tokenizer, made in a fraction of a second."""

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from engine.bundle import save_bundle
from engine.calibration import Calibration
from engine.magt import Magt, MagtConfig
from engine.prompt import SPEAKERS, speaker_token
from engine.students import AudioConfig, AudioStudent, TextConfig, TextStudent, VideoConfig, VideoStudent
from engine.textbundle import save_text_bundle
from training.textgraph import text_graph

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789'.,!?"


def tiny_tokenizer() -> Tokenizer:
    """A WordPiece tokenizer that knows letters and the words of the prompt."""
    pieces = [*SPECIAL, "now", "feels", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    tokenizer = Tokenizer(WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens([*SPECIAL, *(speaker_token(number) for number in range(1, SPEAKERS + 1))])
    return tokenizer


def write_tiny_bundle(folder: Path, *, window: int = 8, turns: int = 4, graph: bool = False) -> Path:
    """Write a bundle of a few thousand random weights, the same each time, and return its folder."""
    tokenizer = tiny_tokenizer()
    text = TextConfig(tokenizer.get_vocab_size(), width=32, layers=1, heads=2, hidden=32, positions=64, embedding=16)
    audio, video = AudioConfig(hidden=8, heads=2, embedding=12), VideoConfig((4, 4, 8, 8), embedding=10)
    fusion = MagtConfig(text.embedding, audio.embedding, video.embedding, width=32, heads=2, window=window)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        save_bundle(
            folder,
            name="tiny",
            text=TextStudent(text),
            tokenizer_json=tokenizer.to_str(),
            turns=turns,
            max_tokens=64,
            audio=AudioStudent(audio),
            video=VideoStudent(video),
            fusion=Magt(fusion),
            calibration=Calibration.none(),
            training={"note": "random weights, for tests"},
            scores={},
            card="# tiny\n\nRandom weights, for tests.\n",
            graph=text_graph(text) if graph else None,
        )
    return folder


def write_tiny_text_bundle(folder: Path, labels: Sequence[str], *, name: str = "tiny-text", seed: int = 7) -> Path:
    """Write a bundle of text alone for these labels, its weights drawn from the seed, and return its folder."""
    tokenizer = tiny_tokenizer()
    vocabulary, count = tokenizer.get_vocab_size(), len(labels)
    config = TextConfig(vocabulary, width=32, layers=1, heads=2, hidden=32, positions=64, embedding=16, labels=count)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        save_text_bundle(
            folder,
            name=name,
            labels=labels,
            student=TextStudent(config),
            tokenizer_json=tokenizer.to_str(),
            turns=4,
            max_tokens=64,
            temperature=1.5,
            training={"note": "random weights, for tests"},
            scores={},
            card=f"# {name}\n\nRandom weights, for tests.\n",
        )
    return folder
