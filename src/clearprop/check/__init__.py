"""Checking what others computed."""

from __future__ import annotations

from clearprop.check.gradient_report import GradientReport, GradientRow
from clearprop.check.gradients import check_gradients

__all__ = ["GradientReport", "GradientRow", "check_gradients"]
