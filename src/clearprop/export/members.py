"""What is exported, whichever it is: a model, an ensemble, or either of them with how its table is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clearprop.ensemble import Ensemble
from clearprop.errors import InputError
from clearprop.model import Model

if TYPE_CHECKING:
    from clearprop.table import Encoding


@dataclass(frozen=True)
class Exported:
    """The parts of what is exported.

    Attributes:
        members: one model, or those whose mean an ensemble is.
        temperature: what the mean's probabilities are sharpened by, 1 where they are not.
        encoding: how the columns of a table become inputs; None where the inputs come as they are.
    """

    members: tuple[Model, ...]
    temperature: float
    encoding: Encoding | None

    @property
    def dtype(self) -> str:
        return self.members[0].dtype

    @property
    def activation(self) -> str:
        """The last activation, which all members share."""
        return self.members[0].network.layers[-1].activation


def parts(given: Any) -> Exported:
    """The parts of a Model, an Ensemble or a TableModel; anything else is an `InputError`.

    >>> from clearprop.network.spec import Network
    >>> parts(Model.initialized(Network.parse("2-1"))).temperature
    1.0
    """
    from clearprop.artefact import TableModel

    encoding = given.encoding if isinstance(given, TableModel) else None
    model = given.model if isinstance(given, TableModel) else given
    if isinstance(model, Model):
        return Exported((model,), 1.0, encoding)
    if not isinstance(model, Ensemble):
        raise InputError(f"export: expected a Model, an Ensemble or a TableModel, got {type(given).__name__}")
    return Exported(model.members, model.temperature, encoding)
