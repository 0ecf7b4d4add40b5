"""Quality as the JSON of a row, and back; pure. The leads are lists, so that a row stays small."""

from typing import Any

from services.shared.ecg import Remark
from services.shared.quality import Flag, Grade, LeadQuality, Pacing, Quality


def json_of(quality: Quality | None) -> dict[str, Any] | None:
    """Return what a row keeps of quality."""
    if quality is None:
        return None
    return {
        "grade": quality.grade.value,
        "reasons": [[reason.code, reason.text] for reason in quality.reasons],
        "leads": [_list_of(lead) for lead in quality.leads],
        "residual_mv": quality.residual_mv,
        "suspected_reversal": quality.suspected_reversal,
        "pacing": quality.pacing.value,
        "judged_s": quality.judged_s,
    }


def quality_of(document: dict[str, Any] | None) -> Quality | None:
    """Return the quality of a row; None of a row of before it was judged."""
    if document is None:
        return None
    return Quality(
        grade=Grade(document["grade"]),
        reasons=tuple(Remark(code, text) for code, text in document["reasons"]),
        leads=tuple(_lead_of(*values) for values in document["leads"]),
        residual_mv=document["residual_mv"],
        suspected_reversal=document["suspected_reversal"],
        pacing=Pacing(document["pacing"]),
        judged_s=document["judged_s"],
    )


def _list_of(lead: LeadQuality) -> list[Any]:
    return [
        lead.lead,
        [flag.value for flag in lead.flags],
        *(getattr(lead, name) for name in LeadQuality.__slots__[2:]),
    ]


def _lead_of(lead: str, flags: list[str], *indices: Any) -> LeadQuality:
    return LeadQuality(lead, tuple(map(Flag, flags)), *indices)
