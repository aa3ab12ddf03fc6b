"""SVG of networks, matrices and curves from plain numbers: every node, edge and cell has an id."""

from __future__ import annotations

from clearprop.drawing.bars import Bar, bars
from clearprop.drawing.curves import Best, Series, curves
from clearprop.drawing.heat import heat
from clearprop.drawing.network import Writing, network
from clearprop.drawing.scatter import histogram, scatter
from clearprop.drawing.style import stylesheet

__all__ = [
    "Bar",
    "Best",
    "Series",
    "Writing",
    "bars",
    "curves",
    "heat",
    "histogram",
    "network",
    "scatter",
    "stylesheet",
]
