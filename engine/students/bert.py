"""A BERT encoder (Devlin et al., NAACL 2019), its weights named as Hugging Face names them."""

from typing import Final

from torch import Tensor, nn
from torch.nn import functional as F

_EPSILON: Final = 1e-12
_SPREAD: Final = 0.02  # of weights that are new


class Bert(nn.Module):
    """Tokens to states. Only what reads them here: no pooler, one kind of token, padding after the tokens.

    Written out because importing it took 2.8 s and 110 MB of every start, for these few lines.
    """

    def __init__(
        self, *, vocabulary: int, width: int, layers: int, heads: int, hidden: int, positions: int, dropout: float
    ) -> None:
        super().__init__()
        self.embeddings = _Embeddings(vocabulary, width, positions, dropout)
        self.encoder = nn.ModuleDict(
            {"layer": nn.ModuleList(_Layer(width, heads, hidden, dropout) for _ in range(layers))}
        )
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=_SPREAD)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Both [B, L] -> [B, L, width]; what stands where attention_mask is 0 means nothing."""
        x: Tensor = self.embeddings(input_ids)
        seen = attention_mask.bool()[:, None, None]
        for layer in self.encoder["layer"]:  # type: ignore[attr-defined]  # ModuleDict forgets that it is a list
            x = layer(x, seen)
        return x


class _Embeddings(nn.Module):
    def __init__(self, vocabulary: int, width: int, positions: int, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, width)
        self.position_embeddings = nn.Embedding(positions, width)
        self.token_type_embeddings = nn.Embedding(2, width)
        self.LayerNorm = nn.LayerNorm(width, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        place = self.position_embeddings.weight[: ids.shape[1]]
        x = self.word_embeddings(ids) + self.token_type_embeddings.weight[0] + place
        embedded: Tensor = self.dropout(self.LayerNorm(x))
        return embedded


class _Layer(nn.Module):
    """Attention, then a feed-forward net, each added to what it reads and normed."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.ModuleDict(
            {"self": _Attention(width, heads, dropout), "output": _AddAndNorm(width, width, dropout)}
        )
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, hidden)})
        self.output = _AddAndNorm(hidden, width, dropout)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, seen), x)
        out: Tensor = self.output(F.gelu(self.intermediate["dense"](x)), x)
        return out


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self._heads, self._dropout = heads, dropout

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = (
            part(x).unflatten(-1, (self._heads, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        dropout = self._dropout if self.training else 0.0
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=seen, dropout_p=dropout)
        return found.transpose(1, 2).flatten(2)


class _AddAndNorm(nn.Module):
    def __init__(self, before: int, width: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(before, width)
        self.LayerNorm = nn.LayerNorm(width, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, found: Tensor, x: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(self.dropout(self.dense(found)) + x)
        return out
