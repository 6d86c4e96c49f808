"""A Whisper of random weights: everything about it is real but what it has learned."""

from pathlib import Path
from typing import Final

import torch
from ctranslate2.converters import TransformersConverter
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, WhisperConfig, WhisperForConditionalGeneration

_LETTERS: Final = "Ġabcdefghijklmnopqrstuvwxyz"  # Ġ is how byte-level tokens write a space.
_UNKNOWN: Final = "<unk>"
_END: Final = "<|endoftext|>"
_COMMANDS: Final = (
    _END,
    "<|startoftranscript|>",
    "<|en|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
_TIMES: Final = tuple(f"<|{step * 0.02:.2f}|>" for step in range(1501))


def random_whisper(folder: Path) -> Path:
    """Makes a tiny English-only Whisper in `folder`, as CTranslate2 wants it, and returns where it lies."""
    tokenizer = Tokenizer(models.BPE(unk_token=_UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(initial_alphabet=list(_LETTERS), special_tokens=[_UNKNOWN], show_progress=False)
    tokenizer.train_from_iterator([], trainer)
    tokenizer.add_special_tokens([*_COMMANDS, *_TIMES])
    end, start = tokenizer.token_to_id(_END), tokenizer.token_to_id("<|startoftranscript|>")
    config = WhisperConfig(
        vocab_size=tokenizer.get_vocab_size(),
        num_mel_bins=80,
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_target_positions=448,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=start,
    )
    source, target = folder / "transformers", folder / "ctranslate2"
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = WhisperForConditionalGeneration(config)
    model.generation_config.suppress_tokens = []
    model.generation_config.begin_suppress_tokens = [end]
    model.save_pretrained(source)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=_END, unk_token=_UNKNOWN).save_pretrained(source)
    TransformersConverter(str(source), copy_files=["tokenizer.json"]).convert(str(target), quantization="int8")
    return target
