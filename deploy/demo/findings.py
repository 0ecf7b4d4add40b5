"""Brings what the platform answered during the demonstration into the form that its report is written from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.demo.collection import DemoData
from deploy.demo.outcome import ClassScore, Epoch, Metrics, Outcome, PredictedEcg, TrainedModel, View

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Findings:
    """The platform's answers."""

    prepared: DemoData
    finished_at: datetime
    formats: Mapping[str, int]
    """How many ECGs were uploaded in each format."""
    validation_records: Sequence[Json]
    predictions: Sequence[Json]
    report: Json
    """The training's report.json."""
    model: Json
    views: Sequence[View]
    seconds_by_step: Mapping[str, float]


def outcome(findings: Findings) -> Outcome:
    """Return the facts for the report."""
    report, titles = findings.report, findings.prepared.label_titles
    truth = {record["record_id"]: record["labels"] for record in findings.validation_records}
    return Outcome(
        dataset=findings.prepared.title,
        finished_at=findings.finished_at,
        files_by_format=findings.formats,
        label_counts={name: counts["training"] for name, counts in report["label_distribution"].items()},
        label_titles=titles,
        epochs=[Epoch(each["epoch"], each["training_loss"], each["validation_loss"]) for each in report["epochs"]],
        best_epoch=report["best_epoch"],
        metrics=_metrics(report["validation"], titles),
        predictions=[_predicted(each, truth[each["record_id"]]) for each in findings.predictions],
        views=findings.views,
        model=_trained(findings.model, report["base_model"]),
        seconds_by_step=findings.seconds_by_step,
    )


def _metrics(figures: Json, titles: Mapping[str, str]) -> Metrics:
    return Metrics(
        f1_weighted=figures["f1_weighted"],
        f1_macro=figures["f1_macro"],
        auroc_macro=figures["auroc_macro"],
        classes=[
            ClassScore(each["name"], titles.get(each["name"], ""), each["positives"], each["f1"], each["auroc"])
            for each in figures["classes"]
        ],
    )


def _predicted(prediction: Json, labels: Sequence[Json]) -> PredictedEcg:
    return PredictedEcg(
        file_name=prediction["file_name"],
        truth=tuple(label["name"] for label in labels),
        scores=[(score["name"], score["value"]) for score in prediction["scores"]],
        named=tuple(score["name"] for score in prediction["scores"] if score["positive"]),
    )


def _trained(model: Json, base: str) -> TrainedModel:
    onnx = next(file for file in model["files"] if file["file_name"] == "model.onnx")
    return TrainedModel(
        name=model["name"],
        version=model["version"],
        architecture=base,
        sha256=onnx["sha256"],
        size_bytes=onnx["size_bytes"],
        manifest=model["manifest"],
    )
