"""Networks to ONNX files: opset 17, any batch, `ecg` in and `logits` out, the metadata that instances exchange."""

import io
import warnings
from collections.abc import Mapping
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, helper
from torch import nn
from torch.jit._trace import TracerWarning

from services.trainer.interchange.normalizing import BATCH, OPSET, normalize
from services.trainer.interchange.proof import prove_same
from services.trainer.learning.trainable import Trainable

INPUT: Final = "ecg"
OUTPUT: Final = "logits"
PRODUCER: Final = "einthoven"


def architecture_to_onnx(network: nn.Module, leads: int, samples: int) -> ModelProto:
    """Return a network of ours as an ONNX model.

    The TorchScript exporter in this mode keeps batch normalization, so that the file can be trained again; the newer
    one folds it away and writes opset 18, which onnx2torch does not read.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript", DeprecationWarning)
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)
        # Tracing keeps one branch of each condition and may fix the batch; where it does, the proof fails.
        warnings.filterwarnings("ignore", category=TracerWarning)
        warnings.filterwarnings("ignore", "Exporting a model to ONNX with a batch_size other than 1", UserWarning)
        torch.onnx.export(
            network.to("cpu").eval(),
            (torch.zeros(1, leads, samples),),
            buffer,  # type: ignore[arg-type]  # this exporter writes to buffers, too
            dynamo=False,
            opset_version=OPSET,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: {0: BATCH}, OUTPUT: {0: BATCH}},
        )
    return normalize(ModelProto.FromString(buffer.getvalue()))


def export(trainable: Trainable, metadata: Mapping[str, str], signals: NDArray[np.float32]) -> bytes:
    """Return the trained network as an ONNX file, proven on signals (n, leads, samples), n at least 3.

    Raises InvalidModel where ONNX Runtime does not reproduce the network to 1e-4.
    """
    trainable.network.to("cpu").eval()
    model = trainable.to_onnx()
    _name_ends(model)
    model.producer_name = PRODUCER
    model.doc_string = ""
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    prove_same(model, trainable.network, signals)
    return bytes(model.SerializeToString())


def _name_ends(model: ModelProto) -> None:
    """Call the ends what every model of ours calls them; nothing changes where they have these names."""
    graph = model.graph
    names = {graph.input[0].name: INPUT, graph.output[0].name: OUTPUT}
    taken = {name for node in graph.node for name in (*node.input, *node.output)} - names.keys()
    names = {old: new for old, new in names.items() if new not in taken}
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for end in (graph.input[0], graph.output[0]):
        end.name = names.get(end.name, end.name)
