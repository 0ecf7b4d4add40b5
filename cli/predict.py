"""`einthoven predict`: what a model says of a dataset, of records, or of one file that is not stored."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn

from cli.client import Json, Platform
from cli.datasets import dataset_named
from cli.declared import (
    ByteOrder,
    FormatName,
    Gain,
    HeaderBytes,
    Interleaved,
    LeadCount,
    LeadLayout,
    Rate,
    SampleType,
    form_fields,
)
from cli.errors import CommandFailed, ExitCode
from cli.models import MinQuality, ModelName, Name
from cli.output import notices, print_json, print_table
from cli.settings import DEFAULT_URL, ApiKey, AsJson, Connection, Url


def predict(  # noqa: PLR0913 every parameter is an option of the command
    model: Name,
    *,
    dataset: Annotated[str | None, typer.Option(help="Predict every record of this dataset.")] = None,
    record: Annotated[list[str] | None, typer.Option(help="Predict this record; may be repeated.")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Predict this file without storing it.")
    ] = None,
    sampling_rate_hz: Rate = None,
    gain_adu_per_mv: Gain = None,
    lead_layout: LeadLayout = None,
    format_name: FormatName = None,
    sample_type: SampleType = None,
    byte_order: ByteOrder = None,
    lead_count: LeadCount = None,
    interleaved: Interleaved = None,
    header_bytes: HeaderBytes = None,
    min_quality: MinQuality = None,
    url: Url = DEFAULT_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Predict a dataset, some records, or one file.

    Exits with 3 where some ECGs could not be predicted; the others are shown all the same.
    """
    if sum(choice is not None for choice in (dataset, record or None, file)) != 1:
        raise CommandFailed("Say what to predict: one of --dataset, --record or --file.", ExitCode.USAGE)
    name = ModelName.parse(model)
    declared = form_fields(
        sampling_rate_hz, gain_adu_per_mv, lead_layout, format_name,
        sample_type, byte_order, lead_count, interleaved, header_bytes,
    )  # fmt: skip
    asked = {"min_quality": min_quality} if min_quality else {}
    with Platform(Connection(url, api_key)) as platform:
        if file is not None:
            rows = _of_file(platform, name, file, declared | asked)
        else:
            wanted = {"record_ids": record} if dataset is None else {"dataset_id": dataset_named(platform, dataset)}
            rows = _of_stored(platform, name, wanted | asked)
    _show(rows, as_json=as_json)
    if any(row.get("error") for row in rows):
        raise typer.Exit(ExitCode.PARTLY_REFUSED)


def _of_file(platform: Platform, model: ModelName, file: Path, declared: dict[str, str]) -> list[Json]:
    fields = {"model": model.name} | ({"version": model.version} if model.version else {}) | declared
    with file.open("rb") as source:
        answer = platform.post_files(
            "/predictions", fields, [("file", (file.name, source, "application/octet-stream"))]
        )
    return [row | {"file_name": file.name} for row in answer["predictions"]]


def _of_stored(platform: Platform, model: ModelName, wanted: Json) -> list[Json]:
    rows = []
    with Progress(TextColumn("{task.description}: {task.completed}"), console=notices()) as progress:
        task = progress.add_task("Predicted")
        for row in platform.lines("/predictions", json={"model": model.reference(), **wanted}):
            rows.append(row)
            progress.advance(task)
    return rows


def _show(rows: list[Json], *, as_json: bool) -> None:
    if as_json:
        print_json({"predictions": rows})
    else:
        print_table(("ECG", "Quality", "Positive", "Scores"), [_table_row(row) for row in rows])


def _table_row(row: Json) -> tuple[str, str, str, str]:
    ecg, quality = row.get("file_name") or row.get("record_id") or "", _quality(row.get("quality"))
    if row.get("error"):
        return ecg, quality, "refused", row["error"]["detail"]
    positive = [score["name"] for score in row["scores"] if score["positive"]]
    scores = sorted(row["scores"], key=lambda score: -(score["value"] or 0.0))
    return (
        ecg,
        quality,
        ", ".join(positive),
        ", ".join(f"{score['name']} {_figure(score['value'])}" for score in scores),
    )


def _quality(quality: Json | None) -> str:
    """Return the grade, and which electrodes seem interchanged."""
    if quality is None:
        return "–"
    suspected = quality.get("suspected_reversal")
    return f"{quality['grade']}, {suspected} interchanged?" if suspected else str(quality["grade"])


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
