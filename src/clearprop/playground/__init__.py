"""The playground: a page on this machine that trains a network and shows each update, number by number."""

from __future__ import annotations
