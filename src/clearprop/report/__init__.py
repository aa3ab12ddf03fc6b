"""The page that training writes: how good the model is, what it gets wrong, how it learnt, what it is."""

from __future__ import annotations

from clearprop.report.data import (
    ClassErrors,
    ClassResult,
    Column,
    History,
    Metric,
    NumberErrors,
    Report,
    Rows,
    Structure,
)
from clearprop.report.filling import of_fit
from clearprop.report.page import render

__all__ = [
    "ClassErrors",
    "ClassResult",
    "Column",
    "History",
    "Metric",
    "NumberErrors",
    "Report",
    "Rows",
    "Structure",
    "of_fit",
    "render",
]
