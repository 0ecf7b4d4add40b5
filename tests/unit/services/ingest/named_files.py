"""A file of every format that says whom it is of, in every place where its kind of device does."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from pydicom.dataset import Dataset

from services.ingest.formats.base import UploadedFile
from tests.unit.services.ingest.ecgs import csv_of, dicom_group, dicom_of, npy_of, twelve_leads, wfdb_of
from tests.unit.services.ingest.edf_files import Channel, edf_of
from tests.unit.services.ingest.ishne_files import ishne_of, microvolts
from tests.unit.services.ingest.scp_records import (
    DEFAULT,
    TWELVE,
    differences,
    encoded,
    header_of,
    leads_of,
    record_of,
    waves_of,
)
from tests.unit.services.ingest.xmls import aecg_of, cardiosoft_of, muse_of, sierra_of, strip_of

NAME: Final = "Zzyzx"
ID: Final = f"77-{NAME}-1"
LEADS: Final = twelve_leads()
_RAW: Final = np.round(LEADS * 200).astype(int)
_NEVER: Final = tuple(NAME.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Named:
    """A file with what must not be left of it."""

    file: UploadedFile
    born: tuple[bytes, ...]
    """Its date of birth as its format writes it."""
    age_years: float | None

    def betrayals(self, data: bytes) -> list[bytes]:
        """Return what of the person is in some bytes."""
        return [secret for secret in (*_NEVER, *self.born) if secret in data]


def named_files() -> dict[str, Named]:
    """Return the files by format."""
    hea, dat = wfdb_of(LEADS, tail=f"#Age: 63\n#Sex: Female\n#Name: {NAME}\n# seen by {NAME}\n#Dx: 426783006\n")
    xml = {
        "aecg": Named(UploadedFile("a.xml", _aecg()), (b"19510802",), 68),
        "cardiosoft-xml": Named(UploadedFile("c.xml", _cardiosoft()), (b"1951-08-02",), 71),
        "muse-xml": Named(UploadedFile("m.xml", _muse()), (b"08-02-1951",), 63),
        "philips-sierra": Named(UploadedFile("p.xml", _philips()), ("1951-08-02".encode("utf-16-le"),), 58),
    }
    return xml | {
        "csv": Named(UploadedFile("c.csv", csv_of(LEADS)), (), None),
        "dicom": Named(UploadedFile("d.dcm", _dicom()), (b"19510802",), 63),
        "edf": Named(UploadedFile("e.edf", _edf()), (b"02-AUG-1951",), 60),
        "ishne": Named(UploadedFile("i.ecg", _ishne()), (struct.pack("<3h", 2, 8, 1951),), 68),
        "npy": Named(UploadedFile("n.npy", npy_of(LEADS) + NAME.encode()), (), None),
        "scp": Named(UploadedFile("s.scp", _scp()), (struct.pack("<HBB", 1951, 8, 2),), 68),
        "wfdb": Named(UploadedFile("ecg.hea", hea, {"ecg.dat": dat + NAME.encode()}), (), 63),
    }


def _aecg() -> bytes:
    site = f"<location><testingSite><id extension='{ID}'/></testingSite></location>"
    text = aecg_of(_RAW, before=f"<text>{NAME}</text>{site}").replace("a comment", NAME)
    text = text.replace("Doe", NAME).replace("SBJ-1", ID).replace("19600101", "19510802")
    maker = f"<id root='1.2' extension='{ID}'/><manufacturerOrganization><name>Acme</name></manufacturerOrganization>"
    person = f"<seriesPerformer><assignedPerson><name>{NAME}</name></assignedPerson></seriesPerformer>"
    made = f"<author><seriesAuthor>{maker}</seriesAuthor></author><secondaryPerformer>{person}</secondaryPerformer>"
    return text.replace("<series>", f"<series>{made}", 1).encode()


def _cardiosoft() -> bytes:
    text = cardiosoft_of(strip_of(_RAW)).decode("latin-1").replace("Müller", f"Müller-{NAME}").replace("77-1", ID)
    doctor = f"<AttendingDoctor><FamilyName>{NAME}</FamilyName><PersonID>{ID}</PersonID></AttendingDoctor>"
    said = f"<Diagnosis><DiagnosisText>Confirmed by {NAME}</DiagnosisText></Diagnosis>"
    more = f"<PatientVisit>{doctor}</PatientVisit><Interpretation>{said}</Interpretation>"
    born = f"<BirthDateTime>1951-08-02</BirthDateTime><Address>{NAME} 5</Address></PatientInfo>"
    root = f"<!-- {NAME} --><?who {NAME}?><CardiologyXML who='{NAME}'>"
    return text.replace("</PatientInfo>", born + more).replace("<CardiologyXML>", root).encode("latin-1")


def _muse() -> bytes:
    text = muse_of(_RAW).decode("latin-1").replace("Doe", NAME).replace("77-1", ID)
    text = text.replace("</PatientDemographics>", "<DateofBirth>08-02-1951</DateofBirth></PatientDemographics>")
    said = (
        f"<Diagnosis><DiagnosisStatement><StmtText>Confirmed by {NAME} (5)</StmtText></DiagnosisStatement></Diagnosis>"
    )
    test = f"<OverreaderLastName>{NAME}</OverreaderLastName></TestDemographics><Order>{ID}</Order>{said}"
    return text.replace("</TestDemographics>", test).encode("latin-1")


def _philips() -> bytes:
    text = sierra_of(_RAW).decode("utf-16").replace("Doe", NAME).replace("77-1", ID).replace("1950-01-01", "1951-08-02")
    said = f"<acquirer><operator id='{ID}'>{NAME}</operator><room>{NAME}</room></acquirer></dataacquisition><comments>"
    return text.replace("</dataacquisition>", f"{said}{NAME}</comments>").encode("utf-16")


def _dicom() -> bytes:
    raw = np.round(LEADS * 1000).astype(np.int16)
    text, other = Dataset(), Dataset()
    text.UnformattedTextValue, other.PatientID = f"Confirmed by {NAME}", ID
    group = dicom_group(raw)
    group.add_new(0x00091001, "LO", NAME)
    return dicom_of(
        group,
        PatientName=f"{NAME}^Ada",
        PatientID=ID,
        PatientBirthDate="19510802",
        PatientAge="063Y",
        PatientSex="F",
        OtherPatientIDsSequence=[other],
        PatientAddress=f"{NAME} Street",
        PatientComments=NAME,
        ReferringPhysicianName=NAME,
        PerformingPhysicianName=NAME,
        OperatorsName=NAME,
        InstitutionName=f"{NAME} Hospital",
        AccessionNumber=NAME,
        StudyDescription=f"ECG of {NAME}",
        WaveformAnnotationSequence=[text],
        StudyInstanceUID="1.2.3.4",
        SeriesInstanceUID="1.2.3.4.5",
        preamble=NAME.encode().ljust(128, b"\0"),
    )


def _edf() -> bytes:
    begin, note = b"+0\x14\x14\0", f"+0.1\x14Seen by {NAME}\x14\0".encode()
    notes = np.frombuffer(b"".join((begin + note).ljust(40, b"\0") for _ in range(6)), "<i2")
    leads = [
        Channel(name, np.round(row * 1000), 100, unit="uV", physical=(-32768, 32767), digital=(-32768, 32767))
        for name, row in zip(
            ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"), LEADS, strict=True
        )
    ]
    channels = [*leads, Channel("EDF Annotations", notes, 20, physical=("-1", "1"), digital=("-32768", "32767"))]
    patient, session = f"{ID} F 02-AUG-1951 {NAME}", f"Startdate 02-FEB-2012 {ID} {NAME} Telemetry_03"
    return edf_of(channels, kind="EDF+C", patient=patient, recording=session) + NAME.encode()


def _ishne() -> bytes:
    name = NAME.encode()
    data = bytearray(
        ishne_of(microvolts(LEADS), id=ID.encode(), birth=(2, 8, 1951), variable=name, recorder=b"Rec\0" + name)
    )
    data[28 : 28 + len(name)] = data[68 : 68 + len(name)] = data[434 : 434 + len(name)] = name
    return bytes(data) + name


def _scp() -> bytes:
    name = NAME.encode() + b"\0"
    machine = bytes(8) + b"EL250\0" + bytes(22) + b"1.0\0" + name + b"sys\0scp\0Acme\0"
    person = header_of(
        t0=name, t1=name, t2=ID.encode() + b"\0", t3=name, t5=struct.pack("<HBB", 1951, 8, 2), t8=b"\2", t13=name,
        t14=machine, t16=name, t20=name, t21=name, t22=name, t25=struct.pack("<HBB", 2020, 1, 1), t30=name, t31=name,
    )  # fmt: skip
    rhythm = waves_of([encoded(differences(row, 2), DEFAULT) for row in np.round(LEADS * 1000).astype(int)], order=2)
    return record_of(
        {1: person, 2: struct.pack("<H", 19999), 3: leads_of(TWELVE, 600), 6: rhythm, 8: name, 9: name * 3, 11: name}
    )
