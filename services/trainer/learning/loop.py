"""The one training loop of the platform."""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import astuple, dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn, optim
from torch.optim.lr_scheduler import ExponentialLR

from services.shared.errors import Cancelled, InvalidRequest
from services.trainer.learning import checkpoint
from services.trainer.learning.batches import Batch, Batches
from services.trainer.learning.checkpoint import EpochRow, Progress
from services.trainer.learning.data import LearningData
from services.trainer.learning.lr_finder import find_learning_rate
from services.trainer.learning.metrics import Figures, measure
from services.trainer.learning.norms import norms_together
from services.trainer.learning.optimizers import build_optimizer
from services.trainer.learning.processes import Processes
from services.trainer.learning.recipe import Recipe
from services.trainer.learning.trainable import Trainable
from services.trainer.learning.watching import Checkpoints, Watch

_REPORTS_PER_EPOCH = 20
_MOST_BATCHES_BETWEEN_REPORTS = 25
"""Whoever cancels should not wait for long."""
CANCELLED = "The training was cancelled."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a training; the network holds the weights of the best epoch."""

    progress: Progress
    figures: Figures
    """On the validation part, at the best epoch."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Everything that one training moves around."""

    trainable: Trainable
    data: LearningData
    recipe: Recipe
    processes: Processes
    training: Batches
    validation: Batches
    objective: nn.Module
    parallel: nn.Module
    """The network, its gradients averaged over the processes."""

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the loss of this process's part of a batch, so that the mean over the processes is the batch's."""
        with self.training.autocast():
            loss: torch.Tensor = self.objective(self.parallel(batch.signals), batch.targets)
        return loss * batch.share


def train(
    trainable: Trainable,
    data: LearningData,
    recipe: Recipe,
    *,
    checkpoints: Checkpoints,
    watch: Watch,
    processes: Processes,
) -> Outcome:
    """Train until the validation loss falls no more; raises Cancelled, or InvalidRequest where the loss diverges.

    Goes on from the last checkpoint where there is one. The same seed gives the same result on the same machine, and
    several processes give the result of one whose batch is as large as theirs together, but for random layers.
    """
    trainable.network.to(processes.device)
    norms = norms_together(trainable.network, processes.device) if processes.count > 1 else nullcontext()
    with norms:
        return _train(trainable, data, recipe, checkpoints, watch, processes)


def _train(
    trainable: Trainable,
    data: LearningData,
    recipe: Recipe,
    checkpoints: Checkpoints,
    watch: Watch,
    processes: Processes,
) -> Outcome:
    run = _prepare(trainable, data, recipe, processes)
    network = trainable.network
    optimizer, progress = _begin(run, checkpoints.load("last"), watch)
    schedule = ExponentialLR(optimizer, recipe.learning_rate_decay)
    watch.learning_rate(progress.learning_rate)
    while len(progress.history) < recipe.max_epochs and progress.epochs_without_gain < recipe.patience:
        began, epoch = time.perf_counter(), len(progress.history) + 1
        total: torch.Tensor | float = 0.0
        rate = float(optimizer.param_groups[0]["lr"])
        trainable.set_training(recipe.mode)
        processes.seed(recipe.seed * 1_000_003 + epoch)
        for done, batch in enumerate(run.training.shuffled(epoch), 1):
            optimizer.zero_grad(set_to_none=True)
            loss = run.loss(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total = total + loss.detach()  # On the device: reading it here would wait for every step.
            _report(run, watch, epoch, done)
        schedule.step()
        row = _judge(run, EpochRow(epoch, rate, processes.mean(total) / len(run.training)))
        row = replace(row, seconds=round(time.perf_counter() - began, 3))
        progress = replace(progress, history=(*progress.history, row))
        if processes.leads:
            if progress.best is row:
                checkpoints.save("best", checkpoint.encode_weights(network))
            checkpoints.save("last", checkpoint.encode(network, optimizer, progress))
            watch.epoch(row)
    processes.wait()
    checkpoint.restore_weights(checkpoints.load("best"), network)
    return Outcome(progress, _figures(run))


def _prepare(trainable: Trainable, data: LearningData, recipe: Recipe, processes: Processes) -> _Run:
    torch.manual_seed(recipe.seed)
    trainable.freeze(recipe.mode)
    recipe = _with_feasible_precision(recipe, trainable.network, processes.device)
    training, validation = (
        Batches(part, data.weights(part), recipe, processes) for part in (data.training, data.validation)
    )
    objective, parallel = data.objective().to(processes.device), processes.parallel(trainable.network)
    return _Run(trainable, data, recipe, processes, training, validation, objective, parallel)


def _begin(run: _Run, saved: bytes | None, watch: Watch) -> tuple[optim.Optimizer, Progress]:
    """Return the optimizer and how far the training is already."""
    parameters = run.trainable.network.parameters
    if saved is not None:
        optimizer = build_optimizer(run.recipe, parameters(), 1.0)
        return optimizer, checkpoint.restore(saved, run.trainable.network, optimizer)
    rate = run.recipe.learning_rate
    if not rate:
        told, mean = _search_told(run, watch), run.processes.mean
        rate = find_learning_rate(run.trainable, run.training, run.recipe, loss_of=run.loss, mean=mean, told=told)
    return build_optimizer(run.recipe, parameters(), rate), Progress(rate)


def _search_told(run: _Run, watch: Watch) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        if run.processes.any(value=watch.cancelled()):
            raise Cancelled(CANCELLED)
        watch.searching(done, total)

    return told


def _report(run: _Run, watch: Watch, epoch: int, done: int) -> None:
    batches = len(run.training)
    if done % max(1, min(batches // _REPORTS_PER_EPOCH, _MOST_BATCHES_BETWEEN_REPORTS)) and done != batches:
        return
    if run.processes.any(value=watch.cancelled()):
        raise Cancelled(CANCELLED)
    watch.batches(epoch, done, batches)


def _judge(run: _Run, row: EpochRow) -> EpochRow:
    """Return the row with the figures of the validation part, the same in every process."""
    _check_finite(row.training_loss, row)
    if run.processes.leads:
        logits, targets = _logits(run), run.data.validation.targets
        loss = run.objective(torch.from_numpy(logits).to(run.processes.device), targets.to(run.processes.device))
        _check_finite(float(loss), row)
        figures = measure(logits, targets.numpy(), task=run.data.task, classes=run.data.classes)
        row = replace(
            row,
            validation_loss=float(loss),
            f1_weighted=figures.f1_weighted,
            f1_macro=figures.f1_macro,
            auroc_macro=math.nan if figures.auroc_macro is None else figures.auroc_macro,
        )
    values = run.processes.agree([float(value) for value in astuple(row)])
    return EpochRow(int(values[0]), *values[1:])


def _check_finite(loss: float, row: EpochRow) -> None:
    if not math.isfinite(loss):
        raise InvalidRequest(
            f"The loss is no finite number after epoch {row.epoch}: the learning rate {row.learning_rate:.2g} is too "
            "high for this data. Ask for a lower one, or for 0 to have one found."
        )


def _figures(run: _Run) -> Figures:
    targets = run.data.validation.targets.numpy()
    return measure(_logits(run), targets, task=run.data.task, classes=run.data.classes)


def _logits(run: _Run) -> NDArray[np.float32]:
    """Return the network's answers (n, classes) on the validation part."""
    network = run.trainable.network.eval()
    with torch.inference_mode(), run.validation.autocast():
        answers = [network(signals).float().cpu() for signals in run.validation.in_order()]
    logits: NDArray[np.float32] = torch.cat(answers).numpy()
    return logits


def _with_feasible_precision(recipe: Recipe, network: nn.Module, device: torch.device) -> Recipe:
    """Take float32 on a CPU where the network has grouped convolutions: in bfloat16 they take minutes a step there."""
    convolutions = (each for each in network.modules() if isinstance(each, nn.Conv1d | nn.Conv2d))
    grouped = any(each.groups > 1 for each in convolutions)
    return replace(recipe, precision="float32") if device.type == "cpu" and grouped else recipe
