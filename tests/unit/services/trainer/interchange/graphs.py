"""Small ONNX models as different exporters write them."""

import io
import warnings

import numpy as np
import onnx
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

SAMPLES = 40


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.LSTM | nn.GRU], *, bidirectional: bool) -> None:
        super().__init__()
        self.memory = kind(12, 5, num_layers=2, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(10 if bidirectional else 5, 3)

    def forward(self, signal: Tensor) -> Tensor:
        logits: Tensor = self.head(self.memory(signal.transpose(1, 2))[0][:, -1])
        return logits


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv1d(12, 8, 5, stride=5)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, signal: Tensor) -> Tensor:
        logits: Tensor = self.head(self.block(self.embed(signal).transpose(1, 2)).mean(dim=1))
        return logits


class GlobalMax(nn.Module):
    def forward(self, signal: Tensor) -> Tensor:
        return nn.functional.adaptive_max_pool1d(signal, 1).flatten(1)


def exported(network: nn.Module, *, opset: int = 17, training: bool = False, samples: int = SAMPLES) -> ModelProto:
    """What torch's TorchScript exporter makes of a network."""
    buffer = io.BytesIO()
    mode = torch.onnx.TrainingMode.TRAINING if training else torch.onnx.TrainingMode.EVAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.train(training),
            (torch.zeros(2, 12, samples),),
            buffer,  # type: ignore[arg-type]  # this exporter writes to buffers, too
            dynamo=False,
            opset_version=opset,
            training=mode,
            do_constant_folding=not training,
            dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
            input_names=["x"],
            output_names=["y"],
        )
    return ModelProto.FromString(buffer.getvalue())


def convolutional(outputs: int = 3, *, last: nn.Module | None = None) -> nn.Module:
    """A plain network with a head of the same size as one of its hidden layers."""
    torch.manual_seed(3)
    layers: list[nn.Module] = [
        nn.Conv1d(12, 6, 5, padding=2),
        nn.BatchNorm1d(6),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(6, outputs),
        nn.ReLU(),
        nn.Linear(outputs, outputs),
    ]
    return nn.Sequential(*layers, *([last] if last is not None else []))


def handmade(
    nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], *, classes: int = 3, opset: int = 17
) -> ModelProto:
    """A graph from x to y with the given nodes and weights."""
    graph = helper.make_graph(
        nodes,
        "handmade",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 12, SAMPLES])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", classes])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
