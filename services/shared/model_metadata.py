"""The metadata keys that ONNX files carry between instances, as far as our manifest knows them.

Foreign values are text of unknown origin: they are read as JSON or as a Python literal, bounded, and never evaluated.
"""

import ast
import json
from collections.abc import Mapping
from typing import Any, Final

from services.shared.errors import InvalidModel
from services.shared.model_contract import EXCHANGEAI, MAX_CLASSES, Manifest, Step, Unit

TARGET_KEYS: Final = "target_keys"
STANDARDIZER: Final = "standardizer"
SCALE: Final = "scale"
SAMPLING_RATE: Final = "sampling_rate"

MAX_VALUE_CHARACTERS: Final = 256 << 10

_STANDARDIZERS: Final[dict[str, tuple[Step, ...]]] = {
    "None": (),
    "minMax": (Step(name="min_max"),),
    "meanStd": (Step(name="z_score"),),
}
_UNITS: Final[dict[str, Unit]] = {"milliVolt": "mV", "mikroVolt": "uV"}


def to_metadata(manifest: Manifest) -> dict[str, str]:
    """Say in the exchanged keys what the manifest says, for an ONNX file of ours."""
    names = {step.name for step in manifest.input.preprocessing}
    standardizer = "minMax" if "min_max" in names else "meanStd" if "z_score" in names else "None"
    scale = next(word for word, unit in _UNITS.items() if unit == manifest.input.unit)
    return {
        TARGET_KEYS: json.dumps(manifest.output.names, ensure_ascii=False),
        STANDARDIZER: standardizer,
        SCALE: scale,
        SAMPLING_RATE: f"{manifest.input.rate_hz:g}",
    }


def read_target_keys(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the class names a file states, or None; raises InvalidModel where they are no list of names."""
    if TARGET_KEYS not in metadata:
        return None
    value = _literal(TARGET_KEYS, metadata[TARGET_KEYS])
    named = isinstance(value, list | tuple) and all(isinstance(each, str | int) for each in value)
    if not named or not 1 <= len(value) <= MAX_CLASSES:
        raise InvalidModel(f"The metadata key {TARGET_KEYS} must be a list of 1 to {MAX_CLASSES} class names.")
    return tuple(str(each) for each in value)


def read_preprocessing(metadata: Mapping[str, str]) -> tuple[Step, ...] | None:
    """Return the preprocessing a file's standardizer stands for, or None where it states none."""
    word = _word(metadata, STANDARDIZER, _STANDARDIZERS)
    return None if word is None else EXCHANGEAI + _STANDARDIZERS[word]


def read_unit(metadata: Mapping[str, str]) -> Unit | None:
    """Return the unit a file's scale stands for, or None where it states none."""
    word = _word(metadata, SCALE, _UNITS)
    return None if word is None else _UNITS[word]


def read_rate_hz(metadata: Mapping[str, str]) -> float | None:
    """Return the sampling rate a file states, in hertz, or None; raises InvalidModel where it is no number."""
    if SAMPLING_RATE not in metadata:
        return None
    value = _literal(SAMPLING_RATE, metadata[SAMPLING_RATE])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidModel(f"The metadata key {SAMPLING_RATE} must be a number in hertz.")
    return float(value)


def _word(metadata: Mapping[str, str], key: str, known: Mapping[str, Any]) -> str | None:
    if key not in metadata:
        return None
    word = metadata[key].strip().strip("'\"")
    if word not in known:
        raise InvalidModel(f"The metadata key {key} must be one of {', '.join(known)}, not {word[:40]!r}.")
    return word


def _literal(key: str, text: str) -> Any:
    if len(text) > MAX_VALUE_CHARACTERS:
        raise InvalidModel(
            f"The metadata key {key} has {len(text)} characters; at most {MAX_VALUE_CHARACTERS} are read."
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # Not JSON: instances in the field write Python literals.
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise InvalidModel(
            f"The metadata key {key} is neither JSON nor a plain literal; it is not evaluated."
        ) from None
