"""The command's entry: every subcommand by name, and how a failure becomes a sentence and an exit code."""

import sys
from typing import Final

import typer

from cli import models
from cli.demo import demo
from cli.embedded import up
from cli.errors import CommandFailed
from cli.ingest import ingest
from cli.output import say
from cli.predict import predict
from cli.train import train

HELP: Final = """Store, look at, predict and train on 12-lead ECGs.

Every command but up talks to a running platform; demo starts one of its own unless --url names one.

Exit codes: 0 done · 1 our fault · 2 wrong usage · 3 some files or ECGs were refused · 4 the platform refused ·
5 no platform reached · 130 interrupted.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(up)
app.command()(demo)
app.command()(ingest)
app.command()(predict)
app.command()(train)
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command and leave with its exit code."""
    try:
        app()
    except CommandFailed as failure:
        say(failure.sentence)
        sys.exit(failure.exit_code)
