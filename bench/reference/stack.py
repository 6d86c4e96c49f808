"""The published encoders, from the public Hugging Face configurations of their sizes, and the fusion after them."""

from typing import Final, Self

from torch import Tensor, nn
from transformers import (
    Data2VecAudioConfig,
    Data2VecAudioModel,
    RobertaConfig,
    RobertaModel,
    TimesformerConfig,
    TimesformerModel,
)

from bench.errors import CannotMeasure
from bench.reference.fusion import FusionConfig, PublishedFusion

TEXT_TOKENS: Final = 511  # the published prompt is cut from the left to this
_TEXT: Final = {"base": (768, 12, 12, 3072), "large": (1024, 24, 16, 4096)}


class Stack(nn.Module):
    """One encoder for each modality, each giving a row of the fusion's width, and the fusion."""

    def __init__(
        self, text: RobertaConfig, audio: Data2VecAudioConfig, video: TimesformerConfig, fusion: FusionConfig
    ) -> None:
        super().__init__()
        self.roberta = RobertaModel(text, add_pooling_layer=False)
        self.project = nn.Linear(text.hidden_size, fusion.width)
        self.data2vec = Data2VecAudioModel(audio)
        self.timesformer = TimesformerModel(video)
        self.fusion = PublishedFusion(fusion)
        self.frames, self.side = int(video.num_frames), int(video.image_size)
        self.words = int(text.vocab_size)

    @classmethod
    def published(cls, text_size: str = "large") -> Self:
        """RoBERTa of a size ("large" in the paper, or "base"), data2vec-audio-base, TimeSformer-base; random weights.

        Raises CannotMeasure for another size.
        """
        if text_size not in _TEXT:
            raise CannotMeasure(f"there is no text encoder of size {text_size!r}: give {' or '.join(_TEXT)}")
        width, layers, heads, hidden = _TEXT[text_size]
        text = RobertaConfig(
            vocab_size=50_265,
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=hidden,
            max_position_embeddings=514,
            type_vocab_size=1,
        )
        return cls(text, Data2VecAudioConfig(), TimesformerConfig(), FusionConfig()).eval()

    def text(self, ids: Tensor, mask: int) -> Tensor:
        """Token ids [B, L] -> the state at the mask, [B, width]."""
        row: Tensor = self.project(self.roberta(input_ids=ids).last_hidden_state[:, mask])
        return row

    def audio(self, pcm: Tensor) -> Tensor:
        """pcm [B, samples] of 16 kHz -> the first frame of the last layer, [B, width]."""
        row: Tensor = self.data2vec(pcm).last_hidden_state[:, 0]
        return row

    def video(self, pictures: Tensor) -> Tensor:
        """pictures [B, frames, 3, side, side] -> the class token, [B, width]."""
        row: Tensor = self.timesformer(pictures).last_hidden_state[:, 0]
        return row

    @property
    def parameters_by_part(self) -> dict[str, int]:
        """How many weights each part has."""
        parts = {"text": [self.roberta, self.project], "audio": [self.data2vec], "video": [self.timesformer]}
        parts["fusion"] = [self.fusion]
        return {name: sum(p.numel() for m in modules for p in m.parameters()) for name, modules in parts.items()}
