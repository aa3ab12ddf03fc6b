"""Worked sheets: one step of a network in a TOML file, to explain, to play, or, with claims, to mark."""

from __future__ import annotations

from clearprop.sheet.reading import parse_sheet, read_sheet
from clearprop.sheet.sheet import Claim, Sheet
from clearprop.sheet.writing import write_sheet
from clearprop.sheet.written import Written

__all__ = ["Claim", "Sheet", "Written", "parse_sheet", "read_sheet", "write_sheet"]
