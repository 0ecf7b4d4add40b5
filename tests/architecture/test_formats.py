from dataclasses import replace

import pytest

from services.ingest.formats import FORMATS, edf
from tests.architecture import formats
from tests.architecture.tree import ROOT


def test_the_page_of_formats_is_what_the_code_says() -> None:
    written = (ROOT / formats.PAGE).read_text(encoding="utf-8")

    assert written == formats.page(), "run `make format-docs`"


def test_every_format_is_proved_by_tests_that_are_there() -> None:
    assert list(formats.unproved(ROOT)) == []
    assert all(known.ABOUT.proof for known in FORMATS)


def test_a_proof_that_is_gone_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edf, "ABOUT", replace(edf.ABOUT, proof=("test_edf.py::test_of_nothing", "test_gone.py::test")))

    assert len(list(formats.unproved(ROOT))) == 2
