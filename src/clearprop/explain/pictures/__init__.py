"""A step as pictures: the network, the matrices and the computational graph, lit where something is computed."""

from __future__ import annotations

from clearprop.explain.pictures.graph import edges, operations
from clearprop.explain.pictures.marks import Marks, marks
from clearprop.explain.pictures.matrices import grids, matrices
from clearprop.explain.pictures.network import network

__all__ = ["Marks", "edges", "grids", "marks", "matrices", "network", "operations"]
