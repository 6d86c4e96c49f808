"""How many cores the engine takes: side by side for its students, one thread for each."""

import os
from typing import Final

import onnxruntime
import torch

THREADS: Final = min(2, os.cpu_count() or 1)  # cores for the engine: more than two students never run at once


def one_thread_each() -> None:
    """Torch computes with one thread in each of ours: its pieces are too small here to be shared out."""
    torch.set_num_threads(1)


def session_options() -> onnxruntime.SessionOptions:
    """For a session of ONNX Runtime with as many threads as torch; they sleep while they wait, and do not spin.

    Only what is independent of the input is optimised: further fusions were measured to be slower here.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
