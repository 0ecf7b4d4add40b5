"""InceptionTime: parallel convolutions of several widths, twice three of them with a shortcut around each three.

Ismail Fawaz et al., InceptionTime: finding AlexNet for time series classification, 2020
(doi 10.1007/s10618-020-00710-y). One network, not the paper's ensemble of five, as the reference platform uses it:
457 K parameters at 12 leads.
"""

import torch
from torch import Tensor, nn

from services.trainer.architectures.layers import Classifier, convolution, normalized, pooled

NAME = "inception_time"
SUMMARY = "InceptionTime: parallel convolutions of three widths; the better choice for small datasets."

_FILTERS = 32
_WIDTHS = (39, 19, 9)
_MODULES_PER_BLOCK = 3


class InceptionModule(nn.Module):
    """A bottleneck seen through three convolution widths, beside a pooled view of the input."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.bottleneck = convolution(inputs, _FILTERS)
        self.views = nn.ModuleList(convolution(_FILTERS, _FILTERS, width) for width in _WIDTHS)
        self.pooled = pooled(inputs, _FILTERS)
        self.norm = nn.BatchNorm2d(_FILTERS * 4)

    def forward(self, image: Tensor) -> Tensor:
        """Return (n, 128, 1, samples)."""
        narrow = self.bottleneck(image)
        return torch.relu(self.norm(torch.cat([*(view(narrow) for view in self.views), self.pooled(image)], dim=1)))


class InceptionBlock(nn.Module):
    """Three inception modules with a shortcut around them."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        wide = _FILTERS * 4
        self.chain = nn.Sequential(*(InceptionModule(inputs if i == 0 else wide) for i in range(_MODULES_PER_BLOCK)))
        self.shortcut = nn.BatchNorm2d(wide) if inputs == wide else normalized(inputs, wide)

    def forward(self, image: Tensor) -> Tensor:
        """Return (n, 128, 1, samples)."""
        return torch.relu(self.chain(image) + self.shortcut(image))


def build(leads: int, samples: int, outputs: int) -> nn.Module:  # noqa: ARG001 the length is free, other architectures need it
    """Return an untrained network that maps (n, leads, samples) to logits (n, outputs)."""
    wide = _FILTERS * 4
    return Classifier(nn.Sequential(InceptionBlock(leads), InceptionBlock(wide)), wide, outputs)
