"""Models for other tools, and from them: ONNX, PyTorch, scikit-learn."""

from clearprop.export.from_scikit import from_sklearn
from clearprop.export.from_torch import from_pytorch
from clearprop.export.onnx import to_onnx
from clearprop.export.pytorch import to_pytorch
from clearprop.export.script import write_pytorch

__all__ = ["from_pytorch", "from_sklearn", "to_onnx", "to_pytorch", "write_pytorch"]
