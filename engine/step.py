"""One turn of the fusion: `Magt`'s paths side by side, after what is in a ring memory, which is not copied for it.

A step is small: what it costs is the number of its operations. So the six paths to audio and video run as one, and then
the three to text; norms are folded into the layers that follow them, and all subsets of a turn's modalities share the
keys and values of the past.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.labels import MODALITIES, Modality
from engine.magt import PATHS, Magt, Path
from engine.memory import MemoryView, NewEntries

_INNER = tuple(pair for pair in PATHS if pair[1] != "text")
_OUTER = tuple(pair for pair in PATHS if pair[1] == "text")


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """The next turn of B dialogues, each seen in R ways: with some of its modalities.

    features: for each modality [B, D + labels], as `engine.magt.features` makes them; anything finite if it is absent.
    present:  bool [B, R, 3] in MODALITIES order; the first row of each turn is the whole, which is remembered.
    speaker:  long [B], dialogue-relative from 0.
    """

    features: dict[Modality, Tensor]
    present: Tensor
    speaker: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class StepOutput:
    """logits: the answers, [B, R, labels]. attended: [B, W], see `Step`. entries: what the turns leave behind."""

    logits: Tensor
    attended: Tensor
    entries: NewEntries


class Step:
    """The weights of a `Magt`, as they are now and where they are now, laid out for single turns.

    dtype: of the paths' products and of what is remembered; what comes in, sums, attention and answers are float32.

    `attended` is how much of the last attention, the text anchor's, fell on each remembered turn, in ring order: mean
    over heads, and over its three paths by how far their gates are open. What is missing to 1 fell on the turn itself.
    """

    def __init__(self, model: Magt, dtype: torch.dtype = torch.float32) -> None:
        self._model = model
        self._inner, self._outer = _Paths(model, _INNER, dtype), _Paths(model, _OUTER, dtype)
        half = model.config.head_dim // 2
        device = model.speaker.weight.device
        # As in `engine.magt.rotation`: float64, so that a turn late in a long conversation keeps its place.
        self._frequency = 10_000.0 ** -(torch.arange(half, device=device, dtype=torch.float64) / half)

    def __call__(self, turns: Turns, memory: MemoryView) -> StepOutput:
        """The memory itself is left as it was."""
        model, (dialogues, ways, _) = self._model, turns.present.shape
        rows = self._embed(turns)
        there = turns.present.to(rows.dtype).permute(2, 0, 1).reshape(len(MODALITIES), -1, 1)
        angle = memory.position.double()[:, None, None, None] * self._frequency
        past = _Past(memory, torch.polar(torch.ones_like(angle), angle).to(torch.complex64), ways)
        results, _, first = self._inner(rows, rows, there, past)
        text, gates, second = self._outer(rows[:1], torch.cat((rows[:1], results)), there, past)
        logits = model.head["text"](text.float().view(dialogues, ways, -1))
        said = [turns.features[m][:, None, -model.config.labels :] for m in MODALITIES]
        answer = model.answer(logits, torch.stack(said, dim=-1), turns.present)
        gate = gates.view(len(_OUTER), dialogues, ways, -1)[:, :, 0].mean(dim=-1).T
        share = gate / gate.sum(dim=1, keepdim=True).clamp_min(1e-9)
        attended = (second.weights[..., 0, :-1].mean(dim=2) * share[..., None]).sum(dim=1)
        own = torch.cat((first.own, second.own), dim=2)
        return StepOutput(answer, attended, NewEntries(own, turns.present[:, 0]))

    def _embed(self, turns: Turns) -> Tensor:
        """Rows [3, B * R, width], as `Magt` makes them."""
        model = self._model
        projected = torch.stack([model.project[m](turns.features[m]) for m in MODALITIES])
        absent = torch.stack([model.absent[m] for m in MODALITIES])
        seen = torch.where(turns.present.permute(2, 0, 1)[..., None], projected[:, :, None], absent[:, None, None])
        speaker = model.speaker(turns.speaker % model.config.speakers)
        rows: Tensor = (seen + speaker[:, None]).flatten(1, 2)
        return rows


class _Past:
    """What all paths share of a step: the memory, where each turn is, [B, 1, 1, head_dim / 2], and R."""

    def __init__(self, memory: MemoryView, place: Tensor, ways: int) -> None:
        self.keys_values = memory.keys_values
        self.place = place
        self.ways = ways
        dialogues, window, _ = memory.usable.shape
        outside = torch.zeros(dialogues, len(MODALITIES), 1, 1, window + 1, device=place.device)
        outside[..., 0, 0, :-1].masked_fill_(~memory.usable.transpose(1, 2), float("-inf"))
        self.outside = outside  # the last place is the turn's own, which is always seen


@dataclass(frozen=True, slots=True, eq=False)
class _Attention:
    """weights: [B, P, heads, R, W + 1], the turn itself last; own: the whole's [B, 2, P, heads, head_dim]."""

    weights: Tensor
    own: Tensor


class _Paths:
    """Some of PATHS side by side, those of one anchor beside each other, and the reduction of each anchor."""

    def __init__(self, model: Magt, pairs: Sequence[tuple[Modality, Modality]], dtype: torch.dtype) -> None:
        paths = [model.path(source, anchor) for source, anchor in pairs]
        anchors = list(dict.fromkeys(anchor for _, anchor in pairs))
        device = model.speaker.weight.device
        self._places = slice(PATHS.index(pairs[0]), PATHS.index(pairs[-1]) + 1)
        self._sources = torch.tensor([MODALITIES.index(source) for source, _ in pairs], device=device)
        names = anchors if anchors == ["text"] else list(MODALITIES)
        self._anchors = torch.tensor([names.index(anchor) for _, anchor in pairs], device=device)
        self._heads = paths[0].heads
        self._query = _side_by_side([_query(path) for path in paths], dtype)
        self._key_value = _side_by_side([_key_value(path) for path in paths], dtype)
        self._output = _side_by_side([_parts(path.output) for path in paths], dtype)
        self._widen = _side_by_side([_after_norm(path.feed_forward[0], path.feed_forward[1]) for path in paths], dtype)
        self._narrow = _side_by_side([_parts(path.feed_forward[4]) for path in paths], dtype)
        self._gate = _side_by_side([_parts(path.gate) for path in paths], dtype)
        self._reduce = _side_by_side([_parts(model.reduce[anchor]) for anchor in anchors], dtype)

    def __call__(
        self, anchors: Tensor, sources: Tensor, there: Tensor, past: _Past
    ) -> tuple[Tensor, Tensor, _Attention]:
        """Rows of anchors and sources [1 or 3, N, width], N = B * R -> results [anchors, N, width], gates, attention.

        there: [3, N, 1], 1 where a modality is present and 0 where it is not.
        """
        y = anchors[self._anchors]
        query = self._query(_norm(anchors)[self._anchors])
        key_value = self._key_value(_norm(sources)[self._sources])
        found, attention = self._attend(query, key_value, past)
        h = y + self._output(found)
        h = h + self._narrow(F.gelu(self._widen(_norm(h))))
        gate = torch.sigmoid(self._gate(h)) * there[self._sources]
        gated = (gate * h).reshape(self._reduce.count, len(MODALITIES), *h.shape[1:]).transpose(1, 2).flatten(2)
        return self._reduce(gated), gate, attention

    def _attend(self, query: Tensor, key_value: Tensor, past: _Past) -> tuple[Tensor, _Attention]:
        """query [P, N, width], key_value [P, N, 2 x width] -> what is found, [P, N, width]."""
        q = _turned(self._by_head(query, past.ways, 1)[0], past.place)
        k, v = self._by_head(key_value, past.ways, 2)
        k = _turned(k, past.place)
        keys, values = past.keys_values(self._places)
        own = (q * k).sum(dim=-1, keepdim=True)
        scores = torch.cat((q.to(keys.dtype) @ keys.transpose(-1, -2), own), dim=-1) + past.outside[:, self._sources]
        weights = scores.softmax(dim=-1)
        found = weights[..., :-1].to(values.dtype) @ values + weights[..., -1:] * v
        whole = torch.stack((k[..., 0, :].to(keys.dtype), v[..., 0, :]), dim=1)
        return found.permute(1, 0, 3, 2, 4).flatten(3).flatten(1, 2), _Attention(weights, whole)

    def _by_head(self, x: Tensor, ways: int, parts: int) -> Tensor:
        """x [P, B * R, parts x width] -> [parts, B, P, heads, R, head_dim]."""
        return x.reshape(len(x), -1, ways, parts, self._heads, x.shape[-1] // parts // self._heads).permute(
            3, 1, 0, 4, 2, 5
        )


class _Linears:
    """Linear layers side by side: x [P, N, in] -> [P, N, out] in the layers' dtype."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self._weight, self._bias = weight, bias
        self.count = len(weight)

    def __call__(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self._bias, x.to(self._weight.dtype), self._weight)


_Parts = tuple[Tensor, Tensor]  # a linear layer's weight [out, in] and bias [out]


def _side_by_side(layers: Sequence[_Parts], dtype: torch.dtype) -> _Linears:
    weight = torch.stack([weight.T for weight, _ in layers]).contiguous()
    return _Linears(weight.to(dtype), torch.stack([bias for _, bias in layers])[:, None].to(dtype))


def _parts(layer: nn.Module) -> _Parts:
    assert isinstance(layer, nn.Linear)  # noqa: S101 - ModuleDict and Sequential forget the type
    return layer.weight.detach(), layer.bias.detach()


def _after_norm(norm: nn.Module, layer: nn.Module) -> _Parts:
    """A linear layer and the scale and shift of the norm before it, as one."""
    assert isinstance(norm, nn.LayerNorm)  # noqa: S101
    weight, bias = _parts(layer)
    return weight * norm.weight.detach(), bias + weight @ norm.bias.detach()


def _query(path: Path) -> _Parts:
    """In pairs, and divided by the root of the heads' width, as attention wants it."""
    weight, bias = _after_norm(path.anchor_norm, path.query)
    scale = (weight.shape[0] // path.heads) ** -0.5
    return _in_pairs(weight, path.heads) * scale, _in_pairs(bias, path.heads) * scale


def _key_value(path: Path) -> _Parts:
    """Keys in pairs, values as they are."""
    weight, bias = _after_norm(path.source_norm, path.key_value)
    (key, value), (key_bias, value_bias) = weight.chunk(2), bias.chunk(2)
    return torch.cat((_in_pairs(key, path.heads), value)), torch.cat((_in_pairs(key_bias, path.heads), value_bias))


def _in_pairs(rows: Tensor, heads: int) -> Tensor:
    """What a rotary position turns together, the halves of each head, side by side: as a complex number has it."""
    return rows.reshape(heads, 2, -1, *rows.shape[1:]).transpose(1, 2).flatten(0, 2)


def _turned(x: Tensor, place: Tensor) -> Tensor:
    """x [B, P, heads, R, head_dim] in pairs, turned by its position in float32, as `engine.magt.rotate` does halves."""
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * place[:, None]).flatten(-2)


def _norm(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:])
