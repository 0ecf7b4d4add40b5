"""What the DICOM receiver refuses to be configured with."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.ingest.dicom_receiver.listener import tls_context
from services.ingest.dicom_receiver.settings import DicomReceiverSettings, TlsSettings
from services.shared.errors import InvalidRequest
from services.shared.settings import load

GIVEN: dict[str, Any] = {
    "identity": {"secret": "s" * 32},
    "ingest_address": "127.0.0.1:1",
    "departments": {"CART 1": "cardiology"},
}


def test_it_listens_on_loopback_where_nothing_else_is_said() -> None:
    settings = DicomReceiverSettings.model_validate(GIVEN)

    assert (settings.host, settings.port, settings.ae_title) == ("127.0.0.1", 11112, "EINTHOVEN")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"departments": {}}, "Name the senders"),
        ({"departments": {"A" * 17: "cardiology"}}, "no AE title"),
        ({"departments": {"BACK\\SLASH": "cardiology"}}, "no AE title"),
        ({"departments": {" CART": "cardiology"}}, "no AE title"),
        ({"departments": {"CART": "Cardiology/1"}}, "no department"),
        ({"sop_classes": ["ecg"]}, "no SOP class"),
        ({"tls": {"certificate_file": "a.pem"}}, "needs both"),
        ({"tls": {"client_ca_file": "a.pem"}}, "needs certificate_file"),
    ],
)
def test_contradictions_are_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DicomReceiverSettings.model_validate(GIVEN | change)


def test_senders_are_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINTHOVEN_DICOM_RECEIVER_IDENTITY__SECRET", "s" * 32)
    monkeypatch.setenv("EINTHOVEN_DICOM_RECEIVER_INGEST_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("EINTHOVEN_DICOM_RECEIVER_DEPARTMENTS", '{"CART1": "cardiology"}')

    assert load(DicomReceiverSettings).departments == {"CART1": "cardiology"}


def test_certificates_that_are_none_are_refused(tmp_path: Path) -> None:
    nothing = tmp_path / "a.pem"
    nothing.touch()

    with pytest.raises(InvalidRequest, match="cannot be used"):
        tls_context(TlsSettings(certificate_file=nothing, key_file=nothing))


def test_without_certificates_there_is_no_tls() -> None:
    assert tls_context(TlsSettings()) is None
