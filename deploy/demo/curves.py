"""The training curve as inline SVG, coloured by the page that embeds it."""

from collections.abc import Sequence
from typing import Final

from deploy.demo.outcome import Epoch

_WIDTH: Final = 760
_HEIGHT: Final = 300
_LEFT: Final = 52
_RIGHT: Final = 96
_TOP: Final = 14
_BOTTOM: Final = 40
_MOST_EPOCH_LABELS: Final = 12
_LABEL_DISTANCE: Final = 16.0


def training_curve(epochs: Sequence[Epoch], best_epoch: int) -> str:
    """Draw training and validation loss over the epochs, and a line at the epoch that was kept."""
    if not epochs:
        return '<p class="quiet">No epoch was completed.</p>'
    highest = max(max(epoch.training_loss, epoch.validation_loss) for epoch in epochs)
    step = _round_step(highest / 4)
    top = step * (int(highest / step) + 1)
    parts = [*_grid(step, top), *_epoch_axis(epochs), _kept(epochs, best_epoch)]
    parts += _lines(epochs, top)
    label = f"Training and validation loss over {len(epochs)} epochs; epoch {best_epoch} was kept."
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _round_step(roughly: float) -> float:
    """Return the next of 1, 2, 5 times a power of ten."""
    power = 10.0**-12
    while power * 10 <= roughly:
        power *= 10
    return next((power * digit for digit in (1, 2, 5) if power * digit >= roughly), power * 10)


def _x(epochs: Sequence[Epoch], number: int) -> float:
    first, last = epochs[0].number, epochs[-1].number
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (0.5 if first == last else (number - first) / (last - first))


def _y(loss: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * loss / top


def _grid(step: float, top: float) -> list[str]:
    parts = []
    for count in range(round(top / step) + 1):
        y = _y(count * step, top)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{count * step:g}</text>')
    return parts


def _epoch_axis(epochs: Sequence[Epoch]) -> list[str]:
    every = -(-len(epochs) // _MOST_EPOCH_LABELS)
    ticks = [
        f'<text class="tick" x="{_x(epochs, epoch.number):.1f}" y="{_HEIGHT - _BOTTOM + 18}" '
        f'text-anchor="middle">{epoch.number}</text>'
        for epoch in epochs[::every]
    ]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [*ticks, f'<text class="tick" x="{middle:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">epoch</text>']


def _kept(epochs: Sequence[Epoch], best_epoch: int) -> str:
    x = _x(epochs, best_epoch)
    away, anchor = (6, "start") if x < _WIDTH / 2 else (-6, "end")
    return (
        f'<line class="kept" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        f'<text class="tick" x="{x + away:.1f}" y="{_TOP + 10}" text-anchor="{anchor}">kept</text>'
    )


def _lines(epochs: Sequence[Epoch], top: float) -> list[str]:
    training = [(_x(epochs, epoch.number), _y(epoch.training_loss, top)) for epoch in epochs]
    validation = [(_x(epochs, epoch.number), _y(epoch.validation_loss, top)) for epoch in epochs]
    apart = validation[-1][1] - training[-1][1]
    push = max(0.0, _LABEL_DISTANCE - abs(apart)) / 2 * (1 if apart >= 0 else -1)
    return [*_line("training", training, -push), *_line("validation", validation, push)]


def _line(name: str, points: Sequence[tuple[float, float]], push: float) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in points)
    x, y = points[-1]
    label = f'<text class="name {name}" x="{x + 9:.1f}" y="{y + 4 + push:.1f}">{name}</text>'
    return [f'<polyline class="{name}" points="{path}"/>', dots, label]
