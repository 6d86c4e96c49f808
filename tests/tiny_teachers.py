"""Encoders of a few thousand random weights, as Hugging Face folders, of each kind that can teach."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import (
    BertConfig,
    BertModel,
    Data2VecAudioConfig,
    Data2VecAudioModel,
    HubertConfig,
    HubertModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    TimesformerConfig,
    TimesformerModel,
    VideoMAEConfig,
    VideoMAEModel,
    Wav2Vec2Config,
    Wav2Vec2Model,
)

from tests.bundles import LETTERS

_SHAPE = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
_WAVE = {
    **_SHAPE, "conv_dim": (8, 8), "conv_kernel": (10, 8), "conv_stride": (5, 8), "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2, "num_feat_extract_layers": 2, "vocab_size": 8,
}  # fmt: skip
_CLIP = {**_SHAPE, "image_size": 32, "patch_size": 16, "num_frames": 4}

_BERT = {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
_ROBERTA = {"cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>", "pad_token": "<pad>", "unk_token": "<unk>"}

TEXT: dict[str, Callable[[int], Any]] = {
    "bert": lambda words: BertModel(BertConfig(**_SHAPE, vocab_size=words, max_position_embeddings=64)),
    "roberta": lambda words: RobertaModel(
        RobertaConfig(**_SHAPE, vocab_size=words, max_position_embeddings=64, pad_token_id=1)
    ),
}
AUDIO: dict[str, Callable[[], Any]] = {
    "wav2vec2": lambda: Wav2Vec2Model(Wav2Vec2Config(**_WAVE, feat_extract_norm="group")),
    "hubert": lambda: HubertModel(HubertConfig(**_WAVE, feat_extract_norm="layer", conv_bias=True)),
    "data2vec": lambda: Data2VecAudioModel(Data2VecAudioConfig(**_WAVE, conv_pos_kernel_size=5)),
}
VIDEO: dict[str, Callable[[], Any]] = {
    "timesformer": lambda: TimesformerModel(TimesformerConfig(**_CLIP)),
    "videomae": lambda: VideoMAEModel(VideoMAEConfig(**_CLIP, tubelet_size=2)),
}


def write_encoder(folder: Path, kind: str) -> Path:
    """The folder that `--model` takes; text encoders have a tokenizer of letters beside them."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        if kind in TEXT:
            tokenizer = _tokenizer(_ROBERTA if kind == "roberta" else _BERT)
            tokenizer.save_pretrained(folder)
            TEXT[kind](len(tokenizer)).save_pretrained(folder)
        else:
            (AUDIO | VIDEO)[kind]().save_pretrained(folder)
    return folder


def _tokenizer(special: dict[str, str]) -> Any:
    names = ("cls_token", "pad_token", "sep_token", "unk_token", "mask_token")  # <pad> is 1, as in RoBERTa
    pieces = [*(special[name] for name in names), "now", "feels", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    own = Tokenizer(WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token=special["unk_token"]))
    own.normalizer, own.pre_tokenizer = BertNormalizer(lowercase=True), BertPreTokenizer()
    return PreTrainedTokenizerFast(tokenizer_object=own, model_max_length=64, **special)


def write_teacher_configs(folder: Path, **settings: dict[str, object]) -> Path:
    """teacher-text.toml and so on, two epochs of tiny batches; settings: of each modality, beside `model`."""
    folder.mkdir(parents=True, exist_ok=True)
    for modality in ("text", "audio", "video"):
        kept = {"model": "nobody/nothing", "embedding": 12} | settings.get(modality, {})
        lines = [f"{name} = {value if isinstance(value, int | float) else repr(value)}" for name, value in kept.items()]
        plan = "[plan]\nepochs = 2\nbatch = 8\nrate = 1e-3\n[teacher]\n"
        (folder / f"teacher-{modality}.toml").write_text(plan + "\n".join(lines) + "\n", encoding="utf-8")
    return folder
