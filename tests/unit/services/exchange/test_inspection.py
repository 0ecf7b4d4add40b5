from pathlib import Path

import pytest
from onnx import helper

from services.exchange.onnx_file.inspection import inspect
from services.shared.errors import InvalidModel
from tests.unit.services.exchange import onnx_models


def test_a_sound_model_says_what_it_takes_and_gives() -> None:
    facts = inspect(onnx_models.document(metadata=[("target_keys", "['a']")]))

    assert (facts.opset, facts.input.tensor, facts.input.samples, facts.input.fixed_batch) == (17, "ecg", 1000, False)
    assert (facts.output.tensor, facts.output.classes, facts.output.final) == ("scores", 3, "other")
    assert facts.metadata == {"target_keys": "['a']"}


def test_free_lengths_and_fixed_batches_are_told_apart() -> None:
    facts = inspect(onnx_models.document(input_shape=(1, 12, "L")))

    assert (facts.input.samples, facts.input.fixed_batch) == (None, True)


@pytest.mark.parametrize("final", ["Softmax", "Sigmoid"])
def test_a_number_of_classes_that_is_not_stated_is_inferred(final: str) -> None:
    facts = inspect(onnx_models.document(output_shape=("N", "C"), final=final))

    assert (facts.output.classes, facts.output.final) == (3, final)


def test_keys_that_contradict_themselves_are_told() -> None:
    twice = [("scale", "milliVolt"), ("scale", "mikroVolt"), ("target_keys", "[1]"), ("target_keys", "[1]")]

    facts = inspect(onnx_models.document(metadata=twice))

    assert facts.contradictory_keys == ("scale",)
    assert facts.metadata["scale"] == "mikroVolt"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"", "not an ONNX model, or it is truncated"),
        (b"PK\x03\x04 not a model", "not an ONNX model"),
        (onnx_models.document()[:200], "not an ONNX model, or it is truncated"),
        (onnx_models.document(opset=21), "operator set 21; 7 to 20"),
        (onnx_models.with_external_data(), "'weights' lie in another file"),
        (onnx_models.with_external_data_in_a_subgraph(), "'hidden' lie in another file"),
        (onnx_models.with_node(helper.make_node("Evil", ["ecg"], ["x"])), "not ONNX's own: Evil"),
        (onnx_models.with_node(helper.make_node("Gelu", ["ecg"], ["x"])), "not ONNX's own: Gelu"),
        (
            onnx_models.with_node(helper.make_node("Op", ["ecg"], ["x"], domain="acme"), "acme"),
            "not ONNX's own: acme.Op",
        ),
        (onnx_models.with_functions(), "functions of its own"),
        (onnx_models.with_broken_topology(), "The ONNX checker refuses the model"),
        (onnx_models.with_two_inputs(), r"2 inputs \(age, ecg\)"),
        (onnx_models.document(input_shape=("N", 1, 256)), r"takes 1 lead \(float \['N', 1, 256\]\)"),
        (onnx_models.document(input_shape=("N", 8, 1000)), "takes 8 leads"),
        (onnx_models.document(input_shape=("N", 12)), r"expected float32 of shape \[N, 12, samples\]"),
        (onnx_models.document(input_shape=None), "The ONNX checker refuses the model"),
        (onnx_models.document(input_shape=(4, 12, 1000)), "exactly 4 ECGs at a time"),
        (onnx_models.document(output_shape=("N", 3, 1)), r"No output of the model is float32 of shape \[N, classes\]"),
    ],
)
def test_what_cannot_be_run_is_refused_with_a_sentence(document: bytes, sentence: str) -> None:
    with pytest.raises(InvalidModel, match=sentence):
        inspect(document)


def test_the_reference_base_model_is_sound(data_dir: Path) -> None:
    facts = inspect((data_dir / "formats/onnx/XceptionTime_untrained.onnx").read_bytes())

    assert (facts.input.tensor, facts.input.samples, facts.output.classes) == ("arg0", 1000, 2)


def test_a_single_lead_beat_model_is_refused(data_dir: Path) -> None:
    with pytest.raises(InvalidModel, match="takes 1 lead"):
        inspect((data_dir / "formats/onnx/adii11001_singlebeat.onnx").read_bytes())
