"""ONNX models of many origins come in, learn, and go out again as the same function."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import nn

from services.shared.errors import InvalidModel
from services.trainer.interchange.onnx_export import export
from services.trainer.interchange.onnx_import import Wish, import_onnx
from services.trainer.interchange.proof import noise
from services.trainer.learning.recipe import Mode
from services.trainer.learning.trainable import Trainable
from tests.unit.services.trainer.interchange.graphs import (
    SAMPLES,
    Attention,
    GlobalMax,
    Recurrent,
    convolutional,
    exported,
    handmade,
)

WISH = Wish(("a", "b", "c"), multilabel=False, samples=SAMPLES)


def trained(trainable: Trainable, mode: Mode = "all_layers") -> set[str]:
    """Take a few steps; return the names of what changed."""
    network = trainable.network
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trainable.freeze(mode)
    trainable.set_training(mode)
    optimizer = torch.optim.AdamW([each for each in network.parameters() if each.requires_grad], lr=0.01)
    for _ in range(3):
        loss = nn.functional.cross_entropy(network(torch.randn(6, 12, SAMPLES)), torch.arange(6) % 3)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return {
        name
        for name, tensor in network.state_dict().items()
        if not torch.equal(tensor, before[name]) and not name.endswith("num_batches_tracked")
    }


MODELS = {
    "convolutions": lambda: exported(convolutional()),
    "opset 13": lambda: exported(convolutional(), opset=13),
    "opset 18": lambda: exported(convolutional(), opset=18),
    "opset 20": lambda: exported(convolutional(), opset=20),
    "batch normalization in training mode": lambda: exported(convolutional(), training=True),
    "global maximum": lambda: exported(nn.Sequential(nn.Conv1d(12, 6, 3), GlobalMax(), nn.Linear(6, 3))),
    "lstm": lambda: exported(Recurrent(nn.LSTM, bidirectional=False)),
    "bidirectional lstm": lambda: exported(Recurrent(nn.LSTM, bidirectional=True)),
    "gru": lambda: exported(Recurrent(nn.GRU, bidirectional=True)),
    "transformer": lambda: exported(Attention()),
}


@pytest.mark.parametrize("origin", MODELS)
@pytest.mark.filterwarnings("ignore:Exporting a model to ONNX with a batch_size")
def test_a_model_imports_learns_everywhere_and_goes_out_again(origin: str) -> None:
    trainable = import_onnx(MODELS[origin]().SerializeToString(), WISH)

    changed = trained(trainable)
    data = export(trainable, {"target_keys": "[]"}, noise(12, SAMPLES))
    again = import_onnx(data, WISH, ("a", "b", "c"))

    learnable = {name for name, each in trainable.network.named_parameters() if each.numel()}
    assert learnable <= changed
    signals = torch.randn(4, 12, SAMPLES)
    with torch.inference_mode():
        assert torch.allclose(again.network.eval()(signals), trainable.network(signals), atol=1e-5)


@pytest.mark.parametrize("origin", ["convolutions", "bidirectional lstm", "transformer"])
def test_head_only_trains_the_last_layer_and_nothing_else(origin: str) -> None:
    trainable = import_onnx(MODELS[origin]().SerializeToString(), WISH)

    changed = trained(trainable, "head_only")

    of_head = {name for name in trainable.network.state_dict() if any(name.startswith(each) for each in trainable.head)}
    assert len(trainable.head) == 1
    assert changed == of_head


def test_other_classes_get_a_new_head_and_keep_the_body() -> None:
    model = exported(convolutional())
    five = Wish(tuple("abcde"), multilabel=True, samples=SAMPLES)

    trainable = import_onnx(model.SerializeToString(), five, ("a", "b", "c"))
    data = export(trainable, {}, noise(12, SAMPLES))

    assert trainable.remarks
    written = {each.name: numpy_helper.to_array(each) for each in ModelProto.FromString(data).graph.initializer}
    assert written["7.weight"].shape == (5, 3)
    given = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    assert np.array_equal(written["5.weight"], given["5.weight"])


def test_the_same_classes_keep_their_head() -> None:
    trainable = import_onnx(exported(convolutional()).SerializeToString(), WISH, ("a", "b", "c"))

    assert not trainable.remarks


def test_a_final_softmax_is_taken_off() -> None:
    plain = import_onnx(exported(convolutional()).SerializeToString(), WISH)

    softened = import_onnx(exported(convolutional(last=nn.Softmax(dim=1))).SerializeToString(), WISH)

    signals = torch.randn(2, 12, SAMPLES)
    assert torch.allclose(softened.network.eval()(signals), plain.network.eval()(signals), atol=1e-6)


def test_a_bounded_head_is_replaced_where_several_labels_are_wanted() -> None:
    model = exported(convolutional(last=nn.ReLU()))
    several = Wish(("a", "b", "c"), multilabel=True, samples=SAMPLES)

    kept = import_onnx(model.SerializeToString(), WISH, ("a", "b", "c"))
    replaced = import_onnx(model.SerializeToString(), several, ("a", "b", "c"))

    signals = torch.randn(64, 12, SAMPLES)
    with torch.inference_mode():
        assert float(kept.network.eval()(signals).min()) >= 0
        assert float(replaced.network.eval()(signals).min()) < 0


def test_scratch_forgets_the_weights() -> None:
    data = exported(convolutional()).SerializeToString()

    first, other, again = (
        import_onnx(data, Wish(("a", "b", "c"), multilabel=False, samples=SAMPLES, seed=seed, scratch=True))
        for seed in (1, 2, 1)
    )

    weights = [next(iter(each.network.parameters())) for each in (first, other, again)]
    assert not torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])


def test_weights_shared_by_two_nodes_are_parted() -> None:
    weights = {"w": np.eye(12, dtype=np.float32)[:, :, None], "v": np.ones((3, 12), np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("Conv", ["a", "w"], ["b"]),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("Gemm", ["d", "v"], ["y"], transB=1, alpha=0.5),
    ]

    trainable = import_onnx(handmade(nodes, weights).SerializeToString(), WISH)
    changed = trained(trainable)

    assert len(changed) == 3
    export(trainable, {}, noise(12, SAMPLES))


def test_metadata_that_occurs_twice_is_no_obstacle() -> None:
    model = exported(convolutional())
    for value in ("1", "2"):
        model.metadata_props.add(key="scale", value=value)

    assert import_onnx(model.SerializeToString(), WISH).head


def test_the_reference_platforms_base_model_imports_learns_and_goes_out_again(data_dir: Path) -> None:
    data = (data_dir / "formats" / "onnx" / "XceptionTime_untrained.onnx").read_bytes()
    wish = Wish(("a", "b", "c"), multilabel=True, samples=1000)

    trainable = import_onnx(data, wish, ("none0", "none1"))
    trainable.set_training("all_layers")
    torch.autograd.backward(trainable.network(torch.randn(2, 12, 1000)).sum())
    model = ModelProto.FromString(export(trainable, {"scale": "milliVolt"}, noise(12, 1000)))

    assert model.opset_import[0].version == 17
    assert not any(len(node.output) > 1 for node in model.graph.node if node.op_type == "BatchNormalization")
    assert [(each.key, each.value) for each in model.metadata_props] == [("scale", "milliVolt")]


def _external() -> ModelProto:
    model = exported(convolutional())
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    model.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    return model


def _opset_21() -> ModelProto:
    model = exported(convolutional())
    model.opset_import[0].version = 21
    return model


def _hidden_dimension() -> ModelProto:
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["a"], axes=[2], keepdims=0),
        helper.make_node("Slice", ["a", "from", "to", "axis"], ["y"]),
    ]
    weights = {"from": np.array([0]), "to": np.array([3]), "axis": np.array([1])}
    return handmade(nodes, weights)


def _fixed_batch() -> ModelProto:
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["a"]),
        helper.make_node("Gemm", ["a", "v"], ["y"]),
    ]
    weights = {"shape": np.array([1, 12 * SAMPLES]), "v": np.ones((12 * SAMPLES, 3), np.float32)}
    return handmade(nodes, weights)


REFUSED: dict[str, Callable[[], bytes]] = {
    "not an ONNX model": lambda: b"\xff\x00 nothing like a model",
    "one file": lambda: _external().SerializeToString(),
    "opset 21": lambda: _opset_21().SerializeToString(),
    "checker": lambda: handmade([helper.make_node("Relu", ["nowhere"], ["y"])], {}).SerializeToString(),
    "no head": lambda: _hidden_dimension().SerializeToString(),
    "dynamic batch": lambda: _fixed_batch().SerializeToString(),
}


@pytest.mark.parametrize("told", REFUSED)
def test_a_model_that_cannot_be_trained_is_refused_with_the_reason(told: str) -> None:
    with pytest.raises(InvalidModel, match=told):
        import_onnx(REFUSED[told](), WISH)


def test_unknown_operators_are_named() -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["a"]),
        helper.make_node("Gemm", ["a", "v"], ["b"]),
        helper.make_node("Whistle", ["b"], ["y"], domain="org.example"),
    ]
    model = handmade(nodes, {"v": np.ones((12 * SAMPLES, 3), np.float32)})
    model.opset_import.append(helper.make_opsetid("org.example", 1))

    with pytest.raises(InvalidModel, match=r"org\.example\.Whistle"):
        import_onnx(model.SerializeToString(), WISH)


def test_a_model_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidModel, match="takes 40 samples, but 1000"):
        import_onnx(exported(convolutional()).SerializeToString(), Wish(("a", "b"), multilabel=False, samples=1000))


def test_a_single_lead_model_is_refused(data_dir: Path) -> None:
    data = (data_dir / "formats" / "onnx" / "adii11001_singlebeat.onnx").read_bytes()

    with pytest.raises(InvalidModel, match="N x 1 x 256; a 12-lead model takes N x 12"):
        import_onnx(data, WISH)


def test_inputs_and_outputs_that_are_not_one_each_are_refused() -> None:
    model = exported(convolutional())
    model.graph.input.append(helper.make_tensor_value_info("age", TensorProto.FLOAT, ["batch", 1]))

    with pytest.raises(InvalidModel, match="2 inputs"):
        import_onnx(onnx.ModelProto.SerializeToString(model), WISH)
