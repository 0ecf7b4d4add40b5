"""The parts that the convolutional architectures share.

Inside, a signal of shape (n, leads, samples) is an image of one row, (n, leads, 1, samples) in channels-last memory:
CPUs train 2-D convolutions in that layout markedly faster than 1-D ones, with the same outputs.
"""

import torch
from torch import Tensor, nn


def convolution(inputs: int, outputs: int, width: int = 1, *, groups: int = 1) -> nn.Conv2d:
    """A convolution along time that keeps the length; `width` is odd, in samples."""
    return nn.Conv2d(inputs, outputs, (1, width), padding=(0, width // 2), groups=groups, bias=False)


def normalized(inputs: int, outputs: int, *, active: bool = False) -> nn.Sequential:
    """A pointwise convolution with batch normalization and, where active, a ReLU."""
    parts: list[nn.Module] = [convolution(inputs, outputs), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*parts, nn.ReLU()) if active else nn.Sequential(*parts)


def pooled(inputs: int, outputs: int) -> nn.Sequential:
    """A maximum over three neighbouring samples, then a pointwise convolution."""
    return nn.Sequential(nn.MaxPool2d((1, 3), stride=1, padding=(0, 1)), convolution(inputs, outputs))


class Classifier(nn.Module):
    """A body that turns (n, leads, 1, samples) into features over time, their mean, and a linear head.

    The mean over time and the linear head commute, so this equals a pointwise convolution followed by the mean.
    """

    def __init__(self, body: nn.Module, features: int, outputs: int) -> None:
        super().__init__()
        self.body = body
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(features, outputs)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, signal: Tensor) -> Tensor:
        """Return logits (n, outputs) of signals (n, leads, samples)."""
        image = signal.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.head(self.pool(self.body(image)).flatten(1))
        return logits
