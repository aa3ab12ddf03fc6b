"""Estimators on scikit-learn's contract."""

from __future__ import annotations

from clearprop.estimators.autoencoder import Autoencoder
from clearprop.estimators.classifier import MLPClassifier
from clearprop.estimators.perceptron import Perceptron
from clearprop.estimators.regressor import MLPRegressor
from clearprop.estimators.searches import together

__all__ = ["Autoencoder", "MLPClassifier", "MLPRegressor", "Perceptron", "together"]
