import pytest

from services.shared.errors import InvalidModel
from services.shared.model_contract import (
    EXCHANGEAI,
    InputContract,
    Manifest,
    OutputClass,
    OutputContract,
    Step,
)
from services.shared.model_metadata import (
    read_preprocessing,
    read_rate_hz,
    read_target_keys,
    read_unit,
    to_metadata,
)


def test_what_we_write_reads_back() -> None:
    steps = (*EXCHANGEAI, Step(name="z_score"))
    manifest = Manifest(
        input=InputContract(tensor="x", rate_hz=250, samples=2500, unit="uV", preprocessing=steps),
        output=OutputContract(tensor="y", task="multilabel", classes=(OutputClass(name="A'b"), OutputClass(name="é"))),
    )

    metadata = to_metadata(manifest)

    assert read_target_keys(metadata) == ("A'b", "é")
    assert read_preprocessing(metadata) == steps
    assert read_unit(metadata) == "uV"
    assert read_rate_hz(metadata) == 250


def test_python_literals_of_other_instances_are_read() -> None:
    metadata = {
        "target_keys": "['none0', 'none1']",
        "scale": "milliVolt",
        "standardizer": "None",
        "sampling_rate": "100",
    }

    assert read_target_keys(metadata) == ("none0", "none1")
    assert read_unit(metadata) == "mV"
    assert read_preprocessing(metadata) == EXCHANGEAI
    assert read_rate_hz(metadata) == 100


def test_a_file_that_states_nothing_gives_nothing() -> None:
    assert read_target_keys({}) is None
    assert read_unit({}) is None
    assert read_preprocessing({}) is None
    assert read_rate_hz({}) is None


@pytest.mark.parametrize(
    "hostile",
    [
        "__import__('os').system('true')",
        "[x for x in (1,)]",
        "(" * 10_000,
        "[" * 100_000,
        "{'a': 1}",
        "[]",
        "['a', ['b']]",
        "'a'",
        "a" * 300_000,
        "[1.5]",
        "",
        "{{}: 1}",
    ],
)
def test_hostile_or_senseless_class_names_are_refused_and_not_evaluated(hostile: str) -> None:
    with pytest.raises(InvalidModel, match="target_keys"):
        read_target_keys({"target_keys": hostile})


def test_unknown_words_and_rates_are_refused() -> None:
    with pytest.raises(InvalidModel, match="must be one of None, minMax, meanStd"):
        read_preprocessing({"standardizer": "exec"})
    with pytest.raises(InvalidModel, match="must be one of milliVolt, mikroVolt"):
        read_unit({"scale": "Volt"})
    with pytest.raises(InvalidModel, match="must be a number"):
        read_rate_hz({"sampling_rate": "[100]"})
