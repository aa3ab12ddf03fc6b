"""The quantities of a sheet by the names that its document gives them, each from what the reference engine records."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import step
from clearprop.examples import load
from clearprop.network.parameters import Parameters

Quantities = dict[str, Any]


@cache
def parameters(name: str, updates: int) -> Parameters:
    """The parameters of an example after so many updates from all samples."""
    sheet = load(name)
    if updates == 0:
        return sheet.model.parameters
    engine = "reference" if updates < 100 else "native"
    end = cp.train(sheet.model, sheet.X, sheet.Y, optimizer=sheet.optimizer, epochs=updates, engine=engine)
    return end.model.parameters


@cache
def quantities(name: str, updates: int) -> Quantities:
    """What the claims of an example speak of, after so many updates."""
    sheet, now = load(name), parameters(name, updates)
    seen: dict[str, Array] = {}
    step(now, Samples(sheet.X, sheet.Y), record=seen.__setitem__)
    W = dict(enumerate(now.weights, 1))
    return OF_NOTATION[sheet.notation](seen, W, sheet.Y, parameters(name, updates + 1).weights if updates < 9 else [])


def numbered(matrices: Any) -> list[float]:
    """Weights in the order of document 000: unit by unit through the network."""
    return [float(w) for W in matrices for w in W.T.ravel()]


def net_out(seen: dict[str, Array], W: dict[int, Array], y: Array, after: list[Array]) -> Quantities:
    found: Quantities = {"E": seen["E"]}
    for layer, unit in ((1, "h"), (2, "o")):
        z, a, delta = (seen[f"{letter}{layer}"][0] for letter in ("z", "a", "delta"))
        for j in range(len(z)):
            found |= {f"net_{unit}{j + 1}": z[j], f"out_{unit}{j + 1}": a[j], f"delta_{unit}{j + 1}": delta[j]}
            found[f"dout_{unit}{j + 1}/dnet_{unit}{j + 1}"] = a[j] * (1 - a[j])
    error, delta = seen["a2"][0] - y[0], seen["delta2"][0]
    for k in range(len(error)):
        found |= {f"E_o{k + 1}": error[k] ** 2 / 2, f"dE/dout_o{k + 1}": error[k]}
        found |= {f"dE_o{k + 1}/dout_h{j + 1}": delta[k] * W[2][j, k] for j in range(len(W[2]))}
    found |= {f"dE/dout_h{j + 1}": W[2][j] @ delta for j in range(len(W[2]))}
    found |= {f"dE/dw{k}": g for k, g in enumerate(numbered([seen["dE/dW1"], seen["dE/dW2"]]), 1)}
    return found | {f"w{k}'": w for k, w in enumerate(numbered(after), 1)}


def matrix_columns(seen: dict[str, Array], W: dict[int, Array], y: Array, after: list[Array]) -> Quantities:
    found: Quantities = {"Z_y": seen["z2"][0, 0], "Y_hat": seen["a2"][0, 0], "L": seen["E"]}
    now = {"{}": W, "{}'": dict(enumerate(after, 1)), "dL/d{}": {1: seen["dE/dW1"], 2: seen["dE/dW2"]}}
    for to in (1, 2):
        found |= {f"h_{to}": seen["z1"][0, to - 1], f"Z_{to}": seen["a1"][0, to - 1]}
        for name, matrices in now.items():
            if matrices:
                found[name.format(f"W_h{to}")] = matrices[2][to - 1, 0]
                found |= {name.format(f"W{to}{source}"): matrices[1][source - 1, to - 1] for source in (1, 2)}
    return found


def matrix(seen: dict[str, Array], W: dict[int, Array], y: Array, after: list[Array]) -> Quantities:
    """Its error is target minus output, so that its deltas have the other sign."""
    a1, output, d_output = seen["a1"], seen["a2"], -seen["delta2"]
    return {
        "hidden_layer_input": seen["z1"],
        "hiddenlayer_activations": a1,
        "output": output,
        "slope_output_layer": output * (1 - output),
        "d_output": d_output,
        "Error_at_hidden_layer": d_output @ W[2].T,
        "d_hiddenlayer": -seen["delta1"],
    }


def threshold(seen: dict[str, Array], W: dict[int, Array], y: Array, after: list[Array]) -> Quantities:
    yhat = seen[f"a{len(W)}"]
    return {"yhat": yhat, "yhat_1": yhat[0, 0]}


OF_NOTATION: dict[str, Callable[..., Quantities]] = {
    "net-out": net_out,
    "matrix-columns": matrix_columns,
    "matrix": matrix,
    "threshold": threshold,
}


def flat(written: Any) -> list[Any]:
    """The written numbers of a claim, row by row."""
    return [one for row in written for one in flat(row)] if isinstance(written, tuple) else [written]


def true(name: str, claim_id: str, updates: int) -> list[float]:
    """The true numbers of a claim, row by row."""
    numbers: list[float] = np.ravel(quantities(name, updates)[claim_id]).tolist()
    return numbers
