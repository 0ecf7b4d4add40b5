"""The numbers by which standards call the leads."""

from typing import Final

MDC_LEADS: Final = {
    "I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64,
}  # fmt: skip
"""MDC_ECG_LEAD numbers (ISO/IEEE 11073-10101); SCP-ECG has the same."""
