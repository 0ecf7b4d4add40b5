"""What DICOM services tell of objects they store, the same over the web (STOW-RS) and by message (C-STORE)."""

from typing import Final

from services.shared.errors import ErrorCode

WAVEFORM_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.9.1.1",
        "1.2.840.10008.5.1.4.1.1.9.1.2",
        "1.2.840.10008.5.1.4.1.1.9.1.3",
        "1.2.840.10008.5.1.4.1.1.9.1.4",
    }
)
"""SOP classes of ECGs (PS3.4 B.5): 12-lead, General, Ambulatory, General 32-bit."""

SUCCESS: Final = 0x0000
PROCESSING_FAILURE: Final = 0x0110
NOT_AUTHORIZED: Final = 0x0124
CLASS_NOT_SUPPORTED: Final = 0x0122
OUT_OF_RESOURCES: Final = 0xA700
DOES_NOT_MATCH: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000

FAILURE_OF: Final[dict[ErrorCode, int]] = {
    ErrorCode.INVALID_REQUEST: CANNOT_UNDERSTAND,
    ErrorCode.UNREADABLE_FILE: CANNOT_UNDERSTAND,
    ErrorCode.INVALID_MODEL: PROCESSING_FAILURE,
    ErrorCode.TOO_LARGE: OUT_OF_RESOURCES,
    ErrorCode.NOT_FOUND: PROCESSING_FAILURE,
    ErrorCode.ALREADY_EXISTS: PROCESSING_FAILURE,
    ErrorCode.CONFLICT: DOES_NOT_MATCH,
    ErrorCode.UNAUTHENTICATED: NOT_AUTHORIZED,
    ErrorCode.FORBIDDEN: NOT_AUTHORIZED,
    ErrorCode.RATE_LIMITED: OUT_OF_RESOURCES,
    ErrorCode.STORAGE_FULL: OUT_OF_RESOURCES,
    ErrorCode.CANCELLED: PROCESSING_FAILURE,
    ErrorCode.DEADLINE_EXCEEDED: OUT_OF_RESOURCES,
    ErrorCode.UNAVAILABLE: OUT_OF_RESOURCES,
    ErrorCode.INTERNAL: PROCESSING_FAILURE,
}
"""PS3.4 table B.2-1 and PS3.18 table I.2-2; out of resources is what senders try again."""


def failure_of(code: ErrorCode, sop_class_uid: str = "") -> int:
    """Return why an object was not stored; an unreadable one of another class than an ECG's is not supported."""
    if code is ErrorCode.UNREADABLE_FILE and sop_class_uid and sop_class_uid not in WAVEFORM_CLASSES:
        return CLASS_NOT_SUPPORTED
    return FAILURE_OF[code]
