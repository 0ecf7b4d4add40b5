"""CSV: a column (or row) per lead, with or without names, a time column, units, and words above the table."""

import re
from typing import Final

from services.ingest.decoding.arrays import Bare, read_bare
from services.ingest.decoding.csv_dialect import looks_like_table
from services.ingest.decoding.csv_series import choose
from services.ingest.decoding.csv_table import Table, parse_table
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding.stated import stated_of
from services.ingest.decoding.units import ucum
from services.ingest.formats.base import About, UploadedFile
from services.shared.ecg import Recording

NAME = "csv"

ABOUT: Final = About(
    title="CSV",
    reads="commas, semicolons or tabs, decimal commas, with or without names, leads in columns or rows, a time or "
    "index column, units in the header, lines of words above",
    refuses="text that is no table, a time that does not grow evenly, numbers of columns that are no 12 or 8 unnamed "
    "leads",
    units="the header's; else as for NPY",
    rate="a time column or a line above the table; else as for NPY",
    proof=(
        "test_csv_text.py::test_a_time_column_states_the_rate",
        "test_csv_text.py::test_a_unit_in_the_header_scales_its_column",
        "test_csv_text.py::test_semicolons_with_decimal_commas_are_read",
        "test_real_files.py::test_csv_of_a_contec_with_the_chest_leads_off",
    ),
)

_UNIT = re.compile(r"[(\[]\s*([^)\]]+?)\s*[)\]]$|[ _,/]\s*([munµμ]?V)$", re.IGNORECASE)


def sniff(file: UploadedFile) -> bool:
    """Recognise text that begins with rows of numbers, below a header and some lines of words at most."""
    return looks_like_table(file.data)


def read(file: UploadedFile, declaration: Declaration) -> Recording:
    """Decode a CSV; what header, units, time column and the lines above say wins over the declaration."""
    table = parse_table(file.data)
    chosen = choose(table)
    stated = stated_of(table.said, declaration)
    every = chosen.places == tuple(range(len(table.values)))
    names = [table.names[place] for place in chosen.places] if table.names else []
    bare = Bare(
        table.values if every else table.values[list(chosen.places)],
        names=tuple(map(_without_unit, names)) if any(names) else None,
        oriented=any(names),
        rate_hz=chosen.rate_hz,
        units=tuple(unit or "" for unit in _units(table, chosen.places)),
        integers=all(table.whole[place] for place in chosen.places),
        remarks=chosen.remarks,
    )
    return read_bare(bare.beside(stated), declaration)


def _units(table: Table, places: tuple[int, ...]) -> list[str | None]:
    """Return the unit that the header or the row of units states of each lead."""
    if table.units:
        return [ucum(table.units[place].strip("()[]")) for place in places]
    found = [_UNIT.search(table.names[place]) for place in places] if table.names else []
    return [ucum(match[1] or match[2]) if match else None for match in found]


def _without_unit(name: str) -> str:
    match = _UNIT.search(name)
    return name[: match.start()].strip() if match and ucum(match[1] or match[2]) else name
