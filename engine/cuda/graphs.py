"""CUDA graphs: work of fixed sizes that is captured once and launched as a whole."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, TypeVar

import torch
from torch import Tensor

from engine.cuda.packed import Fields, Packed
from engine.errors import DeviceError

Result = TypeVar("Result")

_WARM_UP: Final = 3  # calls before a capture: libraries make their handles, workspaces and plans in them


class Graphs:
    """Captures work for one device. All graphs of one share their memory: what one gave is lost when another runs."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._pool = torch.cuda.graph_pool_handle() if device.type == "cuda" else None
        self._stream = torch.cuda.Stream() if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def beside(self) -> AbstractContextManager[None]:
        """What is asked in it runs beside all else, until it is joined."""
        return torch.cuda.stream(self._stream)

    def join(self) -> None:
        """What is asked from now on comes after what was asked beside; the host does not wait."""
        if self._stream is not None:
            torch.cuda.current_stream().wait_stream(self._stream)

    def capture(self, work: Callable[[], Result]) -> Callable[[], Result]:
        """`work` as a graph, whose results lie in the same place each time; on a CPU `work` itself.

        It reads and writes the same tensors in each call, and never waits for the device. Raises DeviceError.
        """
        if self._pool is None:
            return work
        try:
            return self._captured(work)
        except RuntimeError as error:
            raise DeviceError(f"the GPU can't run the engine ({error}); give --device cpu") from error

    def _captured(self, work: Callable[[], Result]) -> Callable[[], Result]:
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.inference_mode(), torch.cuda.stream(beside):
            for _ in range(_WARM_UP):
                work()
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        # Only this thread must do nothing else meanwhile: others may have their own work on the device.
        with torch.inference_mode(), torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            result = work()

        def replay() -> Result:
            graph.replay()
            return result

        return replay


class Fixed:
    """A function of packed tensors to one tensor, of fixed sizes, as a graph."""

    def __init__(self, graphs: Graphs, fields: Fields, function: Callable[[Mapping[str, Tensor]], Tensor]) -> None:
        inputs = Packed(fields, graphs.device)
        self._fields, self._inputs, self._device = fields, inputs, graphs.device
        self._run = graphs.capture(lambda: function(inputs.parts))

    def blank(self) -> Packed:
        """Inputs to fill."""
        return Packed.on_host(self._fields, self._device)

    def __call__(self, inputs: Packed) -> Tensor:
        """The result on the device: good until any graph of these runs again."""
        inputs.send(self._inputs)
        return self._run()


def in_sizes(count: int, sizes: Sequence[int]) -> list[tuple[range, int]]:
    """So many rows in as few calls as the largest of `sizes` allows: each call's rows, and the size that holds them."""
    calls = [range(begin, min(begin + sizes[-1], count)) for begin in range(0, count, sizes[-1])]
    return [(rows, next(size for size in sizes if size >= len(rows))) for rows in calls]
