"""What DICOMweb answers (PS3.18): data sets as JSON, and DICOM files one after the other."""

import json
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from gateway.call import Call
from gateway.convert import instances as convert
from gateway.convert.files import opened
from gateway.related import DICOM, MEDIA_TYPE
from gateway.schemas.datasets import FileOutcome, FileReport
from gateway.schemas.instances import Instance, InstanceQuery, StoredInstance
from services.shared import dicom
from services.shared.errors import ErrorCode, NotFound

DICOM_JSON: Final = "application/dicom+json"
_JSON: Final = (DICOM_JSON, "application/json")
_WARNING_CHARS: Final = 200

DataSet = dict[str, Any]


def accepts(request: Request, *media_types: str) -> str:
    """Return the first of some media types that the caller takes; refuses where it takes none."""
    asked = [each.partition(";")[0].strip().lower() for each in request.headers.get("accept", "").split(",")]
    for media_type in media_types:
        if {"", "*/*", media_type, media_type.partition("/")[0] + "/*"} & set(asked):
            return media_type
    raise HTTPException(406, f"This is told as {' or '.join(media_types)}; none of it is in the Accept header.")


async def found(call: Call, query: InstanceQuery) -> AsyncGenerator[StoredInstance]:
    """Yield the department's instances that fit, in the order they came."""
    cursor: str | None = ""
    while cursor is not None:
        page, cursor = convert.page(await call.peers.ingest.list_instances(call.caller, convert.listing(query, cursor)))
        for each in page:
            yield each


async def retrieved(call: Call, request: Request, query: InstanceQuery) -> Response:
    """Return DICOM files: in one body of many parts, or by itself where there is one and the caller asks for that."""
    kind = accepts(request, MEDIA_TYPE, DICOM)
    instances = await _there(call, query)
    if kind == DICOM:
        if len(instances) > 1:
            raise HTTPException(406, f"There are {len(instances)} instances: accept {MEDIA_TYPE}, or ask for one.")
        head, chunks = await opened(_fetch(call, instances[0]))
        return StreamingResponse(chunks, media_type=DICOM, headers={"Content-Length": str(head.size_bytes)})
    boundary = uuid.uuid4().hex
    _, first = await opened(_fetch(call, instances[0]))
    media_type = f'{MEDIA_TYPE}; type="{DICOM}"; boundary="{boundary}"'
    # Starlette adds no charset to a Content-Type that is given as a header.
    return StreamingResponse(_parts(call, first, instances[1:], boundary), headers={"Content-Type": media_type})


async def described(call: Call, request: Request, query: InstanceQuery) -> Response:
    """Return what instances say but for their samples."""
    media_type = accepts(request, *_JSON)
    instances = await _there(call, query)
    _, first = await opened(_fetch(call, instances[0], metadata=True))
    return StreamingResponse(_listed(call, first, instances[1:]), media_type=media_type)


def searched(request: Request, data_sets: list[DataSet], matched: frozenset[str]) -> Response:
    """Return what a search found, with a warning where attributes were asked for that nobody looks at."""
    media_type = accepts(request, *_JSON)
    unmatched = ", ".join(sorted(key for key in request.query_params if key not in matched))
    headers = _warning(f"Not matched: {unmatched}.") if unmatched else {}
    return JSONResponse(data_sets, media_type=media_type, headers=headers)


def stored(lines: Iterable[FileReport], base: str) -> Response:
    """Return what became of instances that were sent: 200 all stored, 202 some, 409 none."""
    answer = _StoreAnswer(base)
    for line in lines:
        answer.add(line)
    return JSONResponse(answer.data_set(), answer.status, _warning(answer.reason), media_type=DICOM_JSON)


def summary(each: StoredInstance, base: str, level: str) -> DataSet:
    """Return what a search tells of an instance, or of the study or series that it is of."""
    instance = each.instance
    data_set = {"0020000D": _value("UI", instance.study_uid), "00081190": _value("UR", place(base, instance, level))}
    if level == "studies":
        data_set |= {"00080061": _value("CS", "ECG"), "00100020": _value("LO", each.patient or "")}
        return data_set | {"00100040": _value("CS", {"female": "F", "male": "M"}.get(each.sex, ""))}
    data_set |= {"0020000E": _value("UI", instance.series_uid), "00080060": _value("CS", "ECG")}
    if level == "instances":
        data_set |= {"00080016": _value("UI", instance.sop_class_uid), "00080018": _value("UI", instance.sop_uid)}
    return data_set


def place(base: str, instance: Instance, level: str = "instances") -> str:
    """Return where an instance, its series or its study is retrieved."""
    study = f"{base}/studies/{instance.study_uid}"
    series = f"{study}/series/{instance.series_uid}"
    return {"studies": study, "series": series}.get(level, f"{series}/instances/{instance.sop_uid}")


class _StoreAnswer:
    """A Store Instances Response Module (PS3.18 I.2) in the making."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._stored: list[DataSet] = []
        self._failed: list[DataSet] = []
        self._unknown: list[DataSet] = []
        self._studies: set[str] = set()
        self.reason = ""

    @property
    def status(self) -> int:
        """The HTTP status."""
        if not self._failed and not self._unknown:
            return 200
        return 202 if self._stored else 409

    def add(self, line: FileReport) -> None:
        """Tell of one instance."""
        instance = line.instance
        named = _reference(instance) if instance is not None else {}
        if line.outcome is FileOutcome.REFUSED or instance is None:
            code = line.error.code if line.error is not None else ErrorCode.INTERNAL
            self.reason = self.reason or (line.error.detail if line.error is not None else "")
            failure = dicom.failure_of(code, instance.sop_class_uid if instance else "")
            (self._failed if named else self._unknown).append(named | {"00081197": _value("US", failure)})
            return
        self._studies.add(place(self._base, instance, "studies"))
        named["00081190"] = _value("UR", place(self._base, instance))
        self._stored.append(named)

    def data_set(self) -> DataSet:
        """Return it."""
        sequences = {"00081198": self._failed, "00081199": self._stored, "0008119A": self._unknown}
        data_set: DataSet = {tag: {"vr": "SQ", "Value": items} for tag, items in sequences.items() if items}
        if len(self._studies) == 1:
            data_set["00081190"] = _value("UR", *self._studies)
        return data_set


async def _there(call: Call, query: InstanceQuery) -> list[StoredInstance]:
    async with aclosing(found(call, query)) as instances:
        there = [each async for each in instances]
    if not there:
        raise NotFound("There is no such study, series or instance in your department.")
    return there


def _fetch(call: Call, each: StoredInstance, *, metadata: bool = False) -> AsyncGenerator[Any]:
    wanted = convert.metadata(each.record_id) if metadata else convert.file(each.record_id)
    return call.peers.ingest.fetch_instance(call.caller, wanted)


async def _parts(
    call: Call, first: AsyncGenerator[bytes], rest: list[StoredInstance], boundary: str
) -> AsyncIterator[bytes]:
    async for chunks in _each(call, first, rest, metadata=False):
        yield f"--{boundary}\r\nContent-Type: {DICOM}\r\n\r\n".encode()
        async for chunk in chunks:
            yield chunk
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


async def _listed(call: Call, first: AsyncGenerator[bytes], rest: list[StoredInstance]) -> AsyncIterator[bytes]:
    before = b"["
    async for chunks in _each(call, first, rest, metadata=True):
        yield before
        async for chunk in chunks:
            yield chunk
        before = b","
    yield b"]"


async def _each(
    call: Call, first: AsyncGenerator[bytes], rest: list[StoredInstance], *, metadata: bool
) -> AsyncIterator[AsyncGenerator[bytes]]:
    """Yield the files, each opened when its turn comes; one that was erased meanwhile is left out."""
    async with aclosing(first):
        yield first
    for each in rest:
        try:
            _, chunks = await opened(_fetch(call, each, metadata=metadata))
        except NotFound:
            continue
        async with aclosing(chunks):
            yield chunks


def _reference(instance: Instance) -> DataSet:
    return {"00081150": _value("UI", instance.sop_class_uid), "00081155": _value("UI", instance.sop_uid)}


def _value(vr: str, *values: object) -> DataSet:
    return {"vr": vr, "Value": list(values)} if values != ("",) else {"vr": vr}


def _warning(reason: str) -> dict[str, str]:
    """Return the header that tells people what a code cannot (PS3.18 8.4.3)."""
    text = json.dumps(reason[:_WARNING_CHARS].encode("ascii", "replace").decode())
    return {"Warning": f"299 einthoven {text}"} if reason else {}
