"""The text student as an ONNX graph of 8-bit products. It holds no weights: they are those of `text.safetensors`."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from engine.manifest import WEIGHTS
from engine.students import TextConfig

_CONTRIB: Final = "com.microsoft"  # ONNX Runtime's own operators
_OPSETS: Final = (helper.make_opsetid("", 20), helper.make_opsetid(_CONTRIB, 1))
_IR_VERSION: Final = 9  # read by every ONNX Runtime that knows opset 20
_MASK: Final = -2  # from the end: `Prompt.encode` ends with <mask> and [SEP]
_BERT_EPSILON: Final = 1e-12
_TORCH_EPSILON: Final = 1e-5
_BLOCKS: Final = (16, 128)  # how many numbers may share a scale


def text_graph(config: TextConfig) -> bytes:
    """ids int64 [B, L] without padding -> embedding [B, D] and logits [B, labels], as `TextStudent` at its mask.

    Weights stay the bytes that they are stored as; what they are multiplied with is rounded to 8 bits, a scale for each
    stretch of 128 numbers of each token: what is read of a row depends on nothing else. Raises ValueError for a student
    whose widths are no multiples of 16.
    """
    graph: bytes = _Builder(config).build().SerializeToString()
    return graph


class _Builder:
    """Adds nodes one by one; every method returns the name of what it computes."""

    def __init__(self, config: TextConfig) -> None:
        self._config = config
        self._nodes: list[NodeProto] = []
        self._tensors: dict[str, TensorProto] = {}

    def build(self) -> ModelProto:
        config = self._config
        x = self._embed()
        for layer in range(config.layers):
            x = self._layer(f"encoder.encoder.layer.{layer}", x, last=layer == config.layers - 1)
        x = self._node("Squeeze", x, self._constant("tokens", [1]))
        x = self._node("Gelu", self._linear("project.0", x, config.width, config.embedding))
        embedding = self._norm("project.2", x, config.embedding, _TORCH_EPSILON)
        head = self._dequantised("head", config.labels, config.embedding)
        logits = self._node("Gemm", embedding, head, self._vector("head.bias", config.labels), transB=1)
        outputs = [
            self._output(name, value, width)
            for name, value, width in (
                ("embedding", embedding, config.embedding),
                ("logits", logits, config.labels),
            )
        ]
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["B", "L"])
        graph = helper.make_graph(self._nodes, "text", [ids], outputs, list(self._tensors.values()))
        return helper.make_model(graph, opset_imports=_OPSETS, ir_version=_IR_VERSION)

    def _embed(self) -> str:
        config, name = self._config, "encoder.embeddings"
        rows, scales = self._matrix(f"{name}.word_embeddings", config.vocabulary, config.width)
        words = self._as_float(self._node("Gather", rows, "ids"))
        words = self._node("Mul", words, self._node("Gather", scales, "ids"))
        places = self._dequantised(f"{name}.position_embeddings", config.positions, config.width)
        length = self._node("Shape", "ids", start=1, end=2)
        places = self._node("Slice", places, self._constant("first", [0]), length)
        kinds = self._dequantised(f"{name}.token_type_embeddings", 2, config.width)
        kind = self._node("Gather", kinds, self._constant("kind", 0))
        x = self._node("Add", self._node("Add", words, kind), places)
        return self._norm(f"{name}.LayerNorm", x, config.width, _BERT_EPSILON)

    def _layer(self, name: str, x: str, *, last: bool) -> str:
        """One transformer layer; the last one asks for the state at the mask alone, which is all that is read."""
        width, hidden, attention = self._config.width, self._config.hidden, f"{name}.attention"
        key, value = (self._linear(f"{attention}.self.{part}", x, width, width) for part in ("key", "value"))
        if last:
            place = self._constant("mask", [_MASK]), self._constant("after", [_MASK + 1])
            x = self._node("Slice", x, *place, self._constant("tokens", [1]))
        query = self._linear(f"{attention}.self.query", x, width, width)
        found = self._node("MultiHeadAttention", query, key, value, domain=_CONTRIB, num_heads=self._config.heads)
        found = self._linear(f"{attention}.output.dense", found, width, width)
        x = self._norm(f"{attention}.output.LayerNorm", self._node("Add", found, x), width, _BERT_EPSILON)
        inner = self._node("Gelu", self._linear(f"{name}.intermediate.dense", x, width, hidden))
        inner = self._linear(f"{name}.output.dense", inner, hidden, width)
        return self._norm(f"{name}.output.LayerNorm", self._node("Add", inner, x), width, _BERT_EPSILON)

    def _linear(self, name: str, x: str, before: int, after: int) -> str:
        """A linear layer. Its operator takes bytes around 128, in blocks of one scale each: what is stored as one row
        with one scale is cut up when the graph is loaded."""
        block = min(before & -before, _BLOCKS[1])  # the largest power of two that divides it
        if block < _BLOCKS[0]:
            raise ValueError(f"{name} takes {before} numbers: for a graph it must be a multiple of {_BLOCKS[0]}")
        rows, scales = self._matrix(name, after, before)
        unsigned = self._node("Cast", rows, to=TensorProto.UINT8)
        unsigned = self._node("BitwiseXor", unsigned, self._constant("sign", np.array(128, np.uint8)))
        blocks = self._node("Reshape", unsigned, self._constant(f"{after} in blocks of {block}", [after, -1, block]))
        scales = self._node("Expand", scales, self._constant(f"{after} x {before}", [after, before // block]))
        bias = self._vector(f"{name}.bias", after)
        sizes = {"K": before, "N": after, "bits": 8, "block_size": block}
        int8_products = 4  # accuracy_level: how far x may be rounded
        return self._node(
            "MatMulNBits", x, blocks, scales, "", "", bias, domain=_CONTRIB, accuracy_level=int8_products, **sizes
        )

    def _norm(self, name: str, x: str, width: int, epsilon: float) -> str:
        weight, bias = (self._vector(f"{name}.{part}", width) for part in ("weight", "bias"))
        return self._node("LayerNormalization", x, weight, bias, axis=-1, epsilon=epsilon)

    def _dequantised(self, name: str, rows: int, columns: int) -> str:
        """A whole matrix in float32: computed once, when the graph is loaded."""
        matrix, scales = self._matrix(name, rows, columns)
        return self._node("Mul", self._as_float(matrix), scales)

    def _as_float(self, x: str) -> str:
        return self._node("Cast", x, to=TensorProto.FLOAT)

    def _matrix(self, name: str, rows: int, columns: int) -> tuple[str, str]:
        """A matrix as `engine.storage` keeps it: int8 rows, and their scales [rows, 1]."""
        weight, scale = f"{name}.weight", f"{name}.weight.scale"
        return self._stored(weight, TensorProto.INT8, [rows, columns]), self._stored(
            scale, TensorProto.FLOAT, [rows, 1]
        )

    def _vector(self, name: str, width: int) -> str:
        return self._stored(name, TensorProto.FLOAT, [width])

    def _stored(self, name: str, kind: int, shape: Sequence[int]) -> str:
        """A tensor of the weight file, by its name there; the graph says only what it looks like."""
        tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value=WEIGHTS[0])
        self._tensors[name] = tensor
        return name

    def _constant(self, name: str, value: npt.ArrayLike) -> str:
        self._tensors[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def _node(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        output = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def _output(self, name: str, value: str, width: int) -> Any:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", width])
