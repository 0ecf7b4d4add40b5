"""Statements of devices without the people who signed them: readers are named in the same list as findings."""

import re
from dataclasses import replace
from typing import Final

from services.shared.ecg import Recording

_SIGNATURE: Final = re.compile(
    r"\b(?:confirm|review|interpret|edit|over-?read|read|sign|verif|approv|validat|acknowledg|order|referr|refer|"
    r"request|perform|record|acquir|seen|compar|dictat|transcri)\w*\b[^.]{0,40}\bby\b|"
    r"\b(?:bestätigt|befundet|geprüft|freigegeben|validé|confirmé|revu|confirmado|validado)\b[^.]{0,40}"
    r"\b(?:durch|von|par|por)\b|"
    r"\b(?:dr|prof|m\.?d|physicians?|cardiologists?|technicians?|operators?|doctor|nurse|arzt|ärztin|médecin|patient"
    r"(?:'?s)? (?:name|id)|mrn|dob|name|born)\b[.:]?",
    re.IGNORECASE,
)


def impersonal(recording: Recording) -> Recording:
    """Return the recording without statements that sign or name somebody, in English, German, French or Spanish."""
    said = recording.acquisition.statements
    kept = tuple(statement for statement in said if not _SIGNATURE.search(statement))
    if len(kept) == len(said):
        return recording
    return replace(recording, acquisition=replace(recording.acquisition, statements=kept))
