"""Write two real tables that scikit-learn brings along: breast_cancer as CSV and digits as Parquet.

    python examples/make_demo_tables.py FOLDER

Every tenth row is held back in a second file (`..._unseen`), to predict on rows that training never saw.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
from sklearn.datasets import load_breast_cancer, load_digits


def breast_cancer() -> pl.DataFrame:
    """569 tumours: 30 measurements each, and the diagnosis in words."""
    bunch = load_breast_cancer()
    names = [str(name).replace(" ", "_") for name in bunch.feature_names]
    diagnosis = [str(bunch.target_names[index]) for index in bunch.target]
    return pl.DataFrame(bunch.data, schema=names, orient="row").with_columns(pl.Series("diagnosis", diagnosis))


def digits() -> pl.DataFrame:
    """1797 handwritten digits: 8 x 8 pixels from 0 to 16, row by row, and the digit."""
    bunch = load_digits()
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    pixels = pl.DataFrame(bunch.data, schema=names, orient="row").cast(pl.UInt8)
    return pixels.with_columns(pl.Series("digit", bunch.target, dtype=pl.Int64))


def main(folder: Path) -> None:
    """Write both tables, and the rows held back of each, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (("breast_cancer.csv", breast_cancer()), ("digits.parquet", digits())):
        held_back = pl.int_range(pl.len()) % 10 == 9
        stem, _, kind = name.partition(".")
        for path, rows in ((folder / name, ~held_back), (folder / f"{stem}_unseen.{kind}", held_back)):
            part = table.filter(rows)
            if kind == "csv":
                part.write_csv(path)
            else:
                part.write_parquet(path)
            print(f"wrote {path}: {part.height} rows, {part.width} columns")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
