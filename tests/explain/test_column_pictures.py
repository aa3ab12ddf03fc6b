"""Pictures of networks that begin with column layers: they start with what layer 1 takes in."""

from __future__ import annotations

import pytest

from clearprop.explain.pictures import marks, matrices, network, operations
from clearprop.explain.pictures.columns import units
from clearprop.explain.ref import Ref
from clearprop.explain.render import render
from clearprop.network.columns import Embedding, Periodic, PiecewiseLinear, Plain
from tests.explain.columns import model, step

LAYERS = [Plain(1), Periodic(2, outputs=1, frequencies=2), Embedding(1, categories=2, outputs=2)]
# e and h: x[1]; x[2], x[3], v of both; v of the category, two numbers.


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        (Ref("x", 0, (1, 1)), [1]),
        (Ref("x", 0, (1, 3)), [3, 5]),
        (Ref("x", 0, (1, 4)), [6, 7]),
        (Ref("zc", 2, (1, 3)), [3, 5]),
        (Ref("Uc", 2, (2, 1)), [2, 4]),
        (Ref("cc", 2, (2,)), [5]),
        (Ref("dE/dvc", 2, (1, 1)), [4]),
        (Ref("m_Tc", 3, (2, 1)), [6, 7]),
        (Ref("vc", 3, (1, 2)), [7]),
        (Ref("scale", 0, (3,)), [3]),
        (Ref("h"), [1, 2, 3, 4, 5, 6, 7]),
        (Ref("Wc", 2), [2, 3, 4, 5]),
    ],
)
def test_where_a_quantity_is(ref: Ref, expected: list[int]) -> None:
    assert units(step(LAYERS).network, ref) == expected


def test_every_quantity_lights_something_that_is_drawn() -> None:
    trace = step(LAYERS)
    explanation = trace.explain(form="scalar")
    drawn = str(network(explanation)) + str(matrices(explanation))
    for section in explanation.sections:
        for line in section.lines:
            if line.ref.of_columns:
                lit = marks(trace, [line])
                assert any(f'"network {id_}"' in drawn or id_ in drawn for id_ in lit.network), line.ref


def test_the_network_is_drawn_from_what_layer_1_takes_in() -> None:
    layers = [Plain(1), Periodic(1, outputs=1, frequencies=2)]
    alone, batch = step(layers), step(layers, rows=2)
    assert "h₃" in str(network(alone.explain())) and "h[3]" in str(network(batch.explain()))


def test_a_small_one_has_a_graph() -> None:
    small = step([Plain(1)], scale=False)
    drawn = operations(small.explain())
    assert drawn is not None and "h[1]" in drawn


def test_where_there_is_no_room_nothing_breaks() -> None:
    wide = step(
        [Periodic(40, outputs=3, frequencies=4), PiecewiseLinear(3, bins=30), Embedding(2, categories=50)], rows=3
    )
    assert wide.network.width > 64
    assert "<svg" in render(wide.explain(form="matrix"), "html") and "…" in str(wide.explain())
    assert "<svg" in model(wide.network.columns, scale=True)._repr_svg_()
    assert str(model(wide.network.columns, scale=True))
