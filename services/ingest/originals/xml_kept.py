"""What stays of each XML format in a file without its person: waveforms, measurements, settings, device, sex, age."""

from typing import Final

from services.ingest.originals.xml_documents import Kept


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


AECG: Final = Kept(
    words=_names("manufacturerorganization/name manufacturermodelname softwarename"),
    numbers_below=_names("digits"),
    samples=frozenset(),
    attributes=_names("""
        administrativegendercode@code administrativegendercode@codesystem annotatedecg@type
        effectivetime@value center@value low@value value@value high@value center@inclusive low@inclusive high@inclusive
    """),
    attributes_below={
        "series": _names("code codesystem codesystemname type unit inclusive"),
        "sequenceset": _names("code codesystem codesystemname displayname type unit value"),
        "annotationset": _names("code codesystem codesystemname type unit"),
    },
    ages=_names("birthtime annotatedecg/controlvariable"),
    age_in="annotatedecg",
    age_before="component",
    age=(
        '<{p}controlVariable><{p}relatedObservation><{p}code code="21612-7" codeSystem="2.16.840.1.113883.6.1"/>'
        '<{p}value value="{years}" unit="a"/></{p}relatedObservation></{p}controlVariable>'
    ),
)
CARDIOSOFT: Final = Kept(
    words=_names("""
        observationtype deviceinfo/desc deviceinfo/softwarever deviceinfo/analysisver patientinfo/pacemaker
        filtersetting/cubicspline filtersetting/filter50hz filtersetting/filter60hz filtersetting/hum leadorder
    """),
    numbers_below=_names("""
        observationdatetime filtersetting restingecgmeasurements stripdata fulldisclosure mediansamples
    """),
    samples=frozenset(),
    attributes=_names("@units waveformdata@lead measurementtable@creation"),
    sexes=_names("patientinfo/gender"),
    ages=_names("age"),
    age_in="patientinfo",
    age='<{p}Age units="years">{years}</{p}Age>',
)
MUSE: Final = Kept(
    words=_names("""
        museversion acquisitiondate acquisitiontime acquisitiondevice acquisitionsoftwareversion
        analysissoftwareversion datatype waveformtype waveformstarttime sampletype acfilter leadamplitudeunits leadid
        leadoff baselinesway
    """),
    numbers_below=_names("restingecgmeasurements originalrestingecgmeasurements qrstimestypes waveform pacespikes"),
    samples=_names("leaddata/waveformdata"),
    attributes=frozenset(),
    sexes=_names("patientdemographics/gender"),
    ages=_names("patientage ageunits"),
    age_in="patientdemographics",
    age="<{p}PatientAge>{years}</{p}PatientAge><{p}AgeUnits>YEARS</{p}AgeUnits>",
)
PHILIPS: Final = Kept(
    words=_names("""
        documentinfo/documenttype documentinfo/documentversion dataacquisition/machine acquisitiontype leadset
        signalsigned notchfiltered electrodeplacement generalpatientdata/pacestatus artifactfilterflag
    """),
    numbers_below=_names("""
        reportbandwidth signalcharacteristics measurements internalmeasurements globalmeasurements
        crossleadmeasurements groupmeasurements leadmeasurements
    """),
    samples=_names("waveforms/parsedwaveforms"),
    attributes=_names("""
        dataacquisition@date dataacquisition@time machine@detaildescription leadmeasurement@leadname
    """),
    attributes_below={
        "parsedwaveforms": _names("""
            dataencoding compression compressflag compressmethod numberofleads leadlabels durationperchannel
            nbitspersample bitspersample samplespersecond resolution signaloffset hipass lowpass notchfiltered
        """),
    },
    sexes=_names("generalpatientdata/sex"),
    ages=_names("age"),
    age_in="generalpatientdata",
    age="<{p}age><{p}years>{years}</{p}years></{p}age>",
)
