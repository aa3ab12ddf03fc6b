"""The documents' own lines, in their own letters and with their own numbers."""

from __future__ import annotations

import pytest

import clearprop as cp
from clearprop.explain.explanation import Explanation
from clearprop.explain.expression import Number, Partial, Symbol
from clearprop.explain.names import Names
from clearprop.explain.render.numerals import given
from clearprop.explain.trace import Trace
from clearprop.explain.typeset import Piece, Text, write


def line(trace: Trace, notation: str, name: str, form: str = "scalar") -> str:
    """The formula of a quantity as a person would write it."""
    explanation = Explanation(trace, notation=notation, form=form)
    ref, _ = Names(trace, explanation.notation).find(name)
    shown = explanation.line(ref)
    assert shown.formula is not None

    def leaf(node: Symbol | Number | Partial) -> Piece:
        assert not isinstance(node, Partial)
        return Piece(given(node.value, 9) if isinstance(node, Number) else explanation.name(node.ref).text)

    return f"{shown.name.text} = {write(shown.formula, Text(), leaf)}"


def value(trace: Trace, notation: str, name: str) -> float:
    explanation = Explanation(trace, notation=notation)
    ref, _ = Names(trace, explanation.notation).find(name)
    return float(explanation.value(ref))


NET_OUT = cp.trace(
    cp.Model(
        cp.Network.parse("2-2-2", bias="layer", train_bias=False),
        [[[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]],
        [0.35, 0.60],
    ),
    [0.05, 0.10],
    [0.01, 0.99],
    optimizer=cp.SGD(0.5),
)
COLUMNS = cp.trace(
    cp.Model(cp.Network.parse("2-2-1", bias="none"), [[[0.1, 0.4], [0.8, 0.6]], [[0.3], [0.9]]], [None, None]),
    [0.35, 0.9],
    [0.5],
    optimizer=cp.SGD(0.01),
)
ROWS = cp.trace(
    cp.Model(
        cp.Network.parse("4-3-1", reduction="sum"),
        [
            [[0.42, 0.88, 0.55], [0.10, 0.73, 0.68], [0.60, 0.18, 0.47], [0.92, 0.11, 0.52]],
            [[0.30], [0.25], [0.23]],
        ],
        [[0.46, 0.72, 0.08], [0.69]],
    ),
    [[1, 0, 1, 0], [1, 0, 1, 1], [0, 1, 0, 1]],
    [[1], [1], [0]],
    optimizer=cp.SGD(0.1),
)
THRESHOLD = cp.trace(
    cp.Model(
        cp.Network.parse("2-2-2"), [[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6], [0.7, 0.8]]], [[-0.1, -0.2], [-0.3, -0.4]]
    ),
    [0.5, 1.0],
    [0.0, 1.0],
    optimizer=cp.SGD(0.1),
)
ONE_UNIT = cp.trace(
    cp.Model(cp.Network.parse("2-1", output="step", loss="perceptron"), [[[1.0], [1.0]]], [[-1.5]]), [1, 1], [1]
)
LINES = [
    # 000: net = w·i + b, ∂E/∂w5 = δ·out, w⁺ = w - η ∂E/∂w
    (NET_OUT, "net-out", "net_h1", "scalar", "net_h1 = w1·i1 + w2·i2 + b1"),
    (NET_OUT, "net-out", "net_o2", "scalar", "net_o2 = w7·out_h1 + w8·out_h2 + b2"),
    (NET_OUT, "net-out", "E_total", "scalar", "E = E_o1 + E_o2"),
    (NET_OUT, "net-out", "δ_o1", "scalar", "delta_o1 = dE/dout_o1·dout_o1/dnet_o1"),
    (NET_OUT, "net-out", "dE/dw5", "scalar", "dE/dw5 = delta_o1·out_h1"),
    (NET_OUT, "net-out", "dE/dout_h1", "scalar", "dE/dout_h1 = dE_o1/dout_h1 + dE_o2/dout_h1"),
    (NET_OUT, "net-out", "dE_o1/dout_h1", "scalar", "dE_o1/dout_h1 = delta_o1·w5"),
    (NET_OUT, "net-out", "w5+", "scalar", "w5' = w5 - eta·dE/dw5"),
    # 001: the thresholds are subtracted, and their gradient has the other sign
    (THRESHOLD, "threshold", "α_1", "scalar", "alpha_1 = v_11·x_1 + v_21·x_2"),
    (THRESHOLD, "threshold", "b_1", "scalar", "b_1 = 1 / (1 + exp(-(alpha_1 - gamma_1)))"),
    (THRESHOLD, "threshold", "β_2", "scalar", "beta_2 = w_12·b_1 + w_22·b_2"),
    (THRESHOLD, "threshold", "ŷ_2", "scalar", "yhat_2 = 1 / (1 + exp(-(beta_2 - theta_2)))"),
    (THRESHOLD, "threshold", "dŷ_2/dβ_2", "scalar", "dyhat_2/dbeta_2 = yhat_2·(1 - yhat_2)"),
    (THRESHOLD, "threshold", "dE/dw_12", "scalar", "dE/dw_12 = dE/dbeta_2·b_1"),
    (THRESHOLD, "threshold", "dE/dθ_1", "scalar", "dE/dtheta_1 = -dE/dbeta_1"),
    (THRESHOLD, "threshold", "θ_1'", "scalar", "theta_1' = theta_1 - eta·dE/dtheta_1"),
    (THRESHOLD, "threshold", "b", "matrix", "b = 1 / (1 + exp(-(alpha - gamma)))"),
    (ONE_UNIT, "threshold", "yhat_1", "scalar", "yhat_1 = 1"),
    # 002: samples are columns
    (COLUMNS, "matrix-columns", "h", "matrix", "h = W0·X"),
    (COLUMNS, "matrix-columns", "W_h1'", "scalar", "W_h1' = W_h1 - alpha·dL/dW_h1"),
    (COLUMNS, "matrix-columns", "h_1", "scalar", "h_1 = W11·X_1 + W12·X_2"),
    (COLUMNS, "matrix-columns", "dZ/dh", "matrix", "dZ/dh = Z ⊙ (1 - Z)"),
    (COLUMNS, "matrix-columns", "∇W0", "matrix", "dL/dW0 = delta_h·Xᵀ"),
    (COLUMNS, "matrix-columns", "dL/dZ", "matrix", "dL/dZ = W1ᵀ·delta_y"),
    (COLUMNS, "matrix-columns", "W0'", "matrix", "W0' = W0 - alpha·dL/dW0"),
    # 003: layer 1 is the input, W leads to, from
    (THRESHOLD, "ufldl", "z^(2)", "matrix", "z^(2) = W^(1)·x + b^(1)"),
    (THRESHOLD, "ufldl", "z_1^(3)", "scalar", "z_1^(3) = W_11^(2)·a_1^(2) + W_12^(2)·a_2^(2) + b_1^(2)"),
    (THRESHOLD, "ufldl", "dJ/dW_12^(2)", "scalar", "dJ/dW_12^(2) = delta_1^(3)·a_2^(2)"),
    (THRESHOLD, "ufldl", "dJ/db_1^(1)", "scalar", "dJ/db_1^(1) = delta_1^(2)"),
    (THRESHOLD, "ufldl", "dJ/da^(2)", "matrix", "dJ/da^(2) = W^(2)ᵀ·delta^(3)"),
    (THRESHOLD, "nielsen", "dC/dw^3_12", "scalar", "dC/dw^3_12 = delta^3_1·a^2_2"),
    # 004: the error is y - output, and what is learnt is added
    (ROWS, "matrix", "hidden_layer_input", "matrix", "hidden_layer_input = X·wh + bh"),
    (ROWS, "matrix", "E", "matrix", "E = y - output"),
    (ROWS, "matrix", "slope_output_layer", "matrix", "slope_output_layer = output ⊙ (1 - output)"),
    (ROWS, "matrix", "d_output", "matrix", "d_output = E ⊙ slope_output_layer"),
    (ROWS, "matrix", "Error_at_hidden_layer", "matrix", "Error_at_hidden_layer = d_output·woutᵀ"),
    (ROWS, "matrix", "d_hiddenlayer", "matrix", "d_hiddenlayer = Error_at_hidden_layer ⊙ slope_hidden_layer"),
    (ROWS, "matrix", "d_wout", "matrix", "d_wout = hiddenlayer_activationsᵀ·d_output"),
    (ROWS, "matrix", "wout'", "matrix", "wout' = wout + lr·d_wout"),
    (ROWS, "matrix", "bh'", "matrix", "bh' = bh + lr·d_bh"),
]


@pytest.mark.parametrize(("trace", "notation", "name", "form", "text"), LINES, ids=[entry[-1] for entry in LINES])
def test_a_line_is_the_document_s(trace: Trace, notation: str, name: str, form: str, text: str) -> None:
    assert line(trace, notation, name, form) == text


@pytest.mark.parametrize(
    ("trace", "notation", "name", "number"),
    [
        (NET_OUT, "net-out", "∂E/∂w5", 0.082167041),
        (NET_OUT, "net-out", "w5⁺", 0.358916480),
        (NET_OUT, "net-out", "∂E_o1/∂out_h1", 0.055399425),
        (COLUMNS, "matrix-columns", "h_1", 0.755),
        (COLUMNS, "matrix-columns", "∂L/∂W12", 0.002388990),  # the document's has the cells exchanged
        (COLUMNS, "matrix-columns", "W_h1'", 0.2997233),
        (ROWS, "matrix", "E[3]", -0.78933532),
        (ROWS, "matrix", "d_hiddenlayer[3,1]", -0.00594757),
        (ROWS, "matrix", "wh'[1,1]", 0.42023320),
        (ROWS, "matrix", "bout'[1]", 0.68363224),
        (THRESHOLD, "threshold", "γ_1", 0.1),
    ],
)
def test_a_number_is_the_document_s(trace: Trace, notation: str, name: str, number: float) -> None:
    assert value(trace, notation, name) == pytest.approx(number, abs=2e-7)


def test_a_penalty_joins_the_cost() -> None:
    network = cp.Network.parse("2-2-1", l2=0.1)
    trace = cp.trace(cp.Model.initialized(network, seed=0), [0.5, 1.0], [1.0], optimizer=cp.SGD(0.1))
    assert line(trace, "ufldl", "J") == "J = J_0 + R"
    assert line(trace, "nielsen", "C") == "C = C_0 + R"
    assert line(trace, "nielsen", "w^2_12'") == "w^2_12' = w^2_12 - eta·dC/dw^2_12"


def test_a_threshold_s_gradient_is_the_bias_s_with_the_other_sign() -> None:
    assert value(THRESHOLD, "threshold", "dE/dgamma_1") == -THRESHOLD["dE/db1[1]"].value
    assert value(THRESHOLD, "threshold", "gamma_1'") == -THRESHOLD["b1'[1]"].value
