"""`einthoven ingest`: files, archives and folders of ECGs into a dataset, with a line for every file."""

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.client import Json, Platform
from cli.datasets import dataset_found, dataset_named
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
from cli.errors import ExitCode
from cli.files import gather
from cli.report import Report
from cli.settings import DEFAULT_URL, ApiKey, AsJson, Connection, Url
from cli.uploading import PARALLEL, Manner, upload

CHUNK_BYTES: Final = 1 << 16
Paths = Annotated[
    list[Path], typer.Argument(exists=True, help="Files, archives, or folders that are searched for files.")
]
Parallel = Annotated[int, typer.Option(min=1, max=64, help="Requests at once.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", dir_okay=False, help="Write a line per file to this CSV, .ndjson or .jsonl.")
]


def ingest(  # noqa: PLR0913 every parameter is an option of the command
    paths: Paths,
    *,
    dataset: Annotated[str, typer.Option(help="The dataset's name; made where there is none.")],
    labels: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="CSV with file_name,label,ICD-10.")
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
    parallel: Parallel = PARALLEL,
    report_file: ReportFile = None,
    url: Url = DEFAULT_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Store ECG files, zips and tars of them, or all files of folders, in a dataset.

    What the dataset has already is not sent again: run it again after an interruption. Exits with 3 where some files
    were refused; the others are stored all the same.
    """
    fields = form_fields(
        sampling_rate_hz, gain_adu_per_mv, lead_layout, format_name,
        sample_type, byte_order, lead_count, interleaved, header_bytes,
    )  # fmt: skip
    groups = gather(paths, leave_out=(labels, report_file))
    with Platform(Connection(url, api_key)) as platform:
        there = dataset_found(platform, dataset) or {}
        dataset_id = there.get("dataset_id") or dataset_named(platform, dataset, make=True)
        manner = Manner(fields, parallel, is_resumed=bool(there.get("records")))
        with Report(dataset_id, report_file) as report:
            try:
                upload(platform, report, groups, manner)
                if labels is not None:
                    report.labels = put_labels(platform, dataset_id, labels)
            finally:
                report.show(as_json=as_json)
            if report.refused:
                raise typer.Exit(ExitCode.PARTLY_REFUSED)


def put_labels(platform: Platform, dataset_id: str, labels: Path) -> Json:
    """Replace a dataset's labels by those of a CSV, and return what the platform says of them."""
    with labels.open("rb") as source:
        return platform.put_csv(f"/datasets/{dataset_id}/labels", iter(lambda: source.read(CHUNK_BYTES), b""))
