"""The page of a report shows what is in it, whatever the names are, and runs nothing."""

from typing import Any

from services.trainer.worker.reporting.page import page
from services.trainer.worker.reporting.plots import bars, lines


def document(label: str = "AF") -> dict[str, Any]:
    epoch = {
        "epoch": 1,
        "learning_rate": 0.001,
        "training_loss": 0.7,
        "validation_loss": 0.6,
        "f1_weighted": 0.5,
        "f1_macro": 0.4,
        "auroc_macro": None,
        "seconds": 1.5,
    }
    figures = {"name": label, "positives": 3, "f1": 0.25, "auroc": None}
    return {
        "model_name": "my-net",
        "base_model": "inception_time",
        "task": "multiclass",
        "samples": {"training": 8, "validation": 2, "test": 0},
        "excluded": {"Samples of aVR were not recorded.": 1},
        "quality": {"min_quality": "usable", "left_out": {"poor": 2}},
        "label_distribution": {label: {"training": 4, "validation": 1, "test": 0}},
        "input": {"leads": ["I"], "samples": 1000, "rate_hz": 100.0, "unit": "mV", "preprocessing": [{"name": "z"}]},
        "recipe": {"optimizer": "adamw"},
        "epochs": [epoch, epoch | {"epoch": 2, "auroc_macro": 0.9}],
        "best_epoch": 2,
        "validation": {"loss": 0.6, "f1_weighted": 0.5, "f1_macro": 0.4, "auroc_macro": None, "classes": [figures]},
        "remarks": ["A remark."],
        "seconds": 12.0,
        "made_at": "2026-01-02T03:04:05+00:00",
    }


def test_the_page_tells_what_the_report_holds() -> None:
    html = page(document())

    for told in ("my-net", "Trained from inception_time on 8 ECGs", "A remark.", "aVR were not recorded", "0.250", "–"):
        assert told in html
    assert html.count("<svg") == 3


def test_names_cannot_become_markup() -> None:
    html = page(document('"><script>alert(1)</script>'))

    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_line_skips_what_is_not_defined_and_marks_an_epoch() -> None:
    drawn = lines({"AUROC": [None, 0.5, 0.75]}, mark=3, title="AUROC per epoch")

    assert drawn.count(",") == 2
    assert 'class="mark"' in drawn


def test_plots_of_nothing_are_empty_and_not_broken() -> None:
    assert "<svg" in lines({"loss": []}, mark=1, title="loss")
    assert "<svg" in bars({}, title="labels")
