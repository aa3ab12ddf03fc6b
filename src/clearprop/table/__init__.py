"""Tables: CSV, TSV, Parquet, Arrow and DataFrames -> matrices, and back to files.

table = read("people.csv")                                       # or from_frame(frame)
encoding = Encoding.learn(table, target="income", rows=training)  # statistics of the training rows alone
X, y = encoding.inputs(table), encoding.targets(table)
"""

from clearprop.table.column import Column
from clearprop.table.encoding import COPY, Encoding
from clearprop.table.frames import as_table, from_frame
from clearprop.table.in_parts import Parts, parts
from clearprop.table.reading import read
from clearprop.table.source import TableSource
from clearprop.table.table import Table
from clearprop.table.target import Target, all_missing, have, labelled
from clearprop.table.unseen import Newcomers, Unseen, unseen
from clearprop.table.writing import check_ending, write

__all__ = [
    "COPY",
    "Column",
    "Encoding",
    "Newcomers",
    "Parts",
    "Table",
    "TableSource",
    "Target",
    "Unseen",
    "all_missing",
    "as_table",
    "check_ending",
    "from_frame",
    "have",
    "labelled",
    "parts",
    "read",
    "unseen",
    "write",
]
