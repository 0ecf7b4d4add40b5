"""Writes what a run of the demonstration found out: report.html, one file that needs no other, and report.json."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, Final

from deploy.demo.curves import training_curve
from deploy.demo.outcome import ClassScore, Outcome, PredictedEcg, TrainedModel, View

_SCORES_SHOWN: Final = 3
_ABSENT: Final = "–"


def write_report_json(outcome: Outcome, path: Path) -> Path:
    """Write the figures: `f1` (weighted), `f1_macro`, `auroc_macro`, classes, epochs, labels, predictions and model."""
    metrics = outcome.metrics
    document = {
        "dataset": outcome.dataset,
        "finished_at": outcome.finished_at.isoformat(),
        "ecgs": sum(outcome.files_by_format.values()),
        "files_by_format": dict(outcome.files_by_format),
        "label_counts": dict(outcome.label_counts),
        "measured_on": outcome.measured_on,
        "f1": metrics.f1_weighted,
        "f1_weighted": metrics.f1_weighted,
        "f1_macro": metrics.f1_macro,
        "auroc_macro": metrics.auroc_macro,
        "classes": [asdict(score) for score in metrics.classes],
        "epochs": [asdict(epoch) for epoch in outcome.epochs],
        "best_epoch": outcome.best_epoch,
        "predictions": [_prediction_document(prediction) for prediction in outcome.predictions],
        "views": [view.png.name for view in outcome.views],
        "model": asdict(outcome.model) | {"manifest": dict(outcome.model.manifest)},
        "seconds_by_step": dict(outcome.seconds_by_step),
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return path


def write_report_html(outcome: Outcome, path: Path) -> Path:
    """Write the page; its pictures lie inside, so that it can be sent on as one file."""
    template = Template(resources.files("deploy.demo").joinpath("report_page.html").read_text(encoding="utf-8"))
    page = template.substitute(
        dataset=escape(outcome.dataset),
        finished=f"{outcome.finished_at:%d %B %Y, %H:%M}",
        figures=_figures(outcome),
        uploaded=_uploaded(outcome.files_by_format),
        labels=_label_rows(outcome.label_counts, outcome.label_titles),
        views=_views(outcome.views),
        training=_training(outcome),
        curve=training_curve(outcome.epochs, outcome.best_epoch),
        measured_on=escape(outcome.measured_on),
        classes="".join(_class_row(score) for score in outcome.metrics.classes),
        predictions="".join(_prediction_row(prediction) for prediction in outcome.predictions),
        model=_model(outcome.model),
        manifest=escape(json.dumps(dict(outcome.model.manifest), indent=2, ensure_ascii=False)),
        steps=" · ".join(f"{escape(step)} {seconds:.1f} s" for step, seconds in outcome.seconds_by_step.items()),
    )
    path.write_text(page, encoding="utf-8")
    return path


def _prediction_document(prediction: PredictedEcg) -> dict[str, Any]:
    return {
        "file_name": prediction.file_name,
        "truth": list(prediction.truth),
        "named": list(prediction.named),
        "right": prediction.right,
        "scores": dict(prediction.scores),
    }


def _figures(outcome: Outcome) -> str:
    metrics = outcome.metrics
    figures = {
        "ECGs": f"{sum(outcome.files_by_format.values()):,}",
        "F1, weighted": _value(metrics.f1_weighted),
        "F1, macro": _value(metrics.f1_macro),
        "AUROC, macro": _value(metrics.auroc_macro),
        "epochs": str(len(outcome.epochs)),
        "minutes, all in all": f"{sum(outcome.seconds_by_step.values()) / 60:.1f}",
    }
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())


def _uploaded(files_by_format: Mapping[str, int]) -> str:
    formats = ", ".join(f"{count} as {escape(name)}" for name, count in files_by_format.items())
    return f"Uploaded and stored: {formats}."


def _label_rows(counts: Mapping[str, int], titles: Mapping[str, str]) -> str:
    total, most = max(1, sum(counts.values())), max([1, *counts.values()])
    return "".join(
        f'<tr><td class="code">{escape(label)}</td><td>{escape(titles.get(label, ""))}</td>'
        f'<td class="number">{count:,}</td>'
        f'<td class="wide"><span class="track share"><span class="bar" style="width:{100 * count / most:.1f}%"></span>'
        f'<span class="number">{count / total:.0%}</span></span></td></tr>'
        for label, count in counts.items()
    )


def _views(views: Iterable[View]) -> str:
    """The first picture fills the page; the others stand in two columns."""
    figures = [
        f'<figure><figcaption>{escape(view.caption)}</figcaption><img alt="{escape(view.caption)}" '
        f'src="data:image/png;base64,{base64.b64encode(view.png.read_bytes()).decode("ascii")}"></figure>'
        for view in views
    ]
    return f'{"".join(figures[:1])}<div class="pair">{"".join(figures[1:])}</div>'


def _training(outcome: Outcome) -> str:
    return (
        f"{escape(outcome.model.architecture)}, {len(outcome.epochs)} epochs; "
        f"the weights of epoch {outcome.best_epoch}, where the validation loss was lowest, were kept."
    )


def _class_row(score: ClassScore) -> str:
    return (
        f'<tr><td class="code">{escape(score.name)}</td><td>{escape(score.title)}</td>'
        f'<td class="number">{score.ecgs:,}</td><td class="number">{_value(score.f1)}</td>'
        f'<td class="number">{_value(score.auroc)}</td></tr>'
    )


def _prediction_row(prediction: PredictedEcg) -> str:
    ranked = sorted(prediction.scores, key=lambda score: score[1], reverse=True)[:_SCORES_SHOWN]
    bars = "".join(
        f'<span class="track"><span>{escape(name)}</span>'
        f'<span class="bar{"" if name in prediction.named else " other"}" style="width:{100 * value:.1f}%"></span>'
        f'<span class="number">{value:.2f}</span></span>'
        for name, value in ranked
    )
    verdict = ("right", "✓") if prediction.right else ("wrong", "✗")
    return (
        f"<tr><td>{escape(prediction.file_name)}</td><td>{_names(prediction.truth)}</td>"
        f'<td class="{verdict[0]}">{verdict[1]} {_names(prediction.named)}</td><td class="wide">{bars}</td></tr>'
    )


def _model(model: TrainedModel) -> str:
    facts = {
        "name": escape(model.name),
        "version": escape(model.version),
        "architecture": escape(model.architecture),
        "size": f"{model.size_bytes / 1e6:.2f} MB, ONNX",
        "sha256": f"<code>{escape(model.sha256)}</code>",
    }
    return "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())


def _names(labels: tuple[str, ...]) -> str:
    return escape(", ".join(labels)) or _ABSENT


def _value(figure: float | None) -> str:
    return _ABSENT if figure is None else f"{figure:.3f}"
