"""Signals out: each format is read back by a library that knows nothing of this platform."""

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pydicom
import pytest
import wfdb
from fhirclient.models.observation import Observation
from scipy.signal import resample

from einthoven.ingest.v1 import ingest_pb2 as pb
from services.shared.ecg import STANDARD_LEADS
from services.shared.errors import InvalidRequest, NotFound, TooLarge, UnreadableFile
from services.shared.rpc.convert import signal_from_pb
from tests.contract.ingest_on_the_wire import ANNA, AT_500_HZ, BEN, OnTheWire, Wire, file_requests
from tests.unit.services.ingest.ecgs import csv_of, npy_of, twelve_leads, wfdb_of

LEADS = twelve_leads()


async def exported(wire: Wire, signal: np.ndarray, **request: Any) -> tuple[Any, bytes, str]:
    """Store a signal and return the head and the bytes of its export, and its record id."""
    record = await wire.one(await wire.dataset(), ("a.npy", npy_of(signal)))
    message = pb.ExportSignalRequest(record_id=record.record_id, **request)
    parts = [part async for part in wire.client.server_stream(wire.stub.ExportSignal, message, caller=ANNA)]
    return parts[0].file.head, b"".join(part.file.chunk.data for part in parts[1:]), record.record_id


class TestExport(OnTheWire):
    @pytest.fixture(params=["sqlite"])
    def database(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        return f"sqlite+aiosqlite:///{tmp_path}/ingest.sqlite"

    async def test_npy(self, wire: Wire) -> None:
        head, data, record_id = await exported(wire, LEADS, format="npy")

        np.testing.assert_array_equal(np.load(io.BytesIO(data), allow_pickle=False), LEADS)
        assert (head.file_name, head.size_bytes) == (f"{record_id}.npy", len(data))
        assert head.sha256 == hashlib.sha256(data).hexdigest()

    async def test_json_says_null_where_nothing_was_recorded(self, wire: Wire) -> None:
        signal = LEADS.copy()
        signal[8, 5] = np.nan

        head, data, record_id = await exported(wire, signal, format="json")

        found = json.loads(data)
        assert (found["record_id"], found["leads"], found["rate_hz"], found["unit"]) == (
            record_id,
            list(STANDARD_LEADS),
            500,
            "mV",
        )
        assert found["data"][8][5] is None
        np.testing.assert_allclose(np.array(found["data"], float), signal, atol=1e-6)
        assert head.media_type == "application/json"

    async def test_csv(self, wire: Wire) -> None:
        signal = LEADS.copy()
        signal[11] = np.nan

        _, data, _ = await exported(wire, signal, format="csv")

        frame = pd.read_csv(io.BytesIO(data))
        assert tuple(frame.columns) == STANDARD_LEADS
        np.testing.assert_array_equal(frame.to_numpy(np.float32).T, signal)

    async def test_wfdb(self, wire: Wire, tmp_path: Path) -> None:
        _, data, record_id = await exported(wire, LEADS, format="wfdb")

        zipfile.ZipFile(io.BytesIO(data)).extractall(tmp_path)
        record = wfdb.rdrecord(str(tmp_path / record_id))
        assert (tuple(record.sig_name), record.fs, set(record.units)) == (STANDARD_LEADS, 500, {"mV"})
        np.testing.assert_allclose(record.p_signal.T, LEADS, atol=1e-4)

    async def test_dicom(self, wire: Wire) -> None:
        signal = LEADS.copy()
        signal[10, :4] = np.nan

        _, data, _ = await exported(wire, signal, format="dicom")

        dataset = pydicom.dcmread(io.BytesIO(data))
        group = dataset.WaveformSequence[0]
        microvolt = dataset.waveform_array(0).T
        meanings = [c.ChannelSourceSequence[0].CodeMeaning for c in group.ChannelDefinitionSequence]
        assert dataset.SOPClassUID.name == "General ECG Waveform Storage"
        assert meanings == [f"Lead {lead}" for lead in STANDARD_LEADS]
        assert float(group.SamplingFrequency) == 500
        there = ~np.isnan(signal)
        np.testing.assert_allclose(microvolt[there], signal[there] * 1000, atol=0.1)
        raw = np.frombuffer(group.WaveformData, "<i2").reshape(-1, 12).T
        assert (raw[~there] == -32768).all()

    async def test_fhir(self, wire: Wire) -> None:
        head, data, record_id = await exported(wire, LEADS, format="fhir")

        observation = Observation(json.loads(data), strict=True)
        sampled = observation.component[10].valueSampledData
        np.testing.assert_allclose(np.array(sampled.data.split(), float) * sampled.factor, LEADS[10] * 1000, atol=0.06)
        assert (observation.id, head.media_type) == (record_id, "application/fhir+json")

    @pytest.mark.parametrize("format_", ["csv", "npy", "wfdb", "dicom"])
    async def test_what_goes_out_comes_in_again(self, wire: Wire, format_: str) -> None:
        _, data, _ = await exported(wire, LEADS, format=format_)
        files = [("b", data)]
        if format_ == "wfdb":
            archive = zipfile.ZipFile(io.BytesIO(data))
            files = [(name, archive.read(name)) for name in archive.namelist()]

        lines = await wire.upload(await wire.dataset("again"), *files)

        assert pb.FILE_OUTCOME_REFUSED not in {line.outcome for line in lines}

    async def test_another_rate_is_resampled(self, wire: Wire) -> None:
        _, data, _ = await exported(wire, LEADS, format="npy", rate_hz=100)

        expected = resample(LEADS.astype(float), 120, axis=1)
        np.testing.assert_allclose(np.load(io.BytesIO(data)), expected, atol=1e-5)

    async def test_leads_that_hold_nothing_stay_empty_at_another_rate(self, wire: Wire) -> None:
        signal = LEADS.copy()
        signal[9] = np.nan

        _, data, _ = await exported(wire, signal, format="npy", rate_hz=250)

        resampled = np.load(io.BytesIO(data))
        assert resampled.shape == (12, 300)
        assert np.isnan(resampled[9]).all()
        assert not np.isnan(np.delete(resampled, 9, axis=0)).any()

    @pytest.mark.parametrize(
        ("request_", "error"),
        [
            ({"format": "pdf"}, InvalidRequest),
            ({"format": ""}, InvalidRequest),
            ({"format": "npy", "rate_hz": 0}, InvalidRequest),
            ({"format": "npy", "rate_hz": 1e9}, InvalidRequest),
        ],
    )
    async def test_what_cannot_be_exported_is_refused(self, wire: Wire, request_: dict[str, Any], error: type) -> None:
        with pytest.raises(error):
            await exported(wire, LEADS, **request_)

    async def test_gaps_have_no_other_rate(self, wire: Wire) -> None:
        signal = LEADS.copy()
        signal[9, 3] = np.nan

        with pytest.raises(InvalidRequest, match="without rate_hz"):
            await exported(wire, signal, format="npy", rate_hz=100)

    async def test_another_departments_signal_is_not_there(self, wire: Wire) -> None:
        record = await wire.one(await wire.dataset(), ("a.npy", npy_of(LEADS)))
        request = pb.ExportSignalRequest(record_id=record.record_id, format="npy")

        with pytest.raises(NotFound):
            [part async for part in wire.client.server_stream(wire.stub.ExportSignal, request, caller=BEN)]


class TestDecode(OnTheWire):
    @pytest.fixture(params=["sqlite"])
    def database(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        return f"sqlite+aiosqlite:///{tmp_path}/ingest.sqlite"

    async def test_a_file_is_decoded_and_nothing_is_stored(self, wire: Wire) -> None:
        answer = await decoded(wire, ("a.csv", csv_of(LEADS)))

        signal, leads, rate_hz = signal_from_pb(answer.signal)
        np.testing.assert_array_equal(signal, LEADS)
        assert (answer.format, leads, rate_hz) == ("csv", STANDARD_LEADS, 500)
        assert {remark.code for remark in answer.remarks} == {"assumed_unit", "lead_algebra"}
        assert await wire.keys() == []

    async def test_a_file_is_decoded_with_its_companion(self, wire: Wire) -> None:
        header, signals = wfdb_of(LEADS)

        answer = await decoded(wire, ("ecg.hea", header), ("ecg.dat", signals))

        assert (answer.format, answer.quality.grade, len(answer.quality.leads)) == ("wfdb", "unusable", 12)

    async def test_a_long_file_is_cropped_and_says_so(self, wire: Wire) -> None:
        answer = await decoded(wire, ("a.npy", npy_of((twelve_leads(20_000) * 1000).astype(np.int16))), rate_hz=100)

        assert answer.signal.samples == 6000
        assert "cropped" in {remark.code for remark in answer.remarks}

    @pytest.mark.parametrize(
        ("files", "error"),
        [
            ((("a.csv", csv_of(LEADS)[:-9]),), UnreadableFile),
            ((("a.csv", csv_of(LEADS)), ("b.csv", csv_of(LEADS))), InvalidRequest),
            ((), InvalidRequest),
            ((("a.bin", bytes(2 << 20)),), TooLarge),
        ],
    )
    async def test_what_is_not_one_ecg_is_refused(self, wire: Wire, files: tuple[Any, ...], error: type) -> None:
        with pytest.raises(error):
            await decoded(wire, *files)


async def decoded(wire: Wire, *files: tuple[str, bytes], rate_hz: float = 500) -> Any:
    """Decode files."""

    async def requests() -> AsyncIterator[pb.DecodeFileRequest]:
        declaration = pb.Declaration(sampling_rate_hz=rate_hz) if rate_hz != 500 else AT_500_HZ
        yield pb.DecodeFileRequest(declaration=declaration)
        for name, data in files:
            for request in file_requests(name, data):
                yield pb.DecodeFileRequest.FromString(_as_decode(request))

    return await wire.client.client_stream(wire.stub.DecodeFile, requests(), caller=ANNA)


def _as_decode(request: pb.UploadRecordsRequest) -> bytes:
    """Return the same step; start, chunk and end have the same numbers in both messages."""
    return request.SerializeToString()
