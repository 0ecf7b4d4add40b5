"""Tables of measurements: one row per ECG, one column per measurement, the unit in the column's name.

A measurement over all leads has a second column with the reason why there is no value; one of a lead has the lead in
its name. Floats are NaN-free: what is absent is null.
"""

import io
from collections.abc import Sequence
from typing import Any, Final

from services.signal_analysis.batch.jobs import Known
from services.signal_analysis.batch.measured import REASON, Measured

CONTENT: Final = "content"
"""The column that names what a row was measured on; only the platform's own copies have it."""
REFUSAL: Final = "refusal"
KNOWN: Final = ("record_id", "file_name", "patient", "quality", "engine_version")
_UNIT: Final = b"unit"


def table_of(contents: Sequence[str], measured: Sequence[Measured]) -> Any:
    """Return a table (pyarrow.Table) with one row per signal."""
    import pyarrow as pa  # noqa: PLC0415 it takes a tenth of a second, and views do without

    units = {name: unit for each in measured for name, unit in each.units.items()}
    named = {name for each in measured for name in each.reasons}
    fields, columns = [pa.field(CONTENT, pa.string()), pa.field(REFUSAL, pa.string())], list[list[Any]]([[*contents]])
    columns.append([each.refusal or None for each in measured])
    for name, unit in units.items():
        fields.append(pa.field(name, pa.float64(), metadata={_UNIT: unit.encode()}))
        columns.append([each.values.get(name) for each in measured])
        if name + REASON in named:
            fields.append(pa.field(name + REASON, pa.string()))
            columns.append([each.reasons.get(name + REASON) or None for each in measured])
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, fields, strict=True)], schema=pa.schema(fields))


def joined(tables: Sequence[Any]) -> Any:
    """Return tables one below the other, with every column of any of them, each signal once."""
    import pyarrow as pa  # noqa: PLC0415 see above

    own = [table.select([name for name in table.column_names if name not in KNOWN]) for table in tables]
    whole = pa.concat_tables(own, promote_options="default")
    first: dict[str, int] = {}
    for row, name in enumerate(whole[CONTENT].to_pylist()):
        first.setdefault(name, row)
    return whole.take(pa.array(first.values(), pa.int64()))


def refused(tables: Sequence[Any]) -> dict[str, bool]:
    """Return the signals that tables tell of, and whether each was refused."""
    columns = [(table[CONTENT].to_pylist(), table[REFUSAL].to_pylist()) for table in tables]
    return {name: text is not None for names, texts in columns for name, text in zip(names, texts, strict=True)}


def result(records: Sequence[Known], measured: Any, engine: str) -> Any:
    """Return the rows of records in their order; all of them have been measured or refused."""
    import pyarrow as pa  # noqa: PLC0415 see above

    place = {name: row for row, name in enumerate(measured[CONTENT].to_pylist())}
    rows = measured.take(pa.array([place[each.content] for each in records], pa.int64()))
    told = {
        "record_id": [each.record_id for each in records],
        "file_name": [each.file_name for each in records],
        "patient": [each.patient or None for each in records],
        "quality": [each.quality or None for each in records],
        "engine_version": [engine] * len(records),
    }
    for place_, name in enumerate(KNOWN):
        rows = rows.add_column(place_, pa.field(name, pa.string()), pa.array(told[name], pa.string()))
    return rows


def parquet(table: Any) -> bytes:
    """Return a table as Parquet."""
    from pyarrow import parquet as pq  # noqa: PLC0415 see above

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def read(data: bytes) -> Any:
    """Return the table of a Parquet file of our own."""
    from pyarrow import parquet as pq  # noqa: PLC0415 see above

    return pq.read_table(io.BytesIO(data))


def shown(table: Any) -> Any:
    """Return a table as it leaves the platform: without the column that names the signals."""
    return table.drop_columns([CONTENT]) if CONTENT in table.column_names else table


def csv(table: Any) -> bytes:
    """Return a table as CSV (RFC 4180): null is an empty field, and no text begins as a formula does."""
    from pyarrow import csv as arrow_csv  # noqa: PLC0415 see above

    buffer = io.BytesIO()
    arrow_csv.write_csv(_harmless(table), buffer)
    return buffer.getvalue()


def _harmless(table: Any) -> Any:
    """Put an apostrophe before texts that a spreadsheet would take for a formula: file names come from anybody."""
    import pyarrow as pa  # noqa: PLC0415 see above
    import pyarrow.compute as pc  # noqa: PLC0415 see above

    for place, field in enumerate(table.schema):
        if field.type == pa.string():
            safe = pc.replace_substring_regex(table[field.name], pattern=r"^([=+@\-\t\r])", replacement=r"'\1")
            table = table.set_column(place, field, safe)
    return table
