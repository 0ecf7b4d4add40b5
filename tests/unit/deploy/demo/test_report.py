import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from deploy.demo.curves import training_curve
from deploy.demo.outcome import ClassScore, Epoch, Metrics, Outcome, PredictedEcg, TrainedModel, View
from deploy.demo.report import write_report_html, write_report_json

EPOCHS = [Epoch(1, 1.9, 1.7), Epoch(2, 0.8, 0.9), Epoch(3, 0.4, 0.95)]


@pytest.fixture
def outcome(tmp_path: Path) -> Outcome:
    picture = tmp_path / "raw.png"
    picture.write_bytes(b"\x89PNG")
    return Outcome(
        dataset="14 ECGs <small>",
        finished_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        files_by_format={"CSV": 7, "NPY": 7},
        label_counts={"NORM": 7, "AFIB": 7},
        label_titles={"NORM": "normal ECG", "AFIB": "atrial fibrillation"},
        epochs=EPOCHS,
        best_epoch=2,
        metrics=Metrics(0.91, 0.9, None, [ClassScore("NORM", "normal ECG", 2, 0.9, None)]),
        predictions=[PredictedEcg("a.csv", ("NORM",), [("NORM", 0.9), ("AFIB", 0.1)], ("NORM",))],
        views=[View("Raw", picture)],
        model=TrainedModel("demo", "1", "InceptionTime", "ab" * 32, 1_000_000, {"name": "demo & more"}),
        seconds_by_step={"train": 60.0},
    )


class _Balance(HTMLParser):
    """Checks that every element that opens also closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_json_states_the_figures(outcome: Outcome, tmp_path: Path) -> None:
    document = json.loads(write_report_json(outcome, tmp_path / "report.json").read_text(encoding="utf-8"))

    assert document["f1"] == document["f1_weighted"] == 0.91
    assert document["auroc_macro"] is None
    assert document["ecgs"] == 14
    assert document["epochs"][1] == {"number": 2, "training_loss": 0.8, "validation_loss": 0.9}
    assert document["predictions"][0]["right"] is True
    assert document["model"]["sha256"] == "ab" * 32


def test_json_refuses_what_is_not_a_number(outcome: Outcome, tmp_path: Path) -> None:
    broken = replace(outcome, epochs=[Epoch(1, float("nan"), 1.0)])

    with pytest.raises(ValueError, match="JSON compliant"):
        write_report_json(broken, tmp_path / "report.json")


def test_page_needs_no_other_file(outcome: Outcome, tmp_path: Path) -> None:
    page = write_report_html(outcome, tmp_path / "report.html").read_text(encoding="utf-8")

    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources == ["data:image/png;base64,iVBORw=="]
    assert "ab" * 32 in page
    assert "0.910" in page


def test_page_is_well_formed_and_escapes_names(outcome: Outcome, tmp_path: Path) -> None:
    page = write_report_html(outcome, tmp_path / "report.html").read_text(encoding="utf-8")

    balance = _Balance()
    balance.feed(page)
    assert balance.open == []
    assert "<small>" not in page
    assert "demo &amp; more" in page


def test_a_wrong_prediction_is_said_to_be_wrong(outcome: Outcome, tmp_path: Path) -> None:
    wrong = replace(outcome, predictions=[PredictedEcg("a.csv", ("NORM",), [("NORM", 0.4), ("AFIB", 0.6)], ("AFIB",))])

    page = write_report_html(wrong, tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'class="wrong">✗ AFIB' in page


@pytest.mark.parametrize(
    "epochs", [EPOCHS, EPOCHS[:1], [Epoch(1, 0.0, 0.0)], [Epoch(n, 1e-4, 2e5) for n in range(1, 51)]]
)
def test_curve_is_one_drawing(epochs: list[Epoch]) -> None:
    drawing = ET.fromstring(training_curve(epochs, epochs[0].number))  # noqa: S314 our own text

    names = [element.text for element in drawing.iter("text") if element.get("class", "").startswith("name")]
    assert names == ["training", "validation"]
    assert len(list(drawing.iter("circle"))) == 2 * len(epochs)


def test_no_epoch_is_said_in_words() -> None:
    assert "No epoch" in training_curve([], 0)
