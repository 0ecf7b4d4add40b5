"""What DICOM services tell of failures."""

from services.shared import dicom
from services.shared.errors import ErrorCode


def test_every_error_has_a_failure_that_dicom_knows() -> None:
    known = {0x0110, 0x0122, 0x0124}
    for code in ErrorCode:
        failure = dicom.failure_of(code)
        assert failure in known or failure >> 12 in {0xA, 0xC}


def test_an_unreadable_object_of_another_class_is_not_supported() -> None:
    picture, ecg = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.9.1.1"

    assert dicom.failure_of(ErrorCode.UNREADABLE_FILE, picture) == dicom.CLASS_NOT_SUPPORTED
    assert dicom.failure_of(ErrorCode.UNREADABLE_FILE, ecg) == dicom.CANNOT_UNDERSTAND
    assert dicom.failure_of(ErrorCode.STORAGE_FULL, picture) == dicom.OUT_OF_RESOURCES
