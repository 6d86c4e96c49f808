"""How many cores the engine takes: one setting for torch and for ONNX Runtime."""

from typing import Final

import onnxruntime
import torch

THREADS: Final = 1  # several runtimes beside each other, with several threads each, slow each other down


def set_threads(threads: int) -> None:
    """Sets torch's threads in this process; sessions made with `session_options` from now on have as many."""
    torch.set_num_threads(threads)


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
