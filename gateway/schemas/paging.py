"""How lists are cut into pages."""

from typing import Annotated

from fastapi import Path, Query

MAX_PAGE = 1000

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="At most this many items.")]
Cursor = Annotated[str, Query(max_length=512, description="`next_cursor` of the previous page.")]
NEXT_CURSOR = "Pass it as `cursor` for the next page; null at the end."

_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
_NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"

DatasetId = Annotated[str, Path(pattern=_ID, description="The dataset.", examples=["d-7f3a"])]
RecordId = Annotated[str, Path(pattern=_ID, description="The record.", examples=["r-91c0"])]
TrainingId = Annotated[str, Path(pattern=_ID, description="The training.", examples=["t-52ab"])]
ModelName = Annotated[str, Path(pattern=_NAME, description="The model's name.", examples=["stroke-screen"])]
ModelVersion = Annotated[str, Path(pattern=_ID, description="The model's version.", examples=["3"])]
