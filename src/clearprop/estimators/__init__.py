"""Estimators on scikit-learn's contract."""

from __future__ import annotations

from clearprop.estimators.perceptron import Perceptron

__all__ = ["Perceptron"]
