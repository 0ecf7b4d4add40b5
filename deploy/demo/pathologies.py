"""The seven diagnoses that the demonstration synthesizes, with their codes."""

from enum import StrEnum
from typing import Final

from services.shared.errors import InvalidRequest


class Pathology(StrEnum):
    """What a synthesized ECG shows."""

    NORMAL = "normal"
    ATRIAL_FIBRILLATION = "atrial_fibrillation"
    LEFT_BUNDLE_BRANCH_BLOCK = "left_bundle_branch_block"
    RIGHT_BUNDLE_BRANCH_BLOCK = "right_bundle_branch_block"
    ANTERIOR_INFARCTION = "anterior_infarction"
    INFERIOR_INFARCTION = "inferior_infarction"
    HYPERTROPHY = "hypertrophy"


PATHOLOGIES: Final = tuple(Pathology)
"""All of them, in a fixed order."""

SCP_CODE: Final = {
    Pathology.NORMAL: "NORM",
    Pathology.ATRIAL_FIBRILLATION: "AFIB",
    Pathology.LEFT_BUNDLE_BRANCH_BLOCK: "CLBBB",
    Pathology.RIGHT_BUNDLE_BRANCH_BLOCK: "CRBBB",
    Pathology.ANTERIOR_INFARCTION: "AMI",
    Pathology.INFERIOR_INFARCTION: "IMI",
    Pathology.HYPERTROPHY: "LVH",
}
"""The SCP-ECG statement codes (EN 1064), which serve as labels."""

TITLE: Final = {
    Pathology.NORMAL: "normal ECG",
    Pathology.ATRIAL_FIBRILLATION: "atrial fibrillation",
    Pathology.LEFT_BUNDLE_BRANCH_BLOCK: "complete left bundle branch block",
    Pathology.RIGHT_BUNDLE_BRANCH_BLOCK: "complete right bundle branch block",
    Pathology.ANTERIOR_INFARCTION: "anterior myocardial infarction",
    Pathology.INFERIOR_INFARCTION: "inferior myocardial infarction",
    Pathology.HYPERTROPHY: "left ventricular hypertrophy",
}
"""What each is called, for people."""

ICD10_CODE: Final = {
    Pathology.NORMAL: "",
    Pathology.ATRIAL_FIBRILLATION: "I48.9",
    Pathology.LEFT_BUNDLE_BRANCH_BLOCK: "I44.7",
    Pathology.RIGHT_BUNDLE_BRANCH_BLOCK: "I45.1",
    Pathology.ANTERIOR_INFARCTION: "I21.0",
    Pathology.INFERIOR_INFARCTION: "I21.1",
    Pathology.HYPERTROPHY: "I51.7",
}
"""The ICD-10 codes; a normal ECG has none."""


def pathology_named(name: str) -> Pathology:
    """Return the pathology of that name; raises InvalidRequest for any other."""
    try:
        return Pathology(name)
    except ValueError as error:
        raise InvalidRequest(
            f"No ECG can be synthesized for {name!r}: expected one of {', '.join(PATHOLOGIES)}."
        ) from error
