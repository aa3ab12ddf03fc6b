"""A model as a file of Python that builds a module of PyTorch, and a file of its weights."""

from __future__ import annotations

import ast
import json
import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearprop import __version__
from clearprop.container import replacing
from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.export.members import Exported, parts
from clearprop.export.pieces import OWN, pieces, tensors
from clearprop.model import Model

if TYPE_CHECKING:
    from clearprop.artefact import TableModel
    from clearprop.table import Encoding

WIDTH = 116


def write_pytorch(model: Model | TableModel | Any, path: str | os.PathLike[str]) -> Path:
    """Writes a file of Python whose `build()` gives the module that `to_pytorch` would, and the weights beside it.

    The weights of `net.py` are in `net_weights.safetensors`. Both appear whole, or neither does. Neither clearprop nor
    PyTorch is needed to write them, nor clearprop to run them; nothing is pickled.

    Args:
        model: a Model, an Ensemble or a TableModel, of which the file has the network, and the names of its inputs and
            classes.
        path: of the file of Python, ending in ".py".

    Returns:
        The path of the weights.

    Raises:
        InputError: the ending is another, the files cannot be written, or something of the model has no module.

    >>> import tempfile
    >>> from clearprop.network.spec import Network
    >>> place = Path(tempfile.mkdtemp()) / "net.py"
    >>> write_pytorch(Model.initialized(Network.parse("2-3-1")), place).name
    'net_weights.safetensors'
    """
    from safetensors.numpy import save

    script = Path(path)
    weights = weights_path(script)
    given = parts(model)
    text, numbers = _script(given, weights.name), save(_tensors(given))
    with replacing(weights) as beside, replacing(script) as file:
        beside.write(numbers)
        file.write(text.encode())
    return weights


def weights_path(script: Path) -> Path:
    """Where the weights of a file of Python are.

    >>> weights_path(Path("net.onnx"))
    Traceback (most recent call last):
    clearprop.errors.InputError: net.onnx: expected a name that ends in .py, for the file of Python
    """
    if script.suffix != ".py":
        raise InputError(f"{script}: expected a name that ends in .py, for the file of Python")
    return script.with_name(f"{script.stem}_weights.safetensors")


def _tensors(given: Exported) -> dict[str, Array]:
    if _is_plain(given):
        return tensors(given.members[0])
    each = (tensors(member) for member in given.members)
    return {f"members.{m}.{name}": array for m, named in enumerate(each) for name, array in named.items()}


def _is_plain(given: Exported) -> bool:
    return len(given.members) == 1 and given.temperature == 1.0


def _script(given: Exported, weights: str) -> str:
    built = [_sequential(member) for member in given.members]
    if _is_plain(given):
        module = built[0]
    else:
        listed = textwrap.indent(",\n".join(built) + ",", " " * 8)
        options = f"    temperature={given.temperature!r},\n    two_sided={given.activation == 'sigmoid'},\n"
        module = f"Mean(\n    [\n{listed}\n    ],\n{options})"
    used = {name for member in given.members for piece in pieces(member) for name in piece.modules}
    used |= set() if _is_plain(given) else {"Mean"}
    head = [
        f'"""{_about(given)}\n"""',
        "from pathlib import Path\n\nimport torch\nfrom safetensors.torch import load_file\nfrom torch import nn",
        f"WEIGHTS = Path(__file__).with_name({json.dumps(weights, ensure_ascii=False)})" + _constants(given.encoding),
    ]
    rest = [
        *(_own_module(name) for name in OWN if name in used),
        'def build() -> nn.Module:\n    """The module with its weights, in evaluation mode."""\n'
        '    with torch.device("meta"):  # the weights come from the file\n'
        f"        module = {textwrap.indent(module, ' ' * 8).lstrip()}\n"
        "    module.load_state_dict(load_file(WEIGHTS), assign=True)\n    return module.eval()",
        'if __name__ == "__main__":\n    print(build())',
    ]
    return "\n\n".join(head) + "\n\n\n" + "\n\n\n".join(rest) + "\n"


def _sequential(model: Model) -> str:
    return "nn.Sequential(\n" + "".join(f"    {piece},\n" for piece in pieces(model)) + ")"


def _own_module(name: str) -> str:
    """The source of one of the modules that PyTorch lacks, without PyTorch."""
    source = Path(__file__).with_name("torch_modules.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return str(ast.get_source_segment(source, node)).replace("Iterable[nn.Module]", "list[nn.Module]")
    raise LookupError(name)


def _about(given: Exported) -> str:
    paragraphs = [f"A network of clearprop {__version__} as a module of PyTorch: build() gives it with its weights."]
    if given.encoding is not None:
        said = "the probabilities of CLASSES"
        if not given.encoding.classes:
            said = "z; z * DEVIATION + MEAN, held between LOWEST and HIGHEST, is the prediction"
        paragraphs.append(
            "It takes the columns of a table as clearprop encodes them, in the order of INPUTS, as "
            f"clearprop.TableModel.load(FILE).encoding.inputs(TABLE) gives them. What it gives is {said}."
        )
    paragraphs.append("It needs: pip install torch safetensors")
    return "\n\n".join(textwrap.fill(paragraph, WIDTH) for paragraph in paragraphs)


def _constants(encoding: Encoding | None) -> str:
    if encoding is None:
        return ""
    inputs = "".join(f"    {name!r},\n" for name in encoding.input_names)
    written = f"\nINPUTS = [\n{inputs}]"
    if encoding.task == "classes":
        return written + "\nCLASSES = [\n" + "".join(f"    {label!r},\n" for label in encoding.classes) + "]"
    target = encoding.target
    unit = f"\nMEAN, DEVIATION = {target.mean!r}, {target.deviation!r}"
    return f"{written}{unit}\nLOWEST, HIGHEST = {target.low!r}, {target.high!r}"
