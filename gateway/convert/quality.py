"""How good ECGs are."""

from einthoven.common.v1 import common_pb2
from einthoven.ingest.v1 import ingest_pb2 as pb
from gateway.convert.remarks import remarks
from gateway.schemas.quality import (
    EcgQuality,
    Flag,
    FlaggedLead,
    Grade,
    LeadQuality,
    Pacing,
    Quality,
    QualitySummary,
    RecordQuality,
)


def summary(message: common_pb2.Quality) -> QualitySummary:
    """Return quality in short."""
    return QualitySummary(
        grade=Grade(message.grade),
        reasons=remarks(message.reasons),
        suspected_reversal=message.suspected_reversal or None,
        pacing=Pacing(message.pacing),
        leads=[
            FlaggedLead(lead=lead.lead, flags=[Flag(flag) for flag in lead.flags], is_lost=lead.is_lost)
            for lead in message.leads
            if lead.flags
        ],
    )


def whole(message: common_pb2.Quality) -> EcgQuality:
    """Return quality without its leads."""
    return EcgQuality(
        grade=Grade(message.grade),
        reasons=remarks(message.reasons),
        suspected_reversal=message.suspected_reversal or None,
        pacing=Pacing(message.pacing),
    )


def of_record(message: pb.Record) -> RecordQuality:
    """Return the quality of a record in full."""
    found = full(message.quality) if message.HasField("quality") else None
    return RecordQuality(record_id=message.record_id, quality=found)


def full(message: common_pb2.Quality) -> Quality:
    """Return quality in full."""
    return Quality(
        grade=Grade(message.grade),
        reasons=remarks(message.reasons),
        suspected_reversal=message.suspected_reversal or None,
        pacing=Pacing(message.pacing),
        leads=[_lead(lead) for lead in message.leads],
        residual_mv=message.residual_mv if message.HasField("residual_mv") else None,
        judged_s=message.judged_s,
    )


def _lead(message: common_pb2.LeadQuality) -> LeadQuality:
    return LeadQuality(
        lead=message.lead,
        flags=[Flag(flag) for flag in message.flags],
        is_lost=message.is_lost,
        missing_share=message.missing_share,
        range_mv=message.range_mv,
        flat_s=message.flat_s,
        saturated_share=message.saturated_share,
        mains_mv=message.mains_mv if message.HasField("mains_mv") else None,
        drift_mv=message.drift_mv,
        noise_mv=message.noise_mv,
        spikes=message.spikes,
    )
