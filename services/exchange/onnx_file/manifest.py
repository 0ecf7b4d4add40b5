"""From what an ONNX file says of itself to a manifest; what was assumed is said in its remarks."""

from typing import Final

from pydantic import ValidationError

from services.exchange.onnx_file.facts import ModelFacts
from services.shared.ecg import MAX_RATE_HZ, MIN_RATE_HZ, Remark
from services.shared.errors import InvalidModel
from services.shared.model_contract import (
    EXCHANGEAI,
    Activation,
    InputContract,
    Manifest,
    OutputClass,
    OutputContract,
    Task,
    faults,
)
from services.shared.model_metadata import read_preprocessing, read_rate_hz, read_target_keys, read_unit

DEFAULT_RATE_HZ: Final = 100.0
DEFAULT_SECONDS: Final = 10.0


def manifest_from_facts(facts: ModelFacts) -> tuple[Manifest, tuple[Remark, ...]]:
    """Make a manifest of a file that brings none, and say what had to be assumed.

    Raises InvalidModel where the file contradicts itself.
    """
    remarks: list[Remark] = [
        Remark("contradictory_metadata", f"The file states {key[:60]!r} several times; the last one counts.")
        for key in facts.contradictory_keys
    ]
    try:
        ecg, scores = _input(facts, remarks), _output(facts, remarks)
        manifest = Manifest(input=ecg, output=scores, remarks=tuple(remark.text for remark in remarks))
    except ValidationError as error:
        raise InvalidModel(f"What the file says of itself cannot be: {faults(error)}") from None
    return manifest, tuple(remarks)


def check_against_facts(manifest: Manifest, facts: ModelFacts) -> None:
    """Raise InvalidModel where a manifest says something else than the file itself."""
    samples, classes = facts.input.samples, facts.output.classes
    said = (
        ("input.tensor", manifest.input.tensor, facts.input.tensor),
        ("input.samples", manifest.input.samples, samples if samples is not None else manifest.input.samples),
        ("input.leads", len(manifest.input.leads), 12),
        ("output.tensor", manifest.output.tensor, facts.output.tensor),
        ("number of classes", len(manifest.output.classes), classes or len(manifest.output.classes)),
    )
    for what, stated, found in said:
        if stated != found:
            raise InvalidModel(f"The manifest's {what} is {stated!r}, but the ONNX file says {found!r}.")


def _input(facts: ModelFacts, remarks: list[Remark]) -> InputContract:
    rate_hz = read_rate_hz(facts.metadata)
    if rate_hz is None:
        rate_hz = _likely_rate_hz(facts.input.samples)
        remarks.append(Remark("assumed_rate", f"The file states no sampling rate; {rate_hz:g} Hz is assumed."))
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InvalidModel(f"The file states a sampling rate of {rate_hz:g} Hz, which is impossible.")
    steps = read_preprocessing(facts.metadata)
    if steps is None:
        text = "The file states no standardizer; the nominal preprocessing without normalization is assumed."
        remarks.append(Remark("assumed_preprocessing", text))
    unit = read_unit(facts.metadata)
    if unit is None:
        remarks.append(Remark("assumed_unit", "The file states no scale; millivolt is assumed."))
    return InputContract(
        tensor=facts.input.tensor,
        rate_hz=rate_hz,
        samples=facts.input.samples or round(rate_hz * DEFAULT_SECONDS),
        unit=unit or "mV",
        preprocessing=EXCHANGEAI if steps is None else steps,
    )


def _likely_rate_hz(samples: int | None) -> float:
    """Return the rate at which a fixed length is the platform's 10 s, where that is a plausible rate."""
    rate_hz = DEFAULT_RATE_HZ if samples is None else samples / DEFAULT_SECONDS
    return rate_hz if MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ else DEFAULT_RATE_HZ


def _output(facts: ModelFacts, remarks: list[Remark]) -> OutputContract:
    task, activation = _meaning(facts)
    said = {"multiclass": "one of the classes", "multilabel": "each class by itself"}[task]
    text = f"The file states no task; its outputs are taken as {activation} of {said}."
    remarks.append(Remark("assumed_task", text))
    if facts.output.others:
        named = ", ".join(each[:40] for each in facts.output.others[:10])
        remarks.append(Remark("ignored_outputs", f"Further outputs are not looked at: {named}."))
    classes = tuple(OutputClass(name=name) for name in _class_names(facts, remarks))
    return OutputContract(tensor=facts.output.tensor, task=task, classes=classes, activation=activation)


def _meaning(facts: ModelFacts) -> tuple[Task, Activation]:
    activation: Activation = "logits" if facts.output.final == "other" else "probabilities"
    by_itself = facts.output.final == "Sigmoid" or (facts.output.classes == 1 and facts.output.final == "other")
    return "multilabel" if by_itself else "multiclass", activation


def _class_names(facts: ModelFacts, remarks: list[Remark]) -> tuple[str, ...]:
    names, count = read_target_keys(facts.metadata), facts.output.classes
    if names is None and count is None:
        raise InvalidModel("The file states neither class names nor their number. Send a manifest that names them.")
    if names is None:
        remarks.append(Remark("generic_class_names", "The file names no classes; they are called class_0, class_1, …"))
        return tuple(f"class_{index}" for index in range(count or 0))
    if count is not None and len(names) != count:
        raise InvalidModel(
            f"The file names {len(names)} classes, but its output {facts.output.tensor!r} has {count}. "
            "Send a manifest with as many classes as outputs."
        )
    return names
