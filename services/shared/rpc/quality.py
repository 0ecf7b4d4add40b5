"""Quality for the wire; pure."""

from einthoven.common.v1 import common_pb2 as pb
from services.shared.quality import LeadQuality, Quality
from services.shared.rpc.convert import remarks_to_pb


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
