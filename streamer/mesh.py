"""MediaPipe's face mesh, also for the many small faces of a shared call."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol, cast

import numpy as np
import numpy.typing as npt

Landmarks = npt.NDArray[np.float32]
_PICTURES_BETWEEN_LOOKS: Final = 5
_stderr_lock = Lock()


class FaceMesh:
    """Landmarks of the faces in the pictures of one track. May be used from any thread, but from one at a time.

    Known faces are followed from picture to picture. Every fifth picture, and whenever fewer faces are followed than
    before, the whole picture is searched, by MediaPipe's full-range detector instead of the short-range one that its
    own solution has: that one misses faces under an eighth of the picture's longer side, this one under a fifteenth.
    """

    def __init__(self, max_faces: int) -> None:
        self._max_faces = max_faces
        self._followed = 0
        self._until_look = 0
        with _native_noise_silenced():
            self._graph = _make_graph(max_faces)
            self._graph.process({"image": np.zeros((64, 64, 3), np.uint8), "look": True})

    def find(self, image: npt.NDArray[np.uint8]) -> list[Landmarks]:
        """Landmarks [468, 2] of each face in a picture, uint8 [H, W, 3] RGB, as shares of the picture."""
        look = self._until_look == 0
        found = self._process(image, look=look)
        if len(found) < self._followed and not look:
            look, found = True, self._process(image, look=True)
        since = _PICTURES_BETWEEN_LOOKS if look else self._until_look
        self._until_look = since - 1 if found else 0
        self._followed = len(found)
        return found

    def close(self) -> None:
        """Frees the model."""
        self._graph.close()

    def _process(self, image: npt.NDArray[np.uint8], *, look: bool) -> list[Landmarks]:
        faces = self._graph.process({"image": image, "look": look}).multi_face_landmarks or ()
        return [_points(face) for face in faces[: self._max_faces]]


class _Point(Protocol):
    x: float
    y: float


class _Found(Protocol):
    landmark: list[_Point]


class _Result(Protocol):
    multi_face_landmarks: list[_Found] | None


class _Graph(Protocol):
    def process(self, inputs: dict[str, Any]) -> _Result: ...
    def close(self) -> None: ...


def _points(found: _Found) -> Landmarks:
    return np.array([(point.x, point.y) for point in found.landmark], np.float32)


def _make_graph(max_faces: int) -> _Graph:
    """The graph of MediaPipe's own FaceMesh solution, but for its detector and for when that is run: as we say."""
    import mediapipe
    from mediapipe.framework.calculator_pb2 import CalculatorGraphConfig
    from mediapipe.python.solution_base import SolutionBase

    file = Path(mediapipe.__file__).parent / "modules/face_landmark/face_landmark_front_cpu.binarypb"
    graph = CalculatorGraphConfig.FromString(file.read_bytes())
    graph.input_stream.append("look")
    for node in graph.node:
        if node.calculator == "FaceDetectionShortRangeCpu":
            node.calculator = "FaceDetectionFullRangeCpu"
        elif "DISALLOW:prev_has_enough_faces" in node.input_stream:
            node.input_stream[:] = ["image", "ALLOW:look"]
    unused = [node for node in graph.node if node.calculator == "NormalizedRectVectorHasMinSizeCalculator"]
    graph.node.remove(*unused)
    full_range = "facedetectionfullrangecpu__facedetectionfullrange__facedetection"
    made = SolutionBase(
        graph_config=graph,
        side_inputs={"num_faces": max_faces, "with_attention": False, "use_prev_landmarks": True},
        calculator_params={
            f"{full_range}__TensorsToDetectionsCalculator.min_score_thresh": 0.5,
            "facelandmarkcpu__ThresholdingCalculator.threshold": 0.5,
        },
        outputs=["multi_face_landmarks"],
    )
    return cast(_Graph, made)


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
