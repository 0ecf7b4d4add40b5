"""`einthoven demo`: ECGs all the way through a platform: store, look, train, predict, publish."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.client import Json, Platform
from cli.datasets import dataset_named
from cli.embedded import own_platform, refusals_told
from cli.errors import CommandFailed, ExitCode
from cli.files import gather
from cli.ingest import put_labels
from cli.output import say
from cli.report import Report
from cli.settings import ApiKey, Connection
from cli.train import follow
from cli.uploading import Manner, upload

ARCHITECTURE: Final = "inception_time"
MODEL_NAME: Final = "demo-inception-time"
TRAINING_DATASET: Final = "demo-training"
VALIDATION_DATASET: Final = "demo-validation"
REPORTED_PREDICTIONS: Final = 24


@dataclass(slots=True)
class Clock:
    """How long each step took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say that a step begins, and keep its duration."""
        say(f"→ {name}")
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 1)


def demo(
    data: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A folder of train_ and val_{signals.npy,labels.csv}."),
    ] = None,
    output: Annotated[Path, typer.Option(file_okay=False, help="Where everything goes.")] = Path("demo-output"),
    url: Annotated[
        str | None, typer.Option(help="A running platform to do it on; one of its own is started where not given.")
    ] = None,
    api_key: ApiKey = None,
) -> None:
    """Take ECGs all the way: store, look, train, predict, publish; synthesized ones unless --data names others."""
    with refusals_told():
        from deploy.demo.collection import of_arrays, synthesized  # noqa: PLC0415 a remote command needs none of it

        clock = Clock()
        _clear(output)
        with clock.step("Prepare the ECGs"):
            prepared = synthesized(output / "ecgs") if data is None else of_arrays(data.resolve(), output / "ecgs")
        with _connection(url, api_key, output) as connection, Platform(connection) as platform:
            outcome = _journey(platform, prepared, output, clock)
    _conclude(outcome, output, running_at=url)


def _connection(url: str | None, api_key: str | None, output: Path) -> AbstractContextManager[Connection]:
    """Lead to a running platform, or to one that lives as long as the context."""
    return _own_connection(output) if url is None else nullcontext(Connection(url, api_key))


@contextmanager
def _own_connection(output: Path) -> Iterator[Connection]:
    with own_platform(output / "platform") as url:
        yield Connection(url, None)


def _clear(output: Path) -> None:
    """Remove what an earlier demonstration left; what is not its own stays."""
    output.mkdir(parents=True, exist_ok=True)
    for folder in ("ecgs", "platform"):
        shutil.rmtree(output / folder, ignore_errors=True)


def _journey(platform: Platform, prepared: Any, output: Path, clock: Clock) -> Any:
    """Do the main job and return what it found out (deploy.demo.outcome)."""
    from deploy.demo.findings import Findings, outcome  # noqa: PLC0415 a remote command needs none of it
    from deploy.demo.gallery import draw_views  # noqa: PLC0415 likewise

    with clock.step("Upload"):
        uploaded = [
            _upload(platform, TRAINING_DATASET, prepared.training, prepared.declared),
            _upload(platform, VALIDATION_DATASET, prepared.validation, prepared.declared),
        ]
    with clock.step("Look at one ECG"):
        views = draw_views(lambda path: platform.get(path), uploaded[0].records[0], output)  # noqa: PLW0108 a GET, no more
    with clock.step("Train"):
        training = _train(platform, prepared, *(each.dataset_id for each in uploaded))
        report = platform.get(f"/trainings/{training['training_id']}/report", format="json")
    model = training["model"]
    with clock.step("Predict with the exported model"):
        predictions = list(platform.lines("/predictions", json={"model": model, "dataset_id": uploaded[1].dataset_id}))
        _refuse_failed(predictions)
    with clock.step("Publish"):
        published = platform.post(f"/models/{model['name']}/{model['version']}/publish")
    findings = Findings(
        prepared=prepared,
        finished_at=datetime.now(UTC),
        formats=Counter(record["format"] for each in uploaded for record in each.records),
        validation_records=list(platform.items(f"/datasets/{uploaded[1].dataset_id}/records")),
        predictions=predictions[:: max(1, len(predictions) // REPORTED_PREDICTIONS)],
        report=report,
        model=published,
        views=views,
        seconds_by_step=clock.seconds,
    )
    return outcome(findings)


@dataclass(frozen=True, slots=True)
class _Uploaded:
    dataset_id: str
    records: list[Json]


def _upload(platform: Platform, name: str, collection: Any, declared: Mapping[str, str]) -> _Uploaded:
    dataset_id = dataset_named(platform, name, make=True)
    with Report(dataset_id) as report:
        upload(platform, report, gather([collection.folder]), Manner(declared))
        records = [line["record"] for line in report.lines() if line["record"] is not None]
    for first in report.shown:
        raise CommandFailed(f"{first['file_name']} was refused: {first['error']['detail']}", ExitCode.PARTLY_REFUSED)
    labels = put_labels(platform, dataset_id, collection.labels)
    say(f"  {len(records)} ECGs in {name}, labelled {', '.join(labels['classes'])}")
    return _Uploaded(dataset_id, records)


def _train(platform: Platform, prepared: Any, dataset_id: str, validation_dataset_id: str) -> Json:
    request = {
        "model_name": MODEL_NAME,
        "dataset_id": dataset_id,
        "validation_dataset_id": validation_dataset_id,
        "architecture": ARCHITECTURE,
        "preprocessing": prepared.preprocessing,
        "max_epochs": prepared.max_epochs,
        "seed": 0,
    }
    training = platform.post("/trainings", request)
    try:
        training = follow(platform, training)
    except BaseException:
        platform.delete(f"/trainings/{training['training_id']}")  # or its worker would outlive the demonstration
        raise
    if training["state"] != "succeeded":
        raise CommandFailed(f"The training {training['state']}: {training['error']}", ExitCode.REFUSED)
    return training


def _refuse_failed(predictions: list[Json]) -> None:
    for prediction in predictions:
        if prediction.get("error"):
            raise CommandFailed(
                f"{prediction['file_name']} was not predicted: {prediction['error']['detail']}", ExitCode.PARTLY_REFUSED
            )


def _conclude(outcome: Any, output: Path, *, running_at: str | None) -> None:
    from deploy.demo.report import write_report_html, write_report_json  # noqa: PLC0415 a remote command needs none of it

    page = write_report_html(outcome, output / "report.html")
    write_report_json(outcome, output / "report.json")
    figures = outcome.metrics
    auroc = "" if figures.auroc_macro is None else f", macro AUROC {figures.auroc_macro:.3f}"
    typer.echo(f"{outcome.model.name}@{outcome.model.version}: F1 {figures.f1_weighted:.3f}{auroc} on held-out ECGs.")
    typer.echo(f"Report: {page.resolve()}")
    again = f".venv/bin/einthoven up --data-dir {output / 'platform'}, then http://127.0.0.1:8080"
    typer.echo(f"Look at it in a browser: {running_at or again}")
