"""`einthoven train`: queue a training and follow it until it has ended."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.client import Event, Json, Platform
from cli.datasets import dataset_named
from cli.errors import CommandFailed, ExitCode
from cli.models import MinQuality, ModelName
from cli.output import notices, print_json, say
from cli.settings import DEFAULT_URL, ApiKey, AsJson, Connection, Url

ENDED: Final = {"succeeded", "failed", "cancelled"}
RECONNECTIONS: Final = 5
"""How often in a row a lost connection is taken up again before the command gives up."""
RECONNECT_SECONDS: Final = 1.0
FIGURES: Final = ("training_loss", "validation_loss", "f1_weighted", "auroc_macro")
"""What is shown of an epoch, where it is defined."""


def train(  # noqa: PLR0913 every parameter is an option of the command
    *,
    dataset: Annotated[str, typer.Option(help="The labelled dataset.")],
    name: Annotated[str, typer.Option(help="Name of the model to make.")],
    architecture: Annotated[str | None, typer.Option(help="Start from this architecture.")] = None,
    base: Annotated[str | None, typer.Option(metavar="NAME[@VERSION]", help="Start from this model.")] = None,
    mode: Annotated[str | None, typer.Option(help="'scratch', 'all_layers' or 'head_only'.")] = None,
    validation_dataset: Annotated[str | None, typer.Option(help="Validate on this dataset, without a split.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="At most so many epochs.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Workers that train together.")] = None,
    gpus: Annotated[int | None, typer.Option(min=0, help="Whole GPUs of each worker, asked of the cluster.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random.")] = None,
    min_quality: MinQuality = None,
    more: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Any other field of the training request.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Queue it and return at once.")] = False,
    url: Url = DEFAULT_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on a labelled dataset and follow the training.

    Interrupting the command leaves the training running. Exits with 4 where it fails or is cancelled.
    """
    if (architecture is None) == (base is None):
        raise CommandFailed("Say where to start from: one of --architecture or --base.", ExitCode.USAGE)
    start = {"architecture": architecture} if base is None else {"base_model": ModelName.parse(base).reference()}
    given: Json = {"model_name": name, "mode": mode, "max_epochs": epochs, "seed": seed, "workers": workers}
    given |= {"gpus_per_worker": gpus, "min_quality": min_quality, **start, **_fields(more or ())}
    with Platform(Connection(url, api_key)) as platform:
        given["dataset_id"] = dataset_named(platform, dataset)
        given["validation_dataset_id"] = dataset_named(platform, validation_dataset) if validation_dataset else None
        training = platform.post("/trainings", {key: value for key, value in given.items() if value is not None})
        if not detach:
            say(f"Training {training['training_id']} is queued; interrupting this command leaves it running.")
            training = follow(platform, training)
    _show(training, as_json=as_json)
    if training["state"] in ENDED - {"succeeded"}:
        raise typer.Exit(ExitCode.REFUSED)


def _fields(assignments: Sequence[str]) -> Json:
    """Read FIELD=VALUE; a value that is JSON is taken as such, any other as text."""
    fields: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise CommandFailed(f"--set takes FIELD=VALUE, not {assignment!r}.", ExitCode.USAGE)
        try:
            fields[key] = json.loads(value)
        except json.JSONDecodeError:
            fields[key] = value
    return fields


def follow(platform: Platform, training: Json) -> Json:
    """Draw the training's progress until it has ended, and return it as it is then."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[figures]}"), console=notices()) as progress:
        task = progress.add_task(training["state"], total=training["spec"]["max_epochs"], figures="")
        for event in _events(platform, f"/trainings/{training['training_id']}"):
            _draw(progress, task, event)
    return platform.get(f"/trainings/{training['training_id']}")


def _events(platform: Platform, path: str) -> Iterator[Event]:
    """Yield every event once until the training has ended, across lost connections."""
    after, failures = "", 0
    while failures <= RECONNECTIONS:
        try:
            for event in platform.events(f"{path}/events", after):
                after, failures = event.sequence, 0
                yield event
            if platform.get(path)["state"] in ENDED:
                return
        except CommandFailed as lost:
            if lost.exit_code is not ExitCode.UNREACHABLE or failures == RECONNECTIONS:
                raise
        failures += 1
        time.sleep(RECONNECT_SECONDS)


def _draw(progress: Progress, task: TaskID, event: Event) -> None:
    payload = event.payload
    if event.kind == "state":
        progress.update(task, description=payload["state"])
    elif event.kind == "log":
        _tell(payload)
    elif event.kind == "progress":
        progress.update(task, description=payload["stage"])
        if "epoch" in payload:
            progress.update(task, completed=payload["epoch"] - 1 + payload["done"] / payload["total"])
    elif event.kind == "epoch":
        told = {key: payload[key] for key in FIGURES if isinstance(payload.get(key), float)}
        figures = ", ".join(f"{key.replace('_', ' ')} {value:.3f}" for key, value in told.items())
        progress.update(task, completed=payload["epoch"], figures=figures)
        if not progress.console.is_terminal:
            say(f"epoch {payload['epoch']}: {figures}")


def _tell(payload: Json) -> None:
    if "waiting_for" in payload:
        say(f"waits: {payload['waiting_for']}")
    for reason, count in payload.get("excluded", {}).items():
        say(f"left out, {count} of the ECGs: {reason}")


def _show(training: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(training)
    elif training["state"] == "succeeded":
        typer.echo(f"The model is {training['model']['name']}@{training['model']['version']}.")
    elif training["state"] in ENDED:
        say(f"The training {training['state']}. {training.get('error') or ''}".rstrip())
    else:
        typer.echo(training["training_id"])
