"""Marking worked sheets: which claims are right, and which mistakes explain those that are not."""

from __future__ import annotations

from clearprop.check.marking.marking import check_worksheet
from clearprop.check.marking.report import Mark, Mistake, WorksheetReport
from clearprop.check.marking.slips import IDS

__all__ = ["IDS", "Mark", "Mistake", "WorksheetReport", "check_worksheet"]
