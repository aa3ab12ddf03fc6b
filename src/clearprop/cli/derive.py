"""clearprop derive: backpropagation derived for a network."""

from __future__ import annotations

from typing import Annotated

import typer

from clearprop.cli import arguments as take


def derive(
    layers: Annotated[
        str, typer.Argument(metavar="LAYERS", help='Inputs, then the units of each layer: "2-3-1".', show_default=False)
    ],
    hidden: Annotated[str, typer.Option(help="Activation of the hidden layers.")] = "sigmoid",
    output: Annotated[str, typer.Option(help="Activation of the last layer.")] = "sigmoid",
    loss: Annotated[str, typer.Option(help="What is minimised.")] = "half_squared_error",
    bias: Annotated[str, typer.Option(help="unit: one a unit; layer: one a layer; none.")] = "unit",
    l1: Annotated[float, typer.Option(help="Penalty on Σ|W|.")] = 0.0,
    l2: Annotated[float, typer.Option(help="Penalty on ½ΣW².")] = 0.0,
    optimizer: Annotated[str, typer.Option(help="What makes the update: sgd, adam, adamw or rmsprop.")] = "sgd",
    notation: take.InNotation = "canonical",
    language: take.InLanguage = take.Language.en,
    format: Annotated[str, typer.Option(help="text, markdown or latex.")] = "text",
) -> None:
    """Derive backpropagation for a network from the chain rule, symbol by symbol.

    Without a hidden layer, as in "2-1", it says why there is nothing to propagate back.
    """
    from clearprop.explain import derive
    from clearprop.explain.render.derivation import render
    from clearprop.network.spec import Network
    from clearprop.optimize.optimizers import optimizer_from_json

    network = Network.parse(layers, hidden=hidden, output=output, loss=loss, bias=bias, l1=l1, l2=l2)
    applied = optimizer_from_json({"kind": optimizer, "learning_rate": 0.1})
    derivation = derive(network, optimizer=applied, notation=notation, language=language.value)
    typer.echo(render(derivation, format).rstrip("\n"))
