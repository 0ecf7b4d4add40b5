"""XceptionTime: depthwise-separable convolutions of several widths, then pointwise layers on fifty time windows.

Rahimian et al., XceptionTime: independent time-window XceptionTime architecture for hand gesture classification, 2020
(doi 10.1109/ICASSP40776.2020.9054586). 401 K parameters at 12 leads. The published network ends in a batch
normalization and a ReLU, which forbids negative logits and so probabilities under one half; this one ends in a linear
head.
"""

import torch
from torch import Tensor, nn

from services.trainer.architectures.layers import Classifier, convolution, normalized, pooled

NAME = "xception_time"
SUMMARY = "XceptionTime: depthwise-separable convolutions; the better choice for large datasets, and the faster one."

_FILTERS = 16
_WIDTHS = (39, 19, 9)
_WINDOWS = 50


class XceptionModule(nn.Module):
    """A bottleneck seen through three depthwise-separable convolutions, beside a pooled view of the input."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        self.bottleneck = convolution(inputs, filters)
        self.views = nn.ModuleList(
            nn.Sequential(convolution(filters, filters, width, groups=filters), convolution(filters, filters))
            for width in _WIDTHS
        )
        self.pooled = pooled(inputs, filters)

    def forward(self, image: Tensor) -> Tensor:
        """Return (n, 4 x filters, 1, samples)."""
        narrow = self.bottleneck(image)
        return torch.cat([*(view(narrow) for view in self.views), self.pooled(image)], dim=1)


class XceptionBlock(nn.Module):
    """Two xception modules, the second twice as wide, with a shortcut around them."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        self.chain = nn.Sequential(XceptionModule(inputs, filters), XceptionModule(4 * filters, 2 * filters))
        self.shortcut = normalized(inputs, 8 * filters)

    def forward(self, image: Tensor) -> Tensor:
        """Return (n, 8 x filters, 1, samples)."""
        return torch.relu(self.chain(image) + self.shortcut(image))


def build(leads: int, samples: int, outputs: int) -> nn.Module:
    """Return an untrained network that maps (n, leads, samples) to logits (n, outputs)."""
    window = max(1, samples // _WINDOWS)
    wide = 32 * _FILTERS
    body = nn.Sequential(
        XceptionBlock(leads, _FILTERS),
        XceptionBlock(8 * _FILTERS, 4 * _FILTERS),
        nn.AvgPool2d((1, window)),
        normalized(wide, wide // 2, active=True),
        normalized(wide // 2, wide // 4, active=True),
    )
    return Classifier(body, wide // 4, outputs)
