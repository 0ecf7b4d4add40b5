"""The trainer's own metrics."""

from typing import Final

from prometheus_client import Counter

from services.shared.observability.metrics import PREFIX

TRAININGS_ENDED: Final = Counter(
    f"{PREFIX}_trainer_trainings_ended", "Trainings whose model came or failed to.", ["state"]
)
