"""The published stack with something to read."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from bench.reference.stack import TEXT_TOKENS, Stack
from bench.utterances import SECONDS, WORDS
from engine.utterance import SAMPLE_RATE

_QUESTION = 6  # tokens that the prompt asks with: </s> Now <s1> feels <mask> </s>


class Theirs:
    """One utterance for the four parts of the stack. Inputs come from the CPU and results go back there, as ours do.

    threads: of torch while it runs; ours has one in each of its own.
    """

    def __init__(self, stack: Stack, device: torch.device, seed: int = 0, threads: int = 1) -> None:
        self.stack = stack.to(device)
        self._threads = threads
        self._device = device
        self._random = torch.Generator().manual_seed(seed)
        self._pcm = 0.1 * torch.randn(1, int(SECONDS * SAMPLE_RATE), generator=self._random)
        self._pictures = torch.rand(1, stack.frames, 3, stack.side, stack.side, generator=self._random)

    def parts(self, turn: int, tokens: int) -> dict[str, Callable[[], Tensor]]:
        """A call for each part, for the utterance at a turn of its dialogue whose prompt has so many tokens."""
        return {
            "text": self.text(tokens),
            "audio": partial(self._run, self._audio, self._pcm),
            "video": partial(self._run, self._video, self._pictures),
            "fusion": self.fusion(turn),
        }

    def text(self, tokens: int) -> Callable[[], Tensor]:
        """The prompt; which words it has costs nothing, so its tokens are drawn at random."""
        return partial(self._run, self._text, torch.randint(5, self.stack.words, (1, tokens), generator=self._random))

    def fusion(self, turn: int) -> Callable[[], Tensor]:
        """The whole dialogue up to a turn, as it has to be computed again for that turn."""
        width = self.stack.fusion.config.width
        text, audio, video = torch.randn(3, 1, turn, width, generator=self._random).to(self._device)
        return partial(self._run, self._fusion, text, audio, video, torch.arange(turn, device=self._device)[None] % 2)

    def _run(self, part: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
        before = torch.get_num_threads()
        torch.set_num_threads(self._threads)
        try:
            return part(*inputs)
        finally:
            torch.set_num_threads(before)

    @torch.inference_mode()
    def _text(self, ids: Tensor) -> Tensor:
        return self.stack.text(ids.to(self._device), ids.shape[1] - 2).cpu()

    @torch.inference_mode()
    def _audio(self, pcm: Tensor) -> Tensor:
        return self.stack.audio(pcm.to(self._device)).cpu()

    @torch.inference_mode()
    def _video(self, pictures: Tensor) -> Tensor:
        return self.stack.video(pictures.to(self._device)).cpu()

    @torch.inference_mode()
    def _fusion(self, text: Tensor, audio: Tensor, video: Tensor, speaker: Tensor) -> Tensor:
        answer: Tensor = self.stack.fusion(text, audio, video, speaker)["text"][:, -1].cpu()
        return answer


def tokens_at(turn: int) -> int:
    """Tokens of the published prompt at a turn: all that was said before, a token a word and one for each speaker."""
    return min(TEXT_TOKENS, turn * (WORDS + 1) + _QUESTION)
