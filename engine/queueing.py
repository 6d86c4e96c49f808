"""A queue that is fair between owners: they take turns, and each one's items stay in order."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Lane(Generic[Item]):
    """Items of owners, the owner that comes next first. An owner has a place here only while it has items."""

    def __init__(self) -> None:
        self._items: dict[Hashable, deque[Item]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def first(self) -> Item:
        """What comes next; it stays here."""
        return next(iter(self._items.values()))[0]

    def of(self, owner: Hashable) -> Iterable[Item]:
        """An owner's items, in their order."""
        return self._items.get(owner, ())

    def push(self, owner: Hashable, item: Item) -> None:
        """An item behind all others of its owner."""
        self._items.setdefault(owner, deque()).append(item)
        self._size += 1

    def remove(self, owner: Hashable, item: Item) -> bool:
        """Take an item out; whether it was here."""
        items = self._items.get(owner, deque())
        if item not in items:
            return False
        items.remove(item)
        self._size -= 1
        if not items:
            del self._items[owner]
        return True

    def shift(self) -> Item:
        """The first item of the owner whose turn it is."""
        return self._pop(next(iter(self._items)))

    def take(self, kind: Callable[[Item], object], most: Callable[[Item], int]) -> list[Item]:
        """What comes next, with what is of its `kind` at the front of other owners: one each, then again.

        most: how many at most, by the first of them.
        """
        first = self.shift()
        taken, wanted, limit = [first], kind(first), most(first)
        while ready := [owner for owner, items in self._items.items() if kind(items[0]) is wanted]:
            for owner in ready:
                if len(taken) == limit:
                    return taken
                taken.append(self._pop(owner))
        return taken

    def clear(self) -> list[Item]:
        """All items, which are here no longer."""
        items = [item for items in self._items.values() for item in items]
        self._items.clear()
        self._size = 0
        return items

    def _pop(self, owner: Hashable) -> Item:
        """An owner's first item; the owner goes to the end of the line."""
        items = self._items.pop(owner)
        item = items.popleft()
        if items:
            self._items[owner] = items
        self._size -= 1
        return item
