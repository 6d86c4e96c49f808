"""The ring memory of dialogues: keys and values of the last W turns, one slot for each open dialogue."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class MemoryView:
    """What R rows remember: R slots, copied out; several rows may look at the same slot.

    kv:       [R, paths, 2, W, heads, head_dim], keys then values, in ring order.
    usable:   bool [R, W, 3], the entry is inside the window and its modality was present (MODALITIES order).
    position: long [R], the position of the turn that comes next.
    """

    kv: Tensor
    usable: Tensor
    position: Tensor

    def shared(self, rows: int) -> "MemoryView":
        """One row as the sight of `rows` rows: nothing is copied again."""
        return MemoryView(*(x.expand(rows, *x.shape[1:]) for x in (self.kv, self.usable, self.position)))


@dataclass(frozen=True, slots=True, eq=False)
class NewEntries:
    """What one turn of each of R rows leaves behind. kv: [R, paths, 2, heads, head_dim]; present: bool [R, 3]."""

    kv: Tensor
    present: Tensor

    def rows(self, index: Tensor) -> "NewEntries":
        """Only the rows at `index` (long [K])."""
        return NewEntries(self.kv[index], self.present[index])


class RingMemory:
    """Fixed memory for many dialogues. The turn at position p lies at ring index p % W, so memory never grows.

    Cached keys carry their absolute rotary position and stay valid for ever. Not thread-safe.
    """

    def __init__(
        self,
        slots: int,
        *,
        paths: int,
        window: int,
        heads: int,
        head_dim: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.window = window
        self.kv = torch.zeros(slots, paths, 2, window, heads, head_dim, device=device, dtype=dtype)
        self.present = torch.zeros(slots, window, 3, device=device, dtype=torch.bool)
        self.count = torch.zeros(slots, device=device, dtype=torch.long)
        self._ring = torch.arange(window, device=device)

    def clear(self, slots: Tensor) -> None:
        """Forget everything in `slots` (long [R])."""
        self.kv[slots] = 0
        self.present[slots] = False
        self.count[slots] = 0

    def view(self, slots: Tensor) -> MemoryView:
        """What the rows at `slots` (long [R]) remember."""
        position = self.count[slots]
        last = position[:, None] - 1
        held = last - (last - self._ring) % self.window  # the position that each ring entry holds; negative: none yet
        inside = (held >= 0) & (held > position[:, None] - self.window)
        return MemoryView(self.kv[slots], self.present[slots] & inside[..., None], position)

    def write(self, slots: Tensor, entries: NewEntries) -> None:
        """Append one turn to each of `slots` (long [R], no slot twice)."""
        index = self.count[slots] % self.window
        self.kv[slots, :, :, index] = entries.kv
        self.present[slots, index] = entries.present
        self.count[slots] += 1
