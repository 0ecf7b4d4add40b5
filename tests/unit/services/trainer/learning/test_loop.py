"""The loop learns, stops, repeats itself, goes on after a crash, and ends when told to."""

from dataclasses import replace

import pytest
import torch

from services.shared.errors import Cancelled, InvalidRequest
from services.trainer.learning.loop import train
from services.trainer.learning.recipe import OPTIMIZERS, Recipe
from tests.unit.services.trainer.learning.toys import CPU, Memory, Notes, toy, toy_data

RECIPE = Recipe(max_epochs=4, batch_size=16, learning_rate=0.02)


@pytest.mark.parametrize("task", ["multiclass", "multilabel"])
def test_a_simple_task_is_learnt(task: str) -> None:
    outcome = train(
        toy(), toy_data(task), replace(RECIPE, max_epochs=15), checkpoints=Memory(), watch=Notes(), processes=CPU
    )

    assert outcome.figures.auroc_macro is not None
    assert outcome.figures.auroc_macro > 0.95
    assert outcome.progress.history[-1].training_loss < outcome.progress.history[0].training_loss


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_goes_on_from_its_checkpoint_as_if_nothing_had_happened(optimizer: str) -> None:
    recipe, data = replace(RECIPE, optimizer=optimizer, learning_rate=0.001), toy_data()
    whole, broken = Memory(), Memory()

    unbroken = train(toy(), data, recipe, checkpoints=whole, watch=Notes(), processes=CPU)
    with pytest.raises(Cancelled):
        train(toy(), data, recipe, checkpoints=broken, watch=Notes(cancel_in_epoch=3), processes=CPU)
    resumed = train(toy(), data, recipe, checkpoints=broken, watch=Notes(), processes=CPU)

    assert [replace(row, seconds=0) for row in resumed.progress.history] == [
        replace(row, seconds=0) for row in unbroken.progress.history
    ]
    assert broken.saved["best"] == whole.saved["best"]


def test_the_same_seed_gives_the_same_weights_and_another_one_others() -> None:
    best = []

    for seed in (7, 7, 8):
        memory = Memory()
        train(toy(), toy_data(), replace(RECIPE, seed=seed), checkpoints=memory, watch=Notes(), processes=CPU)
        best.append(memory.saved["best"])

    assert best[0] == best[1] != best[2]


def test_training_stops_when_validation_gains_no_more_and_keeps_the_best_epoch() -> None:
    trainable, notes = toy(), Notes()
    recipe = replace(RECIPE, max_epochs=60, patience=2, learning_rate=0.05)

    outcome = train(trainable, toy_data(), recipe, checkpoints=Memory(), watch=notes, processes=CPU)

    losses = [row.validation_loss for row in notes.rows]
    assert len(losses) < 60
    assert losses.index(min(losses)) == len(losses) - 3
    assert outcome.progress.best.validation_loss == min(losses)


def test_progress_is_told_batch_by_batch_and_the_rate_decays() -> None:
    notes = Notes()

    train(toy(), toy_data(), RECIPE, checkpoints=Memory(), watch=notes, processes=CPU)

    assert notes.rates == [0.02]
    assert notes.batches_done[:5] == [(1, done, 5) for done in range(1, 6)]
    assert [row.learning_rate for row in notes.rows] == pytest.approx([0.02 * 0.9**epoch for epoch in range(4)])


def test_a_rate_is_found_where_none_is_given_and_the_trial_leaves_no_trace() -> None:
    notes, trainable = Notes(), toy()
    before = {name: tensor.clone() for name, tensor in trainable.network.state_dict().items()}

    train(trainable, toy_data(), Recipe(max_epochs=1, batch_size=16), checkpoints=Memory(), watch=notes, processes=CPU)
    (rate,) = notes.rates

    assert notes.search_steps > 0
    assert 1e-5 <= rate <= 1e-2
    given = toy()
    assert all(torch.equal(tensor, before[name]) for name, tensor in given.network.state_dict().items())
    again = Notes()
    train(
        given,
        toy_data(),
        Recipe(max_epochs=1, batch_size=16, learning_rate=rate),
        checkpoints=Memory(),
        watch=again,
        processes=CPU,
    )
    assert again.rows[0].training_loss == notes.rows[0].training_loss


def test_head_only_changes_the_head_and_no_statistics() -> None:
    trainable = toy()
    before = {name: tensor.clone() for name, tensor in trainable.network.state_dict().items()}

    train(trainable, toy_data(), replace(RECIPE, mode="head_only"), checkpoints=Memory(), watch=Notes(), processes=CPU)

    changed = {n for n, tensor in trainable.network.state_dict().items() if not torch.equal(tensor, before[n])}
    assert changed == {"head.weight", "head.bias"}


def test_a_rate_that_makes_the_loss_diverge_is_told_so() -> None:
    recipe = replace(RECIPE, learning_rate=1e30, optimizer="sgd")

    with pytest.raises(InvalidRequest, match="learning rate 1e\\+30 is too high"):
        train(toy(), toy_data(), recipe, checkpoints=Memory(), watch=Notes(), processes=CPU)


def test_a_broken_checkpoint_is_told_so() -> None:
    memory = Memory()
    memory.saved["last"] = b"no checkpoint at all"

    with pytest.raises(InvalidRequest, match="start the training anew"):
        train(toy(), toy_data(), RECIPE, checkpoints=memory, watch=Notes(), processes=CPU)


def test_mixed_precision_learns_too() -> None:
    recipe = replace(RECIPE, precision="bfloat16", max_epochs=8)

    outcome = train(toy(), toy_data(), recipe, checkpoints=Memory(), watch=Notes(), processes=CPU)

    assert outcome.figures.f1_macro > 0.8
