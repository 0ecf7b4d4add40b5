"""Walking a model: every graph, node and tensor in it, however deeply nested."""

from collections.abc import Iterator
from typing import Final

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto

from services.shared.errors import InvalidModel

MAX_DEPTH: Final = 32
"""Subgraphs (If, Loop, Scan) inside each other; no real model comes near."""


def graphs(model: ModelProto) -> Iterator[GraphProto]:
    """Yield the main graph and every subgraph; raises InvalidModel where they are nested absurdly deep."""
    pending = [(model.graph, 0)]
    while pending:
        graph, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise InvalidModel(f"The model nests graphs more than {MAX_DEPTH} deep.")
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                pending.extend((inner, depth + 1) for inner in _subgraphs(attribute))


def nodes(model: ModelProto) -> Iterator[NodeProto]:
    """Yield every node of every graph."""
    for graph in graphs(model):
        yield from graph.node


def tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Yield every tensor stored in the model: initializers, sparse ones, and attributes."""
    for graph in graphs(model):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        for node in graph.node:
            for attribute in node.attribute:
                yield from _attribute_tensors(attribute)


def _subgraphs(attribute: AttributeProto) -> Iterator[GraphProto]:
    if attribute.HasField("g"):
        yield attribute.g
    yield from attribute.graphs


def _attribute_tensors(attribute: AttributeProto) -> Iterator[TensorProto]:
    if attribute.HasField("t"):
        yield attribute.t
    yield from attribute.tensors
    for sparse in (
        *((attribute.sparse_tensor,) if attribute.HasField("sparse_tensor") else ()),
        *attribute.sparse_tensors,
    ):
        yield from (sparse.values, sparse.indices)
