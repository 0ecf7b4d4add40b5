"""What an HL7 aECG says of how its rhythm was recorded, and what its annotations say of it."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from services.ingest.decoding.claims import compact_time, device, hertz, measurement, measurements, statements
from services.ingest.decoding.safe_xml import Element
from services.shared.acquisition import Acquisition, DeviceMeasurement, Filters, Scale

_NAMES: Final = {
    "HEART_RATE": "heart_rate",
    "TIME_PD_RR": "rr_interval",
    "TIME_PD_P": "p_duration",
    "TIME_PD_PR": "pr_interval",
    "TIME_PD_PQ": "pr_interval",
    "TIME_PD_QRS": "qrs_duration",
    "TIME_PD_QT": "qt_interval",
    "TIME_PD_QTC": "qtc_interval",
    "TIME_PD_QTCB": "qtc_interval",
    "TIME_PD_QTCF": "qtc_interval",
    "ANGLE_P_FRONT": "p_axis",
    "ANGLE_QRS_FRONT": "qrs_axis",
    "ANGLE_T_FRONT": "t_axis",
}
"""ISO/IEEE 11073-10102, without MDC_ECG_ and the _GL of what holds for all leads."""
_LEAD: Final = "MDC_ECG_LEAD"
_MAX_ANNOTATIONS: Final = 2000
"""What holds for the whole rhythm comes before what marks each of its beats."""
_BEAT: Final = "MDC_ECG_BEAT"
_FILTER: Final = "MDC_ECG_CTL_VBL_ATTR_FILTER_"


def acquisition_of(root: Element, series: Element, head: str, scales: tuple[Scale, ...]) -> Acquisition:
    """Return what is said of the rhythm; `head` is the time of its first sample, where that is absolute."""
    annotations = list(islice(_annotations(series), _MAX_ANNOTATIONS))
    person = ("componentof", "timepointevent", "componentof", "subjectassignment", "subject", "trialsubject")
    return Acquisition(
        device=_device(series),
        acquired_at=_acquired_at(root, series, head),
        filters=_filters(series),
        scales=scales,
        measurements=measurements(_claimed(each) for each in annotations),
        statements=statements(
            (text for each in annotations for text in _stated(each)),
            [root.text_of(*person, "subjectdemographicperson", "name")],
        ),
    )


def _device(series: Element) -> str | None:
    """Return the device that recorded the series, else the one that annotated it."""
    author = series.find("author", "seriesauthor") or series
    maker = author.text_of("manufacturerorganization", "name")
    model = author.text_of("manufacturedseriesdevice", "manufacturermodelname")
    if not model:
        entity = ("subjectof", "annotationset", "author", "assignedentity", "assignedauthortype", "assigneddevice")
        annotator = series.at(*entity)
        model = annotator.text_of("manufacturermodelname")
        maker = maker or annotator.text_of("playedmanufactureddevice", "manufacturerorganization", "name")
    return device(maker, model)


def _acquired_at(root: Element, series: Element, head: str) -> str | None:
    texts = [series.attribute_of("value", "effectivetime", part) for part in ("low", "center")]
    texts += [head, *(root.attribute_of("value", "effectivetime", part) for part in ("low", "center"))]
    return next((time for text in texts if (time := compact_time(text))), None)


def _filters(series: Element) -> Filters:
    found: dict[str, float | None] = {}
    for variable in series.all("controlvariable", "controlvariable"):
        kind = variable.attribute_of("code", "code").removeprefix(_FILTER)
        for part in variable.all("component", "controlvariable"):
            if part.attribute_of("code", "code").endswith("_FREQ"):
                per = {"hz": 1.0, "": 1.0, "khz": 1000.0}.get(part.attribute_of("unit", "value").lower())
                found[kind] = hertz(part.attribute_of("value", "value"), per_unit=per) if per else None
    return Filters(found.get("HIGH_PASS"), found.get("LOW_PASS"), found.get("NOTCH"))


def _annotations(series: Element) -> Iterator[Element]:
    """Return annotations: of the whole rhythm and of its first beat, then of the beat that was derived from it."""
    derived = series.all("derivation", "derivedseries", "subjectof", "annotationset")
    for each in (*series.all("subjectof", "annotationset"), *derived):
        whole = list(islice(each.all("component", "annotation"), _MAX_ANNOTATIONS))
        yield from whole
        is_first = True
        for annotation in whole:
            is_beat = annotation.attribute_of("code", "code").upper() == _BEAT
            if is_first or not is_beat:
                yield from annotation.all("component", "annotation")
            is_first = is_first and not is_beat


def _claimed(annotation: Element) -> DeviceMeasurement | None:
    code = annotation.attribute_of("code", "code").upper().removeprefix("MDC_ECG_").removesuffix("_GL")
    name = _NAMES.get(code)
    if name is None or _is_of_one_lead(annotation):
        return None
    value = annotation.at("value")
    return measurement(name, value.attribute("value"), value.attribute("unit"))


def _is_of_one_lead(annotation: Element) -> bool:
    codes = annotation.all("support", "supportingroi", "component", "boundary", "code")
    return any(code.attribute("code").startswith(_LEAD) for code in codes)


def _stated(annotation: Element) -> Iterator[str]:
    code = annotation.attribute_of("code", "code").upper()
    if code.startswith("MDC_ECG_INTERPRETATION"):
        yield annotation.text_of("value") or annotation.attribute_of("displayname", "value")
    elif code == "MDC_ECG_RHY":
        yield annotation.attribute_of("displayname", "value")
