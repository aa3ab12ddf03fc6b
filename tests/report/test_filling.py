"""What a fit has come to, as the report has it."""

from __future__ import annotations

import numpy as np
import polars as pl

from clearprop.report.filling import of_fit
from clearprop.report.page import render
from clearprop.table import from_frame
from clearprop.tabular import fit, prepare


def test_what_layer_1_takes_in_bears_the_names_of_the_columns_it_is_made_of() -> None:
    rng = np.random.default_rng(0)
    size, sold = rng.normal(size=80), rng.integers(0, 2, 80) == 1
    table = from_frame(pl.DataFrame({"size": size, "sold": sold, "age": rng.normal(size=80), "price": size + sold}))
    fitted = fit(prepare(table, "price", recipe_name="quick", epochs=1))
    report = of_fit(fitted, source="table.csv", total=80, when="now")
    structure, members = report.structure, fitted.learnt.ensemble.members
    of_numbers = [f"{name} {v}" for name in ("size", "age") for v in ("v1", "v2", "v3")]
    made = ["size", "age", *of_numbers, "sold"]
    assert (structure.inputs, structure.sizes[0], structure.columns) == (made, 9, True)
    assert structure.parameters == sum(len(member.parameters.flat) for member in members)
    page = render(report)
    assert "from the columns" in page and "parameters of all members" in page and "size v1" in page
