"""The trainer's own metrics."""

from typing import Final

from prometheus_client import Counter, Gauge

from services.shared.observability.metrics import PREFIX

TRAININGS_ENDED: Final = Counter(
    f"{PREFIX}_trainer_trainings_ended", "Trainings whose model came or failed to.", ["state"]
)
TRAININGS: Final = Gauge(f"{PREFIX}_trainings", "Trainings of all departments, by state, as the rows say.", ["state"])
OLDEST_WAITING: Final = Gauge(
    f"{PREFIX}_trainings_oldest_waiting_seconds",
    "How long the training that waits longest has waited, 0 where none does.",
)
WORKERS_LOST: Final = Counter(f"{PREFIX}_trainer_workers_lost", "Workers that fell silent before their training ended.")
