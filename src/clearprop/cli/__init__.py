"""The command line: one file a command."""

from clearprop.cli.app import main

__all__ = ["main"]
