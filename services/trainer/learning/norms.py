"""Batch normalization over the examples of every process, so that a batch dealt out to several counts as one batch.

On CUDA this is torch.nn.SyncBatchNorm, which refuses the CPU; `TogetherBatchNorm` does the same where gloo speaks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def norms_together(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Have the batch normalizations of a network look at all processes; their weights and statistics stay the same."""
    found = [(name, each) for name, each in network.named_modules() if name and type(each) in _ALONE]
    for name, norm in found:
        network.set_submodule(name, _together(norm, device))
    try:
        yield
    finally:
        for name, norm in found:
            norm.train(network.get_submodule(name).training)
            network.set_submodule(name, norm)


class TogetherBatchNorm(_BatchNorm):
    """Normalizes by the mean and variance over all processes while it trains."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 torch's own name
        """Return (n, channels, …) normalized; in evaluation by the running statistics."""
        if not self.training:
            return functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
            )
        answer: tuple[Tensor, ...] = _Normalized.apply(input, self.weight, self.bias, self.eps)  # type: ignore[no-untyped-call]
        normalized, mean, variance, count = answer
        self._keep_statistics(mean, variance, count)
        return normalized

    def _keep_statistics(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            share = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
            unbiased = variance * count / (count - 1).clamp(min=1)
            self.running_var.lerp_(unbiased.to(self.running_var.dtype), share)

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 likewise
        """Take any number of dimensions, as those that this stands in for were given them."""


class _Normalized(torch.autograd.Function):
    """Ioffe and Szegedy, Batch normalization, 2015 (arXiv 1502.03167), with its sums taken over all processes."""

    @staticmethod
    def forward(ctx: Any, signal: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, ...]:
        dims = [0, *range(2, signal.dim())]
        variance, mean = torch.var_mean(signal.float(), dims, correction=0)
        count = torch.full_like(mean[:1], signal.numel() / signal.shape[1])
        theirs = _gathered(torch.cat([mean, variance, count]))
        means, variances, counts = torch.split(theirs, [len(mean), len(mean), 1], dim=1)
        total = counts.sum()
        mean = (counts * means).sum(0) / total
        variance = (counts * (variances + (means - mean) ** 2)).sum(0) / total
        ctx.save_for_backward(signal, weight, mean, torch.rsqrt(variance + eps), total)
        ctx.mark_non_differentiable(mean, variance, total)
        return functional.batch_norm(signal, mean, variance, weight, bias, eps=eps), mean, variance, total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        signal, weight, mean, scale, total = ctx.saved_tensors
        gradient, shape = gradients[0].float(), [1, -1, *[1] * (signal.dim() - 2)]
        dims = [0, *range(2, signal.dim())]
        standard = (signal.float() - mean.view(shape)) * scale.view(shape)
        sums = torch.stack([gradient.sum(dims), (gradient * standard).sum(dims)])
        ours = sums.clone()
        distributed.all_reduce(sums)
        offset, slope = (each.view(shape) / total for each in sums)
        factor = scale if weight is None else scale * weight
        back = factor.view(shape) * (gradient - offset - standard * slope)
        return back.to(signal.dtype), None if weight is None else ours[1], None if weight is None else ours[0], None


_ALONE = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def _together(norm: nn.Module, device: torch.device) -> nn.Module:
    """Return a stand-in that shares the parameters and statistics of a normalization."""
    if not isinstance(norm, _BatchNorm):
        raise TypeError(type(norm))
    kind = nn.SyncBatchNorm if device.type == "cuda" else TogetherBatchNorm
    other = kind(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    other.weight, other.bias = norm.weight, norm.bias
    other.running_mean, other.running_var = norm.running_mean, norm.running_var
    other.num_batches_tracked = norm.num_batches_tracked
    return other.train(norm.training)


def _gathered(ours: Tensor) -> Tensor:
    """Return what every process has, one row each."""
    theirs = [torch.empty_like(ours) for _ in range(distributed.get_world_size())]
    distributed.all_gather(theirs, ours)
    return torch.stack(theirs)
