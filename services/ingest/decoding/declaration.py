"""What a caller declares of files that do not say it themselves."""

import hashlib
import hmac
import math
from dataclasses import dataclass

from services.ingest.decoding.raw_layout import RawLayout
from services.shared.ecg import LEAD_LAYOUTS, MAX_RATE_HZ, MIN_RATE_HZ
from services.shared.errors import InvalidRequest

MAX_GAIN_ADU_PER_MV = 1e9
PSEUDONYM_CHARACTERS = 24


@dataclass(frozen=True, slots=True)
class Declaration:
    """The caller's word on rate, gain, lead order, format and layout; what a file states itself always wins.

    Raises InvalidRequest where a value is impossible.
    """

    rate_hz: float | None = None
    gain_adu_per_mv: float | None = None
    lead_layout: str | None = None
    format_name: str | None = None
    raw: RawLayout | None = None
    """How the samples of a raw file lie."""
    pseudonym_key: bytes = b""
    """Keys the pseudonyms of patients, so that they differ from department to department."""
    study_uid: str | None = None
    """The study that every DICOM instance is of; others are refused."""
    instances_only: bool = False
    """Whether only DICOM objects are taken that say which study, series and instance they are."""

    def __post_init__(self) -> None:
        if self.rate_hz is not None and not MIN_RATE_HZ <= self.rate_hz <= MAX_RATE_HZ:
            raise InvalidRequest(
                f"A sampling_rate_hz of {self.rate_hz:g} is impossible: expected {MIN_RATE_HZ:g} to {MAX_RATE_HZ:g}."
            )
        gain = self.gain_adu_per_mv
        if gain is not None and not (math.isfinite(gain) and 0 < gain <= MAX_GAIN_ADU_PER_MV):
            raise InvalidRequest(f"A gain_adu_per_mv of {gain:g} is impossible: expected more than 0, e.g. 1000.")
        if self.lead_layout and self.lead_layout not in LEAD_LAYOUTS:
            raise InvalidRequest(
                f"{self.lead_layout[:40]!r} is no lead layout: expected one of {', '.join(sorted(LEAD_LAYOUTS))}."
            )

    def pseudonym(self, patient_id: str | None) -> str | None:
        """Return the name under which a patient is known here: the same for the same id, and no way back to it."""
        identity = (patient_id or "").strip()
        if not identity:
            return None
        return hmac.new(self.pseudonym_key, identity.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_CHARACTERS]
