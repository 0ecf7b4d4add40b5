"""What the caller declares of files that do not say it themselves: options that several commands share."""

from typing import Annotated, Final

import typer

FIELDS: Final = (
    "sampling_rate_hz",
    "gain_adu_per_mv",
    "lead_layout",
    "format",
    "sample_type",
    "byte_order",
    "lead_count",
    "interleaved",
    "header_bytes",
)
Rate = Annotated[float | None, typer.Option("--sampling-rate-hz", help="For files that state no rate.")]
Gain = Annotated[float | None, typer.Option("--gain-adu-per-mv", help="For integer files that state no gain.")]
LeadLayout = Annotated[
    str | None, typer.Option("--lead-layout", help="'standard' or 'mimic', for files that name no leads.")
]
FormatName = Annotated[str | None, typer.Option("--format", help="Overrule the recognition of the format.")]
SampleType = Annotated[
    str | None, typer.Option("--sample-type", help="Read raw files (.dat without .hea): 'int16', 'float32', …")
]
ByteOrder = Annotated[str | None, typer.Option("--byte-order", help="Of raw files: 'little' (default) or 'big'.")]
LeadCount = Annotated[int | None, typer.Option("--lead-count", help="Of raw files; 12 where not given.")]
Interleaved = Annotated[
    bool | None,
    typer.Option("--interleaved/--lead-after-lead", help="How raw files hold their leads; interleaved by default."),
]
HeaderBytes = Annotated[int | None, typer.Option("--header-bytes", help="Before the samples of raw files.")]


def form_fields(*declared: str | float | bool | None) -> dict[str, str]:
    """Return the fields of a form for what was declared, given in the order of FIELDS."""
    given = {name: value for name, value in zip(FIELDS, declared, strict=True) if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
