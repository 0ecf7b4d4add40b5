"""Files that were made to do harm, or that state what cannot be, in every format that they can come in."""

import io
import time
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from services.ingest import formats
from services.ingest.decoding.declaration import Declaration
from services.ingest.formats.base import UploadedFile
from services.shared.errors import InvalidRequest, PlatformError, TooLarge, UnreadableFile
from tests.fuzz.samples import WHOLE, microvolts
from tests.unit.services.ingest import scp_records as scp
from tests.unit.services.ingest.array_files import hdf5_of, mat_of, npz_of
from tests.unit.services.ingest.ecgs import csv_of, dicom_group, dicom_of, npy_of, read, twelve_leads, wfdb_of
from tests.unit.services.ingest.edf_files import edf_of, twelve
from tests.unit.services.ingest.ishne_files import ishne_of
from tests.unit.services.ingest.xmls import aecg_of, cardiosoft_of, muse_of, sierra_of, strip_of

LEADS = twelve_leads()
RAW = microvolts(600)
NOTHING = Declaration()
ROOTS = {
    "aecg": "AnnotatedECG",
    "muse-xml": "RestingECG",
    "cardiosoft-xml": "CardiologyXML",
    "philips-sierra": "restingecgdata",
}
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
HEADS = {
    "a DTD of its own": "[<!ELEMENT a ANY>]",
    "an entity": '[<!ENTITY a "b">]',
    "an entity in a file": '[<!ENTITY a SYSTEM "file:///etc/passwd">]',
    "an entity on a server": '[<!ENTITY a SYSTEM "http://127.0.0.1:9/a">]',
    "a parameter entity": '[<!ENTITY % a SYSTEM "http://127.0.0.1:9/a"> %a;]',
    "a DTD on a server": 'SYSTEM "http://127.0.0.1:9/a.dtd"',
    "a billion laughs": f'[<!ENTITY l0 "ha">{LAUGHS}]',
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ROOTS)
def test_xml_that_brings_more_than_itself_is_refused_at_once(name: str, head: str) -> None:
    written = WHOLE[name](RAW).file.data
    encoding = "utf-16" if written.startswith(b"\xff\xfe") else "utf-8"
    text = written.decode(encoding, "replace").partition("<" + ROOTS[name])[2]
    hostile = f"<!DOCTYPE {ROOTS[name]} {HEADS[head]}><{ROOTS[name]}{text}".replace("77-1", "&a;&l11;")
    started = time.perf_counter()

    with pytest.raises(UnreadableFile, match="DTD"):
        read(hostile.encode(encoding), NOTHING)
    assert time.perf_counter() - started < 2


def dicom(rate: float) -> bytes:
    return dicom_of(dicom_group(RAW, rate_hz=rate))


def edf(rate: float) -> bytes:
    return edf_of(twelve(), duration=f"{100 / rate:g}" if rate else "0")


def record_of_scp(rate: float) -> bytes:
    rhythm = scp.waves_of([scp.plain(row) for row in RAW], us=round(1e6 / rate) if rate else 0)
    return scp.record_of({3: scp.leads_of(scp.TWELVE, RAW.shape[1]), 6: rhythm})


def wfdb(rate: float) -> bytes:
    return wfdb_of(LEADS, record_line=f"ecg 12 {rate:.0f} {RAW.shape[1]}")[0]


def aecg(rate: float) -> bytes:
    return aecg_of(RAW, increment=f'<increment value="{1 / rate if rate else 0:g}" unit="s"/>').encode()


def muse(rate: float) -> bytes:
    return muse_of(RAW, change=("<SampleBase>500", f"<SampleBase>{rate:.0f}"))


def cardiosoft(rate: float) -> bytes:
    return cardiosoft_of(strip_of(RAW).replace('units="Hz">500', f'units="Hz">{rate:.0f}'))


def sierra(rate: float) -> bytes:
    text = sierra_of(RAW).decode("utf-16")
    text = text.replace('samplespersecond="500"', f'samplespersecond="{rate:.0f}"')
    return text.replace("<samplingrate>500", f"<samplingrate>{rate:.0f}").encode("utf-16")


def table(rate: float) -> bytes:
    times = np.arange(600) / rate if rate else np.zeros(600)
    lines = csv_of(LEADS).decode().splitlines()
    rows = [f"{at:.12f},{line}" for at, line in zip(times, lines[1:], strict=True)]
    return "\n".join([f"time [s],{lines[0]}", *rows]).encode()


STATING: dict[str, Callable[[float], bytes]] = {
    "dicom": dicom,
    "edf": edf,
    "ishne": lambda rate: ishne_of(RAW, rate=min(int(rate), 32767) - 32768 if rate > 32767 else int(rate)),
    "scp": record_of_scp,
    "npz": lambda rate: npz_of(ecg=LEADS, fs=rate),
    "mat": lambda rate: mat_of(ecg=LEADS, fs=rate),
    "mat 7.3": lambda rate: hdf5_of(ecg=LEADS, fs=np.array([[rate]])),
    "wfdb": wfdb,
    "aecg": aecg,
    "muse-xml": muse,
    "cardiosoft-xml": cardiosoft,
    "philips-sierra": sierra,
    "csv": table,
}
"""Every format that states a rate; NPY and raw samples state none. ISHNE's has 16 bits: a larger one is negative."""


def test_every_format_that_states_a_rate_is_here() -> None:
    assert {name.partition(" ")[0] for name in STATING} == set(formats.names()) - {"npy", "raw"}


@pytest.mark.parametrize("rate", [0.0, 1e9])
@pytest.mark.parametrize("name", STATING)
def test_an_impossible_rate_is_refused_with_a_sentence(name: str, rate: float) -> None:
    known = next(known for known in formats.FORMATS if name.partition(" ")[0] == known.NAME)
    data = STATING[name](rate)
    assert known.sniff(UploadedFile("a", data)) or name == "wfdb"

    with pytest.raises(PlatformError) as refused:
        read(data, Declaration(format_name=known.NAME), ecg_dat=wfdb_of(LEADS)[1])

    assert isinstance(refused.value, InvalidRequest | TooLarge)
    assert refused.value.detail.endswith(".")


@pytest.mark.parametrize("name", STATING)
def test_it_is_the_rate_alone_that_was_wrong(name: str) -> None:
    data = STATING[name](500.0)

    assert read(data, NOTHING, ecg_dat=wfdb_of(LEADS)[1]).rate_hz == pytest.approx(500)


def test_a_zip_of_pickles_and_climbing_names_is_never_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../etc/ecg.npy", npy_of(np.zeros(1))[:128].replace(b"'<f8'", b"'|O' ") + b"cos\nsystem\n.")

    with pytest.raises(UnreadableFile, match="pickled"):
        read(buffer.getvalue(), Declaration(format_name="npz"))
