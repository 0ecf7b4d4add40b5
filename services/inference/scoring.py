"""From a model's numbers to scores, as its contract says; pure numpy."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.inference.predictions import Score
from services.shared.errors import InvalidModel
from services.shared.model_contract import OutputContract

DEFAULT_THRESHOLD: Final = 0.5
_TINY: Final = 1e-12


def scores(values: NDArray[np.float32], contract: OutputContract) -> tuple[Score, ...]:
    """Return one score per class of one ECG's output (classes,).

    Multiclass: softmax, the most probable class is positive. Multilabel: sigmoid, each class against its threshold.
    Regression: the value. Raises InvalidModel where the model's numbers are not finite or not as many as its classes.
    """
    if values.shape != (len(contract.classes),):
        raise InvalidModel(f"The model gave {values.size} numbers for {len(contract.classes)} classes.")
    if not np.isfinite(values).all():
        raise InvalidModel("The model gave numbers that are not finite for this ECG.")
    final = _values(values.astype(np.float64), contract)
    positive = _positive(final, contract)
    return tuple(
        Score(each.name, float(value), bool(above), dict(each.codes))
        for each, value, above in zip(contract.classes, final, positive, strict=True)
    )


def _values(values: NDArray[np.float64], contract: OutputContract) -> NDArray[np.float64]:
    if contract.task == "regression":
        return values
    if contract.activation == "probabilities":
        values = np.clip(values, 0.0, 1.0)
        if contract.temperature == 1.0:
            return values
        values = _logits(values, multilabel=contract.task == "multilabel")
    scaled = values / contract.temperature
    return _sigmoid(scaled) if contract.task == "multilabel" else _softmax(scaled)


def _positive(final: NDArray[np.float64], contract: OutputContract) -> NDArray[np.bool_]:
    if contract.task == "regression":
        return np.zeros(final.shape, np.bool_)
    if contract.task == "multiclass":
        most: NDArray[np.bool_] = np.arange(final.size) == np.argmax(final)
        return most
    thresholds = [DEFAULT_THRESHOLD if each.threshold is None else each.threshold for each in contract.classes]
    above: NDArray[np.bool_] = final >= np.array(thresholds)
    return above


def _logits(probabilities: NDArray[np.float64], *, multilabel: bool) -> NDArray[np.float64]:
    inside = np.clip(probabilities, _TINY, 1 - _TINY if multilabel else 1.0)
    logits: NDArray[np.float64] = np.log(inside) - np.log1p(-inside) if multilabel else np.log(inside)
    return logits


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    # The tanh form does not overflow, however large a logit is.
    probabilities: NDArray[np.float64] = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return probabilities


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(logits - logits.max())
    probabilities: NDArray[np.float64] = exponentials / exponentials.sum()
    return probabilities
