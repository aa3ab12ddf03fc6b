"""The playground within a notebook's cell."""

from __future__ import annotations
