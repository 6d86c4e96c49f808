"""What computes where: a bundle's students and its fusion, for a CPU or for a GPU. Chosen here and nowhere else."""

import torch

from engine.bundle import Bundle
from engine.cuda.fusion import GraphFusion
from engine.cuda.students import GraphStudents
from engine.encoder import Students
from engine.fusion import Fusion, HostFusion
from engine.hoststudents import HostStudents
from engine.precision import Precision, chosen


def placed(
    bundle: Bundle, device: torch.device, slots: int, precision: Precision, lanes: int
) -> tuple[Students, Fusion]:
    """slots: of the fusion's memory; lanes: students that run at once on a CPU. Raises DeviceError."""
    dtype = chosen(precision, device)
    if device.type == "cuda":
        return GraphStudents(bundle, device, dtype), GraphFusion(bundle.fusion, slots, device, dtype)
    return HostStudents(bundle, dtype, lanes), HostFusion(bundle.fusion, slots)
