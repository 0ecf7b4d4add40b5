"""Small ONNX models for the tests: sound ones, and one for everything that can be wrong."""

from collections.abc import Sequence

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Shape = Sequence[int | str] | None


def model(
    *,
    input_shape: Shape = ("N", 12, 1000),
    output_shape: Shape = ("N", 3),
    classes: int = 3,
    final: str | None = None,
    metadata: Sequence[tuple[str, str]] = (),
    opset: int = 17,
) -> ModelProto:
    """Return a model that averages each lead and weighs the leads: class k is the mean of lead k, times k + 1."""
    weights = np.zeros((12, classes), np.float32)
    for index in range(classes):
        weights[index, index] = index + 1
    leads = TensorProto.FLOAT
    nodes = [
        helper.make_node("GlobalAveragePool", ["ecg"], ["means"]),
        helper.make_node("Flatten", ["means"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scores" if final is None else "raw"]),
    ]
    if final is not None:
        nodes.append(helper.make_node(final, ["raw"], ["scores"]))
    made = helper.make_model(
        helper.make_graph(
            nodes,
            "means",
            [helper.make_tensor_value_info("ecg", leads, input_shape)],
            [helper.make_tensor_value_info("scores", leads, output_shape)],
            [numpy_helper.from_array(weights, "weights")],
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
    )
    for key, value in metadata:
        made.metadata_props.add(key=key, value=value)
    return made


def document(**changes: object) -> bytes:
    """Return a sound model, or a changed one, as a file."""
    return bytes(model(**changes).SerializeToString())  # type: ignore[arg-type]


def with_node(node: NodeProto, domain: str = "") -> bytes:
    """Return a model with one more node."""
    made = model()
    made.graph.node.append(node)
    if domain:
        made.opset_import.append(helper.make_opsetid(domain, 1))
    return bytes(made.SerializeToString())


def with_external_data() -> bytes:
    """Return a model whose weights point to a file beside it."""
    made = model()
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return bytes(made.SerializeToString())


def with_external_data_in_a_subgraph() -> bytes:
    """Return a model that hides such weights in the branch of an If."""
    made = model()
    tensor = numpy_helper.from_array(np.zeros(1, np.float32), "hidden")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    value = helper.make_tensor_value_info("branch", TensorProto.FLOAT, [1])
    branch = helper.make_graph([helper.make_node("Constant", [], ["branch"], value=tensor)], "branch", [], [value])
    made.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))  # noqa: FBT003 the value of a tensor
    made.graph.node.append(helper.make_node("If", ["yes"], ["chosen"], then_branch=branch, else_branch=branch))
    return bytes(made.SerializeToString())


def with_two_inputs() -> bytes:
    """Return a model that also wants an age."""
    made = model()
    made.graph.input.append(helper.make_tensor_value_info("age", TensorProto.FLOAT, ["N", 1]))
    return bytes(made.SerializeToString())


def with_functions() -> bytes:
    """Return a model that brings a function of its own."""
    made = model()
    function = helper.make_function("own", "Twice", ["x"], ["y"], [helper.make_node("Add", ["x", "x"], ["y"])], [])
    made.functions.append(function)
    return bytes(made.SerializeToString())


def with_broken_topology() -> bytes:
    """Return a model with a node that reads what nobody writes."""
    return with_node(helper.make_node("Relu", ["nowhere"], ["somewhere"]))
