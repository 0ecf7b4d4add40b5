import numpy as np
import pytest
import structlog

from services.inference.runtime.onnx import OnnxLoader
from services.inference.settings import RuntimeSettings
from services.shared.errors import InvalidModel
from tests.unit.services.exchange import onnx_models
from tests.unit.services.inference.fakes import ecgs


def test_a_model_is_loaded_described_and_run() -> None:
    runtime = OnnxLoader(RuntimeSettings())(onnx_models.document())

    found = runtime.run(ecgs(1, 2))

    assert [(each.name, each.datatype, each.shape) for each in runtime.inputs] == [("ecg", "FP32", (-1, 12, 1000))]
    assert [(each.name, each.datatype, each.shape) for each in runtime.outputs] == [("scores", "FP32", (-1, 3))]
    np.testing.assert_allclose(found["scores"], [[1, 2, 3], [2, 4, 6]], rtol=1e-6)


def test_a_provider_that_is_absent_is_reported_and_done_without() -> None:
    with structlog.testing.capture_logs() as logs:
        loader = OnnxLoader(RuntimeSettings(providers=("AbsentExecutionProvider", "CPUExecutionProvider")))

    runtime = loader(onnx_models.document())

    assert [(log["event"], log["wanted"]) for log in logs] == [
        ("execution_provider_absent", ["AbsentExecutionProvider"])
    ]
    assert loader.providers == runtime.providers == ("CPUExecutionProvider",)


def test_what_onnx_runtime_refuses_is_an_invalid_model() -> None:
    with pytest.raises(InvalidModel, match="cannot load"):
        OnnxLoader(RuntimeSettings())(b"not a model")


def test_a_batch_the_model_fails_on_is_an_invalid_model() -> None:
    runtime = OnnxLoader(RuntimeSettings())(onnx_models.document())

    with pytest.raises(InvalidModel, match=r"input of shape \(1, 12, 7\)"):
        runtime.run(np.zeros((1, 12, 7), np.float32))
