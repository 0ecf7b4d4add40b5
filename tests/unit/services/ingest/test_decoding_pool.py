"""Files that a reader stumbles over."""

import pytest

from services.ingest import decoding_pool
from services.ingest.decoding.declaration import Declaration
from services.ingest.decoding_pool import DecodingPool
from services.ingest.formats.base import UploadedFile
from services.shared.errors import Internal


async def test_a_fault_of_ours_is_logged_without_what_it_quotes_of_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stumble(*_: object) -> None:
        raise ValueError("could not convert 'Zzyzx' to a number")

    monkeypatch.setattr(decoding_pool, "decode", stumble)
    pool = DecodingPool(1)

    with pytest.raises(Internal, match="Quote") as raised:
        await pool.digest(UploadedFile("ecg", b"Zzyzx"), Declaration())
    await pool.close()

    logged = "".join(capsys.readouterr())
    assert "decoder_failed" in logged
    assert "stumble" in logged
    assert "Zzyzx" not in logged
    assert raised.value.__suppress_context__
