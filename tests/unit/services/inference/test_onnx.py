import numpy as np
import pytest
import structlog
from onnx import TensorProto, helper

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


def test_outputs_without_a_row_per_ecg_are_not_asked_for() -> None:
    model = onnx_models.model()
    model.graph.output.append(helper.make_tensor_value_info("weights", TensorProto.FLOAT, [12, 3]))

    runtime = OnnxLoader(RuntimeSettings())(model.SerializeToString())

    assert list(runtime.run(ecgs(1))) == ["scores"]


def test_runs_share_the_cores_and_who_comes_alone_has_them_all() -> None:
    loader = OnnxLoader(RuntimeSettings(threads=4, runs_at_once=2))
    runtime = loader(onnx_models.document())

    beside, alone = (each.get_session_options().intra_op_num_threads for each in (runtime._beside, runtime._alone))

    assert (loader.runs_at_once, beside, alone) == (2, 2, 4)
    np.testing.assert_array_equal(runtime.run(ecgs(1))["scores"], runtime.run_alone(ecgs(1))["scores"])
