"""MediaPipe's face mesh, also for the many small faces of a shared call."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

Landmarks = npt.NDArray[np.float32]
Region = tuple[float, float, float, float]
"""Of a picture, in shares of its width and height: the middle, and the size."""
_WHOLE: Final[Region] = (0.5, 0.5, 1.0, 1.0)
_LOOK_EVERY: Final = 10
"""Pictures; half of it where regions are looked at in turn. A look costs as much as to follow two faces or three."""
_WIDE: Final = 1.5
_OVERLAP: Final = 1.1
_STEP: Final = 33_333  # pictures follow each other by so much on the graph's own clock, in microseconds
_BLANK: Final = np.zeros((64, 64, 3), np.uint8)
_stderr_lock = Lock()


class FaceMesh:
    """Landmarks of the faces in the pictures of one track. May be used from any thread, but from one at a time.

    Known faces are followed from picture to picture. New ones are looked for in the whole of every tenth picture, or
    in one of its regions in turn in every fifth where it is wide, and in the whole of any when a face is lost or there
    is none. Looking is done by MediaPipe's full-range detector, in square regions where the picture is wide, as a
    call's window is: the short-range detector of MediaPipe's own solution misses faces lower than a fifth of a wide
    picture, this one finds half of that.
    """

    def __init__(self, max_faces: int) -> None:
        self._max_faces = max_faces
        self._shape: tuple[int, ...] = ()
        self._pictures = 0
        self._followed = 0
        with _native_noise_silenced():
            _provoke_the_warning()
            self._graph = _Graph(max_faces)
            self._process(_BLANK, _WHOLE)

    def find(self, image: npt.NDArray[np.uint8]) -> list[Landmarks]:
        """Landmarks [468, 2] of each face in a picture, uint8 [H, W, 3] RGB, as shares of the picture."""
        looked = self._due(image)
        for region in looked or (None,):
            found = self._process(image, region)
        if len(found) < max(1, self._followed) and _WHOLE not in looked:
            found = self._process(image, _WHOLE)
        self._pictures += 1
        self._followed = len(found)
        return found

    def look_afresh(self) -> None:
        """Follows no known face into the next picture, and looks everywhere in it."""
        self._process(_BLANK, _WHOLE)
        self._shape, self._followed = (), 0

    def close(self) -> None:
        """Frees the model."""
        self._graph.close()

    def _due(self, image: npt.NDArray[np.uint8]) -> list[Region]:
        """Where to look for new faces in this picture: everywhere in the first of its size."""
        regions = look_regions(*image.shape[:2])
        if image.shape != self._shape:
            self._shape, self._pictures = image.shape, 0
            return regions
        turn, pause = divmod(self._pictures, _LOOK_EVERY if len(regions) == 1 else _LOOK_EVERY // 2)
        return [] if pause else [regions[turn % len(regions)]]

    def _process(self, image: npt.NDArray[np.uint8], region: Region | None) -> list[Landmarks]:
        return self._graph.process(image, region)[: self._max_faces]


def look_regions(height: int, width: int) -> list[Region]:
    """The whole picture and, where it is wide or tall, squares that cover it with some overlap."""
    short, long = sorted((height, width))
    if long < _WIDE * short:
        return [_WHOLE]
    count, side = math.ceil(_OVERLAP * long / short), short / long
    middles = np.linspace(side / 2, 1 - side / 2, count).tolist()
    squares = [(at, 0.5, side, 1.0) if width > height else (0.5, at, 1.0, side) for at in middles]
    return [_WHOLE, *squares]


class _Point(Protocol):
    x: float
    y: float


class _Found(Protocol):
    landmark: list[_Point]


class _Graph:
    """The graph of MediaPipe's own FaceMesh solution, with another detector that looks when and where it is told.

    It is run without MediaPipe's `SolutionBase`, which makes a class for each picture.
    """

    def __init__(self, max_faces: int) -> None:
        from mediapipe.python import CalculatorGraph, packet_creator

        self._graph = CalculatorGraph(graph_config=_graph_config())
        self._graph.observe_output_stream("multi_face_landmarks", self._keep)
        self._graph.start_run(
            {
                "num_faces": packet_creator.create_int(max_faces),
                "with_attention": packet_creator.create_bool(False),
                "use_prev_landmarks": packet_creator.create_bool(True),
            }
        )
        self._at = 0
        self._found: Any = None

    def process(self, image: npt.NDArray[np.uint8], region: Region | None) -> list[Landmarks]:
        """Follows known faces into a picture, and looks for new ones in a region of it, if one is given."""
        from mediapipe.framework.formats.rect_pb2 import NormalizedRect
        from mediapipe.python import ImageFormat, packet_creator, packet_getter

        x, y, width, height = region or _WHOLE
        self._at += _STEP
        self._found = None
        for stream, packet in (
            ("image", packet_creator.create_image_frame(image, image_format=ImageFormat.SRGB)),
            ("look", packet_creator.create_bool(region is not None)),
            ("roi", packet_creator.create_proto(NormalizedRect(x_center=x, y_center=y, width=width, height=height))),
        ):
            self._graph.add_packet_to_input_stream(stream, packet.at(self._at))
        self._graph.wait_until_idle()
        return [] if self._found is None else [_points(face) for face in packet_getter.get_proto_list(self._found)]

    def close(self) -> None:
        self._graph.close()

    def _keep(self, _stream: str, packet: object) -> None:
        self._found = packet


def _points(found: _Found) -> Landmarks:
    return np.array([(point.x, point.y) for point in found.landmark], np.float32)


def _graph_config() -> Any:
    import mediapipe
    from mediapipe.framework.calculator_pb2 import CalculatorGraphConfig

    modules = Path(mediapipe.__file__).parent / "modules"
    detector = CalculatorGraphConfig.FromString(
        (modules / "face_detection/face_detection_full_range_cpu.binarypb").read_bytes()
    ).node[0]
    graph = CalculatorGraphConfig.FromString((modules / "face_landmark/face_landmark_front_cpu.binarypb").read_bytes())
    for node in graph.node:
        if node.calculator == "FaceDetectionShortRangeCpu":
            node.calculator = detector.calculator
            node.node_options.extend(detector.node_options)
            node.input_stream.append("ROI:roi")
        elif "DISALLOW:prev_has_enough_faces" in node.input_stream:
            node.input_stream[:] = ["image", "ALLOW:look"]
    unused = [node for node in graph.node if node.calculator == "NormalizedRectVectorHasMinSizeCalculator"]
    graph.node.remove(*unused)
    graph.input_stream.extend(["look", "roi"])
    return graph


@cache
def _provoke_the_warning() -> None:
    """What MediaPipe's graph warns of once in a process, at the first face; nobody can act on it either."""
    from mediapipe.framework.calculator_pb2 import CalculatorGraphConfig
    from mediapipe.framework.formats.landmark_pb2 import NormalizedLandmarkList
    from mediapipe.framework.formats.rect_pb2 import NormalizedRect
    from mediapipe.python.solution_base import SolutionBase

    node = CalculatorGraphConfig.Node(
        calculator="LandmarkProjectionCalculator",
        input_stream=["NORM_LANDMARKS:from", "NORM_RECT:rect"],
        output_stream=["NORM_LANDMARKS:to"],
    )
    config = CalculatorGraphConfig(input_stream=["from", "rect"], output_stream=["to"], node=[node])
    graph = SolutionBase(graph_config=config)
    rect = NormalizedRect(x_center=0.5, y_center=0.5, width=1, height=1)
    graph.process({"from": NormalizedLandmarkList(landmark=[{}]), "rect": rect})
    graph.close()


@contextmanager
def _native_noise_silenced() -> Iterator[None]:
    """MediaPipe's libraries report their start on file descriptor 2, whatever their log level; nobody can act on it."""
    with _stderr_lock:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
