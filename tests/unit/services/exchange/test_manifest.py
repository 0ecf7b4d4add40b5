from dataclasses import replace

import pytest

from services.exchange.onnx_file.inspection import inspect
from services.exchange.onnx_file.manifest import check_against_facts, manifest_from_facts
from services.shared.errors import InvalidModel
from services.shared.model_contract import EXCHANGEAI, Step
from tests.unit.services.exchange import onnx_models


def test_a_file_that_says_everything_needs_few_assumptions() -> None:
    metadata = [("target_keys", '["A", "B", "C"]'), ("scale", "mikroVolt"), ("standardizer", "minMax")]
    facts = inspect(onnx_models.document(metadata=[*metadata, ("sampling_rate", "250")]))

    manifest, remarks = manifest_from_facts(facts)

    assert manifest.output.names == ("A", "B", "C")
    assert (manifest.input.unit, manifest.input.rate_hz, manifest.input.samples) == ("uV", 250, 1000)
    assert manifest.input.preprocessing == (*EXCHANGEAI, Step(name="min_max"))
    assert [remark.code for remark in remarks] == ["assumed_task"]


def test_a_file_that_says_nothing_gets_generic_names_and_says_so() -> None:
    manifest, remarks = manifest_from_facts(inspect(onnx_models.document()))

    assert manifest.output.names == ("class_0", "class_1", "class_2")
    assert (manifest.output.task, manifest.output.activation) == ("multiclass", "logits")
    assert {remark.code for remark in remarks} == {
        "assumed_rate",
        "assumed_preprocessing",
        "assumed_unit",
        "assumed_task",
        "generic_class_names",
    }
    assert manifest.remarks == tuple(remark.text for remark in remarks)


@pytest.mark.parametrize(
    ("final", "classes", "task", "activation"),
    [
        ("Softmax", 3, "multiclass", "probabilities"),
        ("Sigmoid", 3, "multilabel", "probabilities"),
        (None, 1, "multilabel", "logits"),
        (None, 2, "multiclass", "logits"),
    ],
)
def test_the_last_operator_decides_what_the_numbers_mean(
    final: str | None, classes: int, task: str, activation: str
) -> None:
    document = onnx_models.document(final=final, classes=classes, output_shape=("N", classes))

    manifest, _ = manifest_from_facts(inspect(document))

    assert (manifest.output.task, manifest.output.activation) == (task, activation)


def test_a_fixed_length_is_taken_as_ten_seconds() -> None:
    manifest, _ = manifest_from_facts(inspect(onnx_models.document(input_shape=("N", 12, 5000))))

    assert manifest.input.rate_hz == 500


def test_a_free_length_is_ten_seconds_at_the_stated_rate() -> None:
    document = onnx_models.document(input_shape=("N", 12, "L"), metadata=[("sampling_rate", "200")])

    manifest, _ = manifest_from_facts(inspect(document))

    assert manifest.input.samples == 2000


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        (("target_keys", "__import__('os').system('true')"), "neither JSON nor a plain literal"),
        (("target_keys", "['a', 'b']"), "names 2 classes, but its output 'scores' has 3"),
        (("target_keys", "['a', 'a', 'b']"), "same name"),
        (("target_keys", "['a', '', 'b']"), "cannot be"),
        (("sampling_rate", "0"), "impossible"),
        (("sampling_rate", "1e999"), "impossible"),
        (("scale", "Volt"), "must be one of"),
    ],
)
def test_metadata_that_cannot_be_is_refused(metadata: tuple[str, str], sentence: str) -> None:
    facts = inspect(onnx_models.document(metadata=[metadata]))

    with pytest.raises(InvalidModel, match=sentence):
        manifest_from_facts(facts)


def test_class_names_or_their_number_must_be_known() -> None:
    facts = inspect(onnx_models.document())
    unknown = replace(facts, output=replace(facts.output, classes=None))

    with pytest.raises(InvalidModel, match="neither class names nor their number"):
        manifest_from_facts(unknown)


@pytest.mark.parametrize(
    ("part", "changes", "sentence"),
    [
        ("input", {"tensor": "x"}, r"input\.tensor is 'x', but the ONNX file says 'ecg'"),
        ("input", {"samples": 500}, r"input\.samples is 500"),
        ("input", {"leads": ("I",)}, r"input\.leads is 1"),
        ("output", {"tensor": "x"}, r"output\.tensor is 'x'"),
        ("output", {"classes": ()}, "number of classes is 0"),
    ],
)
def test_a_manifest_must_agree_with_its_file(part: str, changes: dict[str, object], sentence: str) -> None:
    facts = inspect(onnx_models.document())
    manifest, _ = manifest_from_facts(facts)
    other = manifest.model_copy(update={part: getattr(manifest, part).model_copy(update=changes)})

    check_against_facts(manifest, facts)
    with pytest.raises(InvalidModel, match=sentence):
        check_against_facts(other, facts)
