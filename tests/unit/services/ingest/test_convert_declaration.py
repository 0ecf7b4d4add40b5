import pytest

from einthoven.ingest.v1 import ingest_pb2 as pb
from services.ingest.convert import declaration_of
from services.ingest.decoding.raw_layout import RawLayout
from services.shared.errors import InvalidRequest


def test_nothing_declared_is_nothing() -> None:
    declared = declaration_of(pb.Declaration())

    assert (declared.rate_hz, declared.format_name, declared.raw) == (None, None, None)


def test_a_raw_layout_keeps_its_defaults() -> None:
    assert declaration_of(pb.Declaration(sample_type="int16")).raw == RawLayout("int16")


def test_a_raw_layout_is_taken_over_whole() -> None:
    message = pb.Declaration(
        sample_type="float32", byte_order="big", lead_count=8, interleaved=False, header_bytes=512, format="raw"
    )

    declared = declaration_of(message)

    assert declared.raw == RawLayout("float32", "big", 8, interleaved=False, header_bytes=512)
    assert declared.format_name == "raw"


def test_a_layout_without_a_sample_type_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="lead_count, byte_order describe raw samples: declare their sample_type"):
        declaration_of(pb.Declaration(lead_count=8, byte_order="big"))
