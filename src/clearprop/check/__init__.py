"""Checking what others computed."""

from __future__ import annotations

from clearprop.check.gradient_report import GradientReport, GradientRow
from clearprop.check.gradients import check_gradients
from clearprop.check.marking import Mark, WorksheetReport, check_worksheet

__all__ = ["GradientReport", "GradientRow", "Mark", "WorksheetReport", "check_gradients", "check_worksheet"]
