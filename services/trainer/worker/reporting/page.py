"""The report as one page of HTML: no script, nothing loaded from anywhere."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from string import Template
from typing import Any, Final

from services.trainer.worker.reporting.plots import bars, lines

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Report of $name</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 720px; margin: 2rem auto; padding: 0 1rem; color: #1c2430; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 600; }
td, th { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #dde3ea; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: #4a5666; }
svg polyline { fill: none; stroke-width: 2; } svg .grid { stroke: #e6eaf0; }
svg .mark { stroke: #9aa6b5; stroke-dasharray: 4 3; }
p.note { color: #4a5666; }
</style>
</head>
<body>
<h1>$name</h1>
<p class="note">$summary</p>
$sections
</body>
</html>
""")


def page(report: Mapping[str, Any]) -> str:
    """Return the page of a report document."""
    samples = report["samples"]
    summary = (
        f"Trained from {report['base_model']} on {samples['training']} ECGs, validated on {samples['validation']}; "
        f"made at {report['made_at']} in {report['seconds']:.0f} s."
    )
    return _PAGE.substitute(
        name=escape(report["model_name"]), summary=escape(summary), sections="\n".join(_sections(report))
    )


def _sections(report: Mapping[str, Any]) -> Iterable[str]:
    epochs, best = report["epochs"], report["best_epoch"]
    yield _section("On the validation part", _validation(report["validation"], best))
    yield _section(
        "Loss per epoch", _curves(epochs, best, {"training": "training_loss", "validation": "validation_loss"})
    )
    figures = {"F1 weighted": "f1_weighted", "F1 macro": "f1_macro", "AUROC macro": "auroc_macro"}
    yield _section("Figures per epoch", _curves(epochs, best, figures))
    yield _section("ECGs per label", bars(report["label_distribution"], title="ECGs per label"))
    yield _section("How it was made", _table(_facts(report)))
    if report["excluded"]:
        reasons = [(reason, count) for reason, count in report["excluded"].items()]
        yield _section("ECGs that were left out", _table(reasons))
    if report["remarks"]:
        yield _section("Remarks", "".join(f"<p>{escape(each)}</p>" for each in report["remarks"]))


def _validation(validation: Mapping[str, Any], best: int) -> str:
    head = _table(
        [
            ("AUROC, macro", _number(validation["auroc_macro"])),
            ("F1, weighted", _number(validation["f1_weighted"])),
            ("F1, macro", _number(validation["f1_macro"])),
            ("Loss", _number(validation["loss"])),
            ("Epoch", best),
        ]
    )
    rows = "".join(
        f'<tr><td>{escape(each["name"])}</td><td class="n">{each["positives"]}</td>'
        f'<td class="n">{_number(each["f1"])}</td><td class="n">{_number(each["auroc"])}</td></tr>'
        for each in validation["classes"]
    )
    titles = '<tr><th>Class</th><th class="n">ECGs</th><th class="n">F1</th><th class="n">AUROC</th></tr>'
    return f"{head}<table>{titles}{rows}</table>"


def _curves(epochs: Sequence[Mapping[str, Any]], best: int, names: Mapping[str, str]) -> str:
    series = {name: [row[key] for row in epochs] for name, key in names.items()}
    return lines(series, mark=best, title=f"{', '.join(names)} per epoch; the best epoch is {best}")


def _facts(report: Mapping[str, Any]) -> list[tuple[str, object]]:
    taken, recipe = report["input"], report["recipe"]
    steps = ", ".join(step["name"] for step in taken["preprocessing"]) or "none"
    facts: list[tuple[str, object]] = [
        ("Base", report["base_model"]),
        ("Task", report["task"]),
        (
            "Input",
            f"{len(taken['leads'])} leads, {taken['samples']} samples at {taken['rate_hz']:g} Hz, {taken['unit']}",
        ),
        ("Preprocessing", steps),
        ("Least quality", report["quality"]["min_quality"]),
        *((f"ECGs for {name}", count) for name, count in report["samples"].items()),
    ]
    return facts + [(key.replace("_", " ").capitalize(), value) for key, value in recipe.items()]


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{body}"


def _table(rows: Iterable[tuple[str, object]]) -> str:
    cells = "".join(f'<tr><td>{escape(name)}</td><td class="n">{escape(str(value))}</td></tr>' for name, value in rows)
    return f"<table>{cells}</table>"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
