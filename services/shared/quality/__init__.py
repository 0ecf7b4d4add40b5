"""Quality at the door: what is wrong with an ECG, per lead and as a whole. Flags, never silent fixes; numpy only.

Every limit stands in grading.py, what was measured with them in docs/quality.md.
"""

from services.shared.quality.assessing import assess, assess_recording
from services.shared.quality.gate import DEFAULT_FLOOR, FLOORS, Floor
from services.shared.quality.pacing import Pacing
from services.shared.quality.result import Flag, Grade, LeadQuality, Quality

__all__ = [
    "DEFAULT_FLOOR",
    "FLOORS",
    "Flag",
    "Floor",
    "Grade",
    "LeadQuality",
    "Pacing",
    "Quality",
    "assess",
    "assess_recording",
]
