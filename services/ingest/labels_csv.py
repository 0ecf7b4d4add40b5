"""The CSV of labels: `file_name,label,ICD-10`, a row per label, or several labels in one cell separated by `;`."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

from services.ingest.records import Label
from services.shared.errors import InvalidRequest

MAX_LABEL_CHARACTERS: Final = 200
MAX_CODE_CHARACTERS: Final = 16
MAX_LABELS_PER_FILE: Final = 100
_HEADER: Final = ("file_name", "label", "icd-10")
_SPELLINGS: Final = {
    "icd10": "icd-10",
    "icd_10": "icd-10",
    "icd": "icd-10",
    "filename": "file_name",
    "file": "file_name",
}


def parse_labels(data: bytes) -> Mapping[str, tuple[Label, ...]]:
    """Return the labels of each file, in the order in which they were given, each once.

    Raises InvalidRequest naming the row that is wrong.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest("The labels are not text in UTF-8; save the CSV as UTF-8.") from None
    found: dict[str, dict[str, Label]] = {}
    try:
        for number, file_name, labels in _rows(text):
            of_file = found.setdefault(file_name, {})
            of_file.update({label.name: label for label in labels if label.name not in of_file})
            if len(of_file) > MAX_LABELS_PER_FILE:
                raise InvalidRequest(f"Row {number}: a file has at most {MAX_LABELS_PER_FILE} labels.")
    except csv.Error:
        raise InvalidRequest("The labels are not a CSV: a quote is not closed, or a cell is too long.") from None
    if not found:
        raise InvalidRequest("The labels have no rows; expected file_name,label,ICD-10 and a row per label.")
    return {file_name: tuple(labels.values()) for file_name, labels in found.items()}


def _rows(text: str) -> Iterator[tuple[int, str, list[Label]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns = _columns(next(reader, []))
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        number = reader.line_num
        if len(cells) <= max(columns["file_name"], columns["label"]):
            raise InvalidRequest(f"Row {number} has {len(cells)} cells; expected file_name,label,ICD-10.")
        code_at = columns.get("icd-10", len(cells))
        codes = cells[code_at] if code_at < len(cells) else ""
        file_name = cells[columns["file_name"]].strip()
        if not file_name:
            raise InvalidRequest(f"Row {number} names no file.")
        yield number, file_name, _labels(number, cells[columns["label"]], codes)


def _columns(header: list[str]) -> dict[str, int]:
    names = [_SPELLINGS.get(name.strip().lower(), name.strip().lower()) for name in header]
    if not {"file_name", "label"} <= set(names):
        raise InvalidRequest("The first row of the labels must be file_name,label,ICD-10 (the last may be left out).")
    return {name: names.index(name) for name in _HEADER if name in names}


def _labels(number: int, names: str, codes: str) -> list[Label]:
    split_names = [name.strip() for name in names.split(";") if name.strip()]
    split_codes = [code.strip() for code in codes.split(";")] if codes.strip() else [""] * len(split_names)
    if not split_names:
        raise InvalidRequest(f"Row {number} has no label.")
    if len(split_codes) != len(split_names):
        raise InvalidRequest(f"Row {number} has {len(split_names)} labels and {len(split_codes)} codes; give as many.")
    if any(len(name) > MAX_LABEL_CHARACTERS or not name.isprintable() for name in split_names):
        raise InvalidRequest(f"Row {number}: a label has at most {MAX_LABEL_CHARACTERS} printable characters.")
    if any(len(code) > MAX_CODE_CHARACTERS or not code.isprintable() for code in split_codes):
        raise InvalidRequest(f"Row {number}: a code has at most {MAX_CODE_CHARACTERS} printable characters.")
    return [Label(name, code) for name, code in zip(split_names, split_codes, strict=True)]
