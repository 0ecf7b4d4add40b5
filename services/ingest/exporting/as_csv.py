"""CSV: a header of lead names, a row per sample in millivolt, empty cells where nothing was recorded."""

import io

from services.ingest.exporting.base import ExportedEcg

NAME = "csv"
MEDIA_TYPE = "text/csv"
SUFFIX = ".csv"


def write(ecg: ExportedEcg) -> bytes:
    """Return the ECG as CSV; numbers have the digits that give the same float32 again."""
    import pyarrow as pa  # noqa: PLC0415 a heavy import that not every process needs
    from pyarrow import csv  # noqa: PLC0415

    columns = [pa.array(lead, from_pandas=True) for lead in ecg.signal]
    table = pa.Table.from_arrays(columns, names=list(ecg.leads))
    buffer = io.BytesIO()
    csv.write_csv(table, buffer, csv.WriteOptions(quoting_style="needed"))
    return buffer.getvalue()
