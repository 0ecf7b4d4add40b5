"""Quality for the wire and back; pure."""

from dataclasses import replace

from einthoven.common.v1 import common_pb2 as pb
from services.shared.quality import Flag, Grade, LeadQuality, Pacing, Quality
from services.shared.rpc.convert import remarks_from_pb, remarks_to_pb


def quality_to_pb(quality: Quality | None) -> pb.Quality | None:
    """Return quality for the wire; None where it was not judged."""
    if quality is None:
        return None
    return pb.Quality(
        grade=quality.grade.value,
        reasons=remarks_to_pb(quality.reasons),
        leads=map(_lead_to_pb, quality.leads),
        residual_mv=quality.residual_mv,
        suspected_reversal=quality.suspected_reversal or "",
        pacing=quality.pacing.value,
        judged_s=quality.judged_s,
    )


def quality_from_pb(message: pb.Quality) -> Quality:
    """Return quality."""
    return Quality(
        grade=Grade(message.grade),
        reasons=remarks_from_pb(message.reasons),
        leads=tuple(map(_lead_from_pb, message.leads)),
        residual_mv=message.residual_mv if message.HasField("residual_mv") else None,
        suspected_reversal=message.suspected_reversal or None,
        pacing=Pacing(message.pacing),
        judged_s=message.judged_s,
    )


def quality_without_leads_to_pb(quality: Quality | None) -> pb.Quality | None:
    """Return quality for the wire, the ECG as a whole only; None where it was not judged."""
    return None if quality is None else quality_to_pb(replace(quality, leads=()))


def _lead_to_pb(lead: LeadQuality) -> pb.LeadQuality:
    return pb.LeadQuality(
        lead=lead.lead,
        flags=[flag.value for flag in lead.flags],
        is_lost=lead.is_lost,
        missing_share=lead.missing_share,
        range_mv=lead.range_mv,
        flat_s=lead.flat_s,
        saturated_share=lead.saturated_share,
        mains_mv=lead.mains_mv,
        drift_mv=lead.drift_mv,
        noise_mv=lead.noise_mv,
        spikes=lead.spikes,
    )


def _lead_from_pb(message: pb.LeadQuality) -> LeadQuality:
    return LeadQuality(
        lead=message.lead,
        flags=tuple(map(Flag, message.flags)),
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
