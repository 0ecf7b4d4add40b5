"""Architectures go out as ONNX files that ONNX Runtime and the importer read alike."""

import pytest
import torch
from onnx import ModelProto

from services.shared.errors import InvalidModel
from services.trainer import architectures
from services.trainer.interchange.onnx_export import architecture_to_onnx, export
from services.trainer.interchange.onnx_import import Wish, import_onnx
from services.trainer.interchange.proof import noise, prove_same
from services.trainer.learning.trainable import Trainable


def trainable(name: str) -> Trainable:
    network = architectures.build(name, leads=12, samples=1000, outputs=3)
    for _ in range(2):
        network(torch.randn(4, 12, 1000))
    return Trainable(network, ("head",), to_onnx=lambda: architecture_to_onnx(network, 12, 1000))


@pytest.mark.parametrize("name", architectures.NAMES)
def test_an_architecture_goes_out_and_reads_back_as_the_same_function(name: str) -> None:
    made = trainable(name)

    data = export(made, {"target_keys": '["a", "b", "c"]'}, noise(12, 1000))
    again = import_onnx(data, Wish(("a", "b", "c"), multilabel=False, samples=1000), ("a", "b", "c"))

    model = ModelProto.FromString(data)
    assert (model.graph.input[0].name, model.graph.output[0].name) == ("ecg", "logits")
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    assert [each.version for each in model.opset_import] == [17]
    assert {each.key: each.value for each in model.metadata_props} == {"target_keys": '["a", "b", "c"]'}
    assert not any(node.op_type == "Identity" for node in model.graph.node)
    signals = torch.randn(2, 12, 1000)
    with torch.inference_mode():
        assert torch.allclose(again.network.eval()(signals), made.network.eval()(signals), atol=1e-6)


def test_a_network_that_differs_from_its_file_is_refused() -> None:
    made, other = trainable("xception_time"), trainable("xception_time")

    with pytest.raises(InvalidModel, match="differ by"):
        prove_same(made.to_onnx(), other.network, noise(12, 1000))
