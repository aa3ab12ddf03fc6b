"""A graph of ONNX while it is built: nodes, constants, and a name of its own for each value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from clearprop.errors import needed

ML = "ai.onnx.ml"


class Graph:
    """Nodes in the order in which they are computed, and the constants that they take.

    `real` is the float type of the part that is being built; values are named by where they come from, as
    "layer1/z", and no two have one name.
    """

    def __init__(self, real: DTypeLike) -> None:
        self.onnx = needed("onnx", "onnx")
        self.real = np.dtype(real)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._names: set[str] = set()

    def name(self, hint: str) -> str:
        """A name like `hint` that no other value has."""
        name, number = hint, 1
        while name in self._names:
            name, number = f"{hint}_{number}", number + 1
        self._names.add(name)
        return name

    def constant(self, value: ArrayLike, hint: str, dtype: DTypeLike | None = None) -> str:
        """The name of a constant; of the graph's float type unless said otherwise."""
        array = np.asarray(value, dtype=self.real if dtype is None else dtype)
        name = self.name(hint)
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        return name

    def add(self, operator: str, *inputs: str, to: str, domain: str = "", **attributes: Any) -> str:
        """The value of an operator's only output, named like `to`."""
        return self._append(operator, inputs, to, domain, attributes)

    def cast(self, value: str, dtype: DTypeLike, to: str) -> str:
        """A value in another type."""
        return self._append("Cast", (value,), to, "", {"to": self.element(dtype)})

    def element(self, dtype: DTypeLike) -> int:
        """ONNX's number of a NumPy type."""
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def needed_for(self, outputs: Iterable[str]) -> list[Any]:
        """The nodes that some outputs depend on, in their order."""
        wanted, kept = set(outputs), []
        for node in reversed(self.nodes):
            if wanted.intersection(node.output):
                wanted.update(node.input)
                kept.append(node)
        return kept[::-1]

    def _append(
        self, operator: str, inputs: tuple[str, ...], hint: str, domain: str, attributes: dict[str, Any]
    ) -> str:
        output = self.name(hint)
        node = self.onnx.helper.make_node(operator, list(inputs), [output], name=output, domain=domain, **attributes)
        self.nodes.append(node)
        return output
