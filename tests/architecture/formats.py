"""`make format-docs`: writes docs/formats.md from what every format says of itself, and from the limits of ingest."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.ingest.decoding.assembly import ALGEBRA_TOLERANCE_MV, MAX_LEADS
from services.ingest.formats import FORMATS
from services.ingest.formats.base import MAX_DECODED_BYTES, Format
from services.ingest.settings import LimitSettings
from services.shared.ecg import MAX_ABS_MV, MAX_RATE_HZ, MIN_RATE_HZ
from tests.architecture.tree import ROOT

PAGE: Final = "docs/formats.md"
PROOFS: Final = "tests/unit/services/ingest/formats"
_HEAD: Final = """# The formats that ingest reads

Made by `make format-docs` from `ABOUT` in each module of [services/ingest/formats](../services/ingest/formats) and from
the limits in code. How one is added: [how-to/add-a-format.md](how-to/add-a-format.md).

What a file is, its content says, in the order of this table; a declared `format` overrules that. What a file states
wins over what is declared, and whatever was decided is told in the record's remarks. A test of `test_real_files.py`
reads a published recording; the others read files that are made for them. `make fuzz` damages 10,000 files for each.

| format | what is read | what is refused | millivolt | rate | proved by |
|---|---|---|---|---|---|
"""
_TAIL: Final = """
## For all of them

- A file is at most {file_mib} MiB (`max_file_bytes`) and grows to at most {decoded_mib} MiB.
- The rate is {low:,.0f} to {high:,.0f} Hz; no sample is infinite or beyond {largest:,.0f} mV; there are at most {leads}
  leads.
- Leads get their standard names and order. Of I, II and III the third is derived from two, and aVR, aVL and aVF from I
  and II; where both are there, they are compared, and told of where they are more than {tolerance:g} mV apart.
- Nothing is resampled, filtered or filled: what was not recorded is not a number. What a file itself keeps decimated
  (SCP-ECG) is interpolated, and told.
- A record holds no name, birth date or id of the file; of the id it holds a pseudonym under the site's key.
- XML is read without DTDs, entities and anything that lies elsewhere; nothing pickled is loaded; no name leads to a
  file outside of the upload.

## Archives and folders

A zip or a tar (plain, gzip, bzip2, xz) of any of these is taken apart where it arrives: up to {members:,} files, which
grow to {total_gib} GiB at most and to no more than {ratio} times the archive's size. Names that lead upwards or begin
at the root, links, devices, encrypted members and archives within archives are refused one by one; each file gets its
own line in the report. A folder is sent by `einthoven ingest DIR`, and a second time only what is missing of it. An
`.npz` is read as the format above, and taken apart only where each of its arrays is an ECG of its own.
Why: [adr/0020](adr/0020-archives-and-folders.md).
"""


def page() -> str:
    """Return the text of the page."""
    limits = LimitSettings()
    tail = _TAIL.format(
        file_mib=limits.max_file_bytes >> 20,
        decoded_mib=MAX_DECODED_BYTES >> 20,
        low=MIN_RATE_HZ,
        high=MAX_RATE_HZ,
        largest=MAX_ABS_MV,
        leads=MAX_LEADS,
        tolerance=ALGEBRA_TOLERANCE_MV,
        members=limits.max_archive_members,
        total_gib=limits.max_inflated_bytes >> 30,
        ratio=limits.max_inflation,
    )
    return _HEAD + "".join(f"{_row(known)}\n" for known in FORMATS) + tail


def _row(known: Format) -> str:
    about = known.ABOUT
    proofs = "<br>".join(f"[{test.partition('::')[2]}](../{PROOFS}/{test.partition('::')[0]})" for test in about.proof)
    cells = (f"**{about.title}**<br>`{known.NAME}`", about.reads, about.refuses, about.units, about.rate, proofs)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def unproved(root: Path) -> Iterator[str]:
    """Yield what a format names as its proof and is no test."""
    for known in FORMATS:
        for proof in known.ABOUT.proof:
            file, _, name = proof.partition("::")
            path = root / PROOFS / file
            if not path.exists() or name not in _functions(path):
                yield f"{known.NAME} names {proof}, which is no test in {PROOFS}."


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


if __name__ == "__main__":
    (ROOT / PAGE).write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is written.\n")
