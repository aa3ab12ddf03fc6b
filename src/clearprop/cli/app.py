"""The command `clearprop`: its subcommands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import clearprop
from clearprop.cli.bench import bench
from clearprop.cli.bench_accuracy import bench_accuracy
from clearprop.cli.bench_distributed import bench_distributed
from clearprop.cli.bench_stream import bench_stream
from clearprop.cli.check import check
from clearprop.cli.derive import derive
from clearprop.cli.evaluate import evaluate
from clearprop.cli.examples import examples
from clearprop.cli.explain import explain
from clearprop.cli.export import export
from clearprop.cli.play import play
from clearprop.cli.predict import predict
from clearprop.cli.train import train
from clearprop.cli.usage import is_about_usage, told
from clearprop.errors import ClearpropError, InputError

NO, WRONG_INPUT = 1, 2

app = typer.Typer(
    name="clearprop",
    help="Feed-forward networks you can see through, trained at the speed of the hardware.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(train)
app.command()(predict)
app.command()(evaluate)
app.command()(explain)
app.command()(derive)
app.command()(check)
app.command()(examples)
app.command()(play)
app.command()(export)
app.command()(bench)
app.command()(bench_accuracy)
app.command()(bench_distributed)
app.command()(bench_stream)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"clearprop {clearprop.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Runs the command line. Exit status: 0 done, 1 the answer is "no" or the work failed, 2 the input is wrong."""
    try:
        sys.exit(app(prog_name="clearprop", standalone_mode=False))
    except InputError as error:
        _end(f"{error}", WRONG_INPUT)
    except ClearpropError as error:
        _end(f"{error}", NO)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _end(f"{place}{error.strerror or error}", NO)
    except MemoryError:
        _end("there is not enough memory for this", NO)
    except Exception as error:
        if is_about_usage(error):
            message = told(error)
            if not message:  # the help has been shown in its place
                sys.exit(WRONG_INPUT)
            _end(message, WRONG_INPUT)
        if os.environ.get("CLEARPROP_DEBUG"):
            raise
        _end(f"a defect of clearprop ({type(error).__name__}: {error}); set CLEARPROP_DEBUG=1 to see where", NO)


def _end(message: str, status: int) -> None:
    from clearprop.engines.distributed.settings import rank

    if rank() > 0 and not message.startswith("worker "):
        message = f"worker {rank()}: {message}"
    typer.secho("error: ", fg=typer.colors.RED, bold=True, nl=False, err=True)
    typer.echo(message, err=True)
    sys.exit(status)
