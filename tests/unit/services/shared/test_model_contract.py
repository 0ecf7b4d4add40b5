import pytest

from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidModel
from services.shared.model_contract import (
    MAX_MANIFEST_BYTES,
    PRESETS,
    FileEntry,
    InputContract,
    Manifest,
    Metric,
    OutputClass,
    OutputContract,
    Step,
)


def manifest(**changes: object) -> Manifest:
    parts = {
        "name": "afib",
        "version": "1",
        "files": {"model.onnx": FileEntry(sha256="0" * 64, size_bytes=3, media_type="application/octet-stream")},
        "input": InputContract(tensor="ecg", rate_hz=100, samples=1000, preprocessing=PRESETS["exchangeai"]),
        "output": OutputContract(
            tensor="logits",
            task="multilabel",
            classes=(OutputClass(name="AFIB", codes={"icd10": "I48"}, threshold=0.4), OutputClass(name="SR")),
        ),
        "metrics": {"f1": 0.8, "auroc": Metric(value=0.9, low=0.8, high=0.95)},
    }
    return Manifest.model_validate(parts | changes)


def test_a_manifest_survives_its_own_json() -> None:
    made = manifest()

    again = Manifest.parse(made.to_json())

    assert again == made
    assert again.input.leads == STANDARD_LEADS
    assert again.metrics["f1"] == Metric(value=0.8)


def test_the_json_is_canonical() -> None:
    text = manifest().to_json()

    assert text == Manifest.parse(text.encode()).to_json()
    assert ": " not in text
    assert text.index('"files"') < text.index('"input"')


def test_a_step_takes_its_defaults_where_nothing_is_given() -> None:
    step = Step(name="clip_quantiles", parameters={"factor": 2})

    assert (step.value("low"), step.value("factor")) == (0.01, 2.0)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{", "Invalid JSON"),
        ("[]", "document"),
        ("{}", "input: Field required"),
        (manifest().to_json().replace('"licence"', '"license"'), "Extra inputs are not permitted"),
        (manifest().to_json().replace("clip_quantiles", "clip_everything"), "input.preprocessing.0.name"),
        (manifest().to_json().replace('"parameters":{}', '"parameters":{"sigma":1}', 1), "has no parameter 'sigma'"),
        (manifest().to_json().replace('"parameters":{}', '"parameters":{"low":7}', 1), "must lie in 0 … 0.5"),
        (manifest().to_json().replace('"SR"', '"AFIB"'), "same name"),
        (manifest().to_json().replace('"V6"', '"V7"'), "leads must be different ones of"),
        (manifest().to_json().replace('"V6"', '"V5"'), "leads must be different ones of"),
        (manifest().to_json().replace('"multilabel"', '"regression"'), "has no threshold"),
        (manifest().to_json().replace('"temperature":1.0', '"temperature":0'), "output.temperature"),
        (manifest().to_json().replace('"name":"afib"', '"name":"../afib"'), "name: "),
        (manifest().to_json().replace("0" * 64, "0" * 63), "sha256"),
        ('{"input": ' * 5_000, "refused"),
        ('{"metrics": 7}', "metrics"),
    ],
)
def test_a_faulty_manifest_is_refused_with_a_sentence(document: str, sentence: str) -> None:
    with pytest.raises(InvalidModel, match="The manifest is refused") as caught:
        Manifest.parse(document)

    assert sentence in caught.value.detail


def test_a_manifest_that_is_too_large_is_not_read() -> None:
    with pytest.raises(InvalidModel, match="at most"):
        Manifest.parse(b" " * (MAX_MANIFEST_BYTES + 1))


def test_many_faults_are_counted_and_not_all_told() -> None:
    with pytest.raises(InvalidModel, match=r"and \d+ more\.$"):
        Manifest.parse('{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}')
