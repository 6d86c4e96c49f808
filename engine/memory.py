"""The ring memory of dialogues: keys and values of the last W turns, one slot for each open dialogue."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class MemoryView:
    """What B dialogues remember: good until the next write.

    kv, slots: the whole ring memory, and which of its slots these are: a slice for one, long [B] for several.
    usable:    bool [B, W, 3], the entry is inside the window and its modality was present (MODALITIES order).
    position:  long [B], the position of the turn that comes next.
    """

    kv: Tensor
    slots: slice | Tensor
    usable: Tensor
    position: Tensor

    def keys_values(self, paths: slice) -> tuple[Tensor, Tensor]:
        """Of some paths, [B, P, heads, W, head_dim] each, in ring order; those of one dialogue are not copied."""
        return self.kv[self.slots, 0, paths], self.kv[self.slots, 1, paths]


@dataclass(frozen=True, slots=True, eq=False)
class NewEntries:
    """What one turn of each of B dialogues leaves behind. kv: [B, 2, paths, heads, head_dim]; present: bool [B, 3]."""

    kv: Tensor
    present: Tensor

    def rows(self, index: Sequence[int]) -> "NewEntries":
        """Only the rows at `index`."""
        return NewEntries(self.kv[index], self.present[index])


class RingMemory:
    """Fixed memory for many dialogues. The turn at position p lies at ring index p % W, so memory never grows.

    usable: bool [slots, W, 3], what the next turn sees: W - 1 turns at most, since it sees itself too.

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
        self.kv = torch.zeros(slots, 2, paths, heads, window, head_dim, device=device, dtype=dtype)
        self.usable = torch.zeros(slots, window, 3, device=device, dtype=torch.bool)
        self.count = torch.zeros(slots, device=device, dtype=torch.long)

    def clear(self, slot: int) -> None:
        """Forget everything in a slot."""
        for part in (self.kv, self.usable, self.count):
            part[slot].zero_()

    def view(self, slots: Sequence[int]) -> MemoryView:
        """What the dialogues in `slots` remember."""
        if len(slots) == 1:
            one = slice(slots[0], slots[0] + 1)
            return MemoryView(self.kv, one, self.usable[one], self.count[one])
        return self.gather(torch.tensor(slots, device=self.count.device))

    def gather(self, slots: Tensor) -> MemoryView:
        """The same for slots [B] on the memory's device."""
        return MemoryView(self.kv, slots, self.usable[slots], self.count[slots])

    def write(self, slots: Sequence[int], entries: NewEntries) -> None:
        """Append one turn to each of `slots`, no slot twice; what the turn after it can't see is no longer usable."""
        self.append(torch.tensor(slots, device=self.count.device), entries)

    def append(self, where: Tensor, entries: NewEntries) -> None:
        """The same for slots [B] on the memory's device; in a slot that is there twice, either turn comes to lie."""
        index = self.count[where] % self.window
        self.kv[where, :, :, :, index] = entries.kv
        self.usable[where, index] = entries.present
        self.count[where] += 1
        # A False from the host would have to be copied to a GPU, and waited for.
        self.usable[where, (index + 1) % self.window] = entries.present.new_zeros(())
