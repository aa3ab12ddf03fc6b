"""Models as modules of PyTorch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from clearprop.errors import needed
from clearprop.export.members import parts
from clearprop.export.pieces import OWN, Piece, pieces, tensors
from clearprop.model import Model

if TYPE_CHECKING:
    from clearprop.artefact import TableModel


def to_pytorch(model: Model | TableModel | Any) -> Any:
    """The module of PyTorch that computes what a model does, with copies of its weights.

    A Model becomes a `torch.nn.Sequential` of Linear, activation and Dropout modules, in evaluation mode; column layers
    become one module before these, which `from_pytorch` does not know. A layer's one bias becomes one a unit; a frozen
    bias does not ask for a gradient. An Ensemble becomes a module whose members are such. Of a TableModel it is the
    network alone: its inputs are those of `encoding.inputs(table)`, and `encoding.target.predicted` makes a number in
    its own unit of what it says. PyTorch's random numbers stay as they are.

    Raises:
        InputError: PyTorch is not installed, or something of the model has no module in it.
    """
    torch = needed("torch", "torch")
    given = parts(model)
    members = [_sequential(torch, member) for member in given.members]
    if len(members) == 1 and given.temperature == 1.0:
        return members[0].eval()
    own = import_module("clearprop.export.torch_modules")
    return own.Mean(members, given.temperature, two_sided=given.activation == "sigmoid").eval()


def _sequential(torch: Any, model: Model) -> Any:
    with torch.device("meta"):  # no memory, and no random numbers for weights that would be overwritten
        module = torch.nn.Sequential(*(_module(torch, piece) for piece in pieces(model)))
    named = {name: torch.tensor(array) for name, array in tensors(model).items()}
    module.load_state_dict(named, assign=True)
    linear = [one for one in module if isinstance(one, torch.nn.Linear)]
    for one, layer in zip(linear, model.network.layers, strict=True):
        if one.bias is not None:
            one.bias.requires_grad_(layer.train_bias)
    return module


def _module(torch: Any, piece: Piece) -> Any:
    home = import_module("clearprop.export.torch_modules") if piece.module in OWN else torch.nn
    arguments = [
        [_module(torch, part) if isinstance(part, Piece) else part for part in argument]
        if isinstance(argument, list)
        else argument
        for argument in piece.arguments
    ]
    return getattr(home, piece.module)(*arguments, **piece.options)
