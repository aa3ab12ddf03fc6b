"""One step, taken apart: what happened, and how each book writes it."""

from __future__ import annotations

from clearprop.explain.derive import Derivation, derive
from clearprop.explain.explanation import Explanation
from clearprop.explain.trace import Quantity, Trace, trace

__all__ = ["Derivation", "Explanation", "Quantity", "Trace", "derive", "trace"]
