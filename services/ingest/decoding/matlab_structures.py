"""What the matrices, texts, cell arrays and structures of a level 5 MAT file say, as named arrays.

The fields of a structure are arrays with a dotted name; a list of texts, or of structures with texts, is one array.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.ingest.decoding.containers import Member
from services.ingest.decoding.matlab_level5 import CELL, CHARACTERS, STRUCTURE, Matrix, damaged, inner_of, named_in

_MAX_DEPTH: Final = 4
_MOST_CELLS: Final = 4096


def members_in(matrix: Matrix, name: str, depth: int = 0) -> Iterator[tuple[str, Member]]:
    """Yield what a variable holds; what lies deeper than four structures, and functions and objects, are left out."""
    if matrix.is_numeric:
        yield name, Member(matrix.shape, is_numeric=True, load=matrix.values)
    elif matrix.kind == CHARACTERS:
        yield name, _texts(matrix.rows())
    elif matrix.kind == CELL:
        yield from _of_list(name, _listed(matrix, inner_of(matrix, matrix.parts)))
    elif matrix.kind == STRUCTURE and depth < _MAX_DEPTH:
        fields, values = named_in(matrix)
        if math.prod(matrix.shape) != 1:
            yield from _of_fields(name, fields, _listed(matrix, values, len(fields)))
            return
        for field, value in zip(fields, _listed(matrix, values, len(fields)), strict=True):
            yield from members_in(value, f"{name}.{field}", depth + 1)


def _listed(matrix: Matrix, values: list[Matrix], each: int = 1) -> list[Matrix]:
    """Return the values of a cell array or structure; raises UnreadableFile where there are others than announced."""
    if len(values) != math.prod(matrix.shape) * each or (not each and math.prod(matrix.shape) > 1):
        raise damaged()
    return values[:_MOST_CELLS]


def _of_list(name: str, cells: list[Matrix]) -> Iterator[tuple[str, Member]]:
    texts = [_text(cell) for cell in cells]
    if any(text is not None for text in texts):
        yield name, _texts([text or "" for text in texts])
    elif cells and all(cell.kind == STRUCTURE for cell in cells):
        named = [dict(zip(*named_in(cell), strict=False)) for cell in cells]
        fields = [*named[0]]
        yield from _of_fields(name, fields, [one[field] for one in named for field in fields if field in one])


def _of_fields(name: str, fields: list[str], values: list[Matrix]) -> Iterator[tuple[str, Member]]:
    """Yield an array for each field that is a text in every structure of a list."""
    for place, field in enumerate(fields):
        texts = [_text(value) for value in values[place :: len(fields)]]
        if all(text is not None for text in texts):
            yield f"{name}_{field}", _texts([text or "" for text in texts])


def _text(matrix: Matrix) -> str | None:
    if matrix.kind != CHARACTERS or not (matrix.shape[0] == 1 or 0 in matrix.shape):
        return None
    return next(iter(matrix.rows()), "")


def _texts(texts: list[str]) -> Member:
    array: NDArray[Any] = np.array(texts, dtype=np.str_)
    return Member(array.shape, is_numeric=False, load=partial(_same, array))


def _same(array: NDArray[Any]) -> NDArray[Any]:
    return array
