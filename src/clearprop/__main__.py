"""python -m clearprop: the command `clearprop`."""

from __future__ import annotations

from clearprop.cli import main

if __name__ == "__main__":
    main()
