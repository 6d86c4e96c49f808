"""What goes to a GPU and back in one copy."""

import torch

from engine.cuda.packed import HOST, Packed, fetched

FIELDS = {
    "there": ((3,), torch.bool),
    "ids": ((2, 3), torch.long),
    "said": ((2, 5), torch.float32),
    "crops": ((1, 7), torch.uint8),
}


def test_each_part_has_its_own_room_and_one_copy_moves_them_all() -> None:
    sent, arrived = Packed.on_host(FIELDS, HOST), Packed(FIELDS, HOST)
    values = {
        "there": torch.tensor([True, False, True]),
        "ids": torch.arange(6).view(2, 3),
        "said": torch.rand(2, 5),
        "crops": torch.full((1, 7), 255, dtype=torch.uint8),
    }
    assert not any(part.any() for part in sent.parts.values())
    for name, value in values.items():
        sent.parts[name].copy_(value)
    sent.send(arrived)
    assert {name: (tuple(part.shape), part.dtype) for name, part in arrived.parts.items()} == FIELDS
    assert all(torch.equal(arrived.parts[name], value) for name, value in values.items())


def test_what_comes_back_has_its_shape_and_order() -> None:
    said = [torch.rand(3, 4), torch.rand(0, 4), torch.rand(2)]
    assert all(torch.equal(back, one) for back, one in zip(fetched(said), said, strict=True))
