"""What the command prints: results on stdout, progress and sentences on stderr, so that a pipe gets results alone."""

import json
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table


def results() -> Console:
    """Return the console for results."""
    return Console()


def notices() -> Console:
    """Return the console for progress and sentences; off a terminal it draws no progress."""
    return Console(stderr=True)


def print_json(document: Any) -> None:
    """Print one JSON document for scripts."""
    typer.echo(json.dumps(document, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None) -> None:
    """Print a table; cell texts are shown as they are, and whole."""
    table = Table(*(Column(name, overflow="fold") for name in columns), title=title, title_justify="left")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    results().print(table)


def say(sentence: str) -> None:
    """Print one sentence for people to stderr."""
    typer.echo(sentence, err=True)
