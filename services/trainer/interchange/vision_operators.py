"""Lets onnx2torch be imported where torch is a CPU build and torchvision is not.

onnx2torch imports torchvision for operators that no ECG model has. A torchvision built for CUDA beside a CPU torch
loads no operators of its own and then fails on the schemas of `nms` and `qnms`; declaring them first lets its import go
through. The library object must live as long as the process.
"""

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_library: list[torch.library.Library] = []


def declare() -> None:
    """Declare the schemas where torchvision will not; a second call does nothing."""
    if torch.version.cuda is None and not _library:
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for schema in _SCHEMAS:
            library.define(schema)  # type: ignore[no-untyped-call]
        _library.append(library)
