"""SVG of networks, matrices and curves from plain numbers: every node, edge and cell has an id."""

from __future__ import annotations

from clearprop.drawing.bars import Bar, bars
from clearprop.drawing.curves import Best, Series, curves
from clearprop.drawing.function import function
from clearprop.drawing.graph import Node, graph
from clearprop.drawing.heat import heat
from clearprop.drawing.matrix import Cell, Matrix, matrices, matrix
from clearprop.drawing.network import Tag, Writing, network
from clearprop.drawing.scatter import histogram, scatter
from clearprop.drawing.spread import Spread, spreads
from clearprop.drawing.style import inset_style, page_style, standalone, stylesheet

__all__ = [
    "Bar",
    "Best",
    "Cell",
    "Matrix",
    "Node",
    "Series",
    "Spread",
    "Tag",
    "Writing",
    "bars",
    "curves",
    "function",
    "graph",
    "heat",
    "histogram",
    "inset_style",
    "matrices",
    "matrix",
    "network",
    "page_style",
    "scatter",
    "spreads",
    "standalone",
    "stylesheet",
]
