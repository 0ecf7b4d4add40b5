import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from cli.errors import ExitCode
from cli.files import BATCH_FILES
from tests.unit.cli.conftest import Answer, Command, FakePlatform

UPLOAD = "POST /datasets/d1/records"


@pytest.fixture
def known(platform: FakePlatform) -> FakePlatform:
    platform.on("GET /datasets", Answer.of({"items": [{"name": "study", "dataset_id": "d1"}], "next_cursor": None}))
    return platform


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("0,1\n")
    return tmp_path


def _line(name: str, outcome: str = "stored", detail: str | None = None) -> dict[str, Any]:
    error = {"code": "UNREADABLE_FILE", "detail": detail} if detail else None
    return {"file_name": name, "outcome": outcome, "record": None if detail else {"record_id": name}, "error": error}


def test_all_stored_exits_with_0(known: FakePlatform, command: Command, files: Path) -> None:
    known.on(UPLOAD, Answer.lines(_line("a.csv"), _line("b.csv")))

    result = command("ingest", files, "--dataset", "study", "--sampling-rate-hz", "500")

    assert result.exit_code == ExitCode.DONE
    sent = known.asked(UPLOAD)[0]
    assert sent.headers["Accept"] == "application/x-ndjson"
    assert sent.body.index(b'name="sampling_rate_hz"') < sent.body.index(b'name="files"; filename="a.csv"')


def test_the_layout_of_raw_files_is_sent(known: FakePlatform, command: Command, files: Path) -> None:
    known.on(UPLOAD, Answer.lines(_line("a.csv"), _line("b.csv")))

    command("ingest", files, "--dataset", "study", "--sample-type", "int16", "--lead-after-lead", "--lead-count", "8")

    body = known.asked(UPLOAD)[0].body
    for name, value in (("sample_type", b"int16"), ("interleaved", b"false"), ("lead_count", b"8")):
        assert body.partition(f'name="{name}"'.encode())[2].lstrip().startswith(value)


def test_one_refused_file_exits_with_3_and_says_why(known: FakePlatform, command: Command, files: Path) -> None:
    known.on(UPLOAD, Answer.lines(_line("a.csv"), _line("b.csv", "refused", "It is not an ECG.")))

    result = command("ingest", files, "--dataset", "study")

    assert result.exit_code == ExitCode.PARTLY_REFUSED
    assert "It is not an ECG." in result.output


def test_a_file_without_an_answer_counts_as_refused(known: FakePlatform, command: Command, files: Path) -> None:
    known.on(UPLOAD, Answer.lines(_line("a.csv")))

    result = command("ingest", files, "--dataset", "study", "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == ExitCode.PARTLY_REFUSED
    assert [(line["file_name"], line["outcome"]) for line in report["files"]] == [
        ("a.csv", "stored"),
        ("b.csv", "unanswered"),
    ]


def test_an_unknown_dataset_is_made(platform: FakePlatform, command: Command, files: Path) -> None:
    platform.on("GET /datasets", Answer.of({"items": [], "next_cursor": None}))
    platform.on("POST /datasets", Answer.of({"name": "new", "dataset_id": "d1"}, 201))
    platform.on(UPLOAD, Answer.lines(_line("a.csv"), _line("b.csv")))

    result = command("ingest", files, "--dataset", "new")

    assert result.exit_code == ExitCode.DONE
    assert json.loads(platform.asked("POST /datasets")[0].body) == {"name": "new"}


def test_labels_are_put_after_the_files(known: FakePlatform, command: Command, files: Path) -> None:
    labels = files / "labels.csv"
    labels.write_text("file_name,label\na.csv,normal\n")
    known.on(UPLOAD, Answer.lines(_line("a.csv"), _line("b.csv")))
    known.on(
        "PUT /datasets/d1/labels", Answer.of({"labelled_records": 1, "unlabelled_records": 1, "classes": ["normal"]})
    )

    result = command("ingest", files, "--dataset", "study", "--labels", labels, "--json")

    assert json.loads(result.stdout)["labels"]["labelled_records"] == 1
    assert known.asked("PUT /datasets/d1/labels")[0].body == labels.read_bytes()
    assert b"labels.csv" not in known.asked(UPLOAD)[0].body


def test_what_was_stored_is_told_even_when_the_platform_refuses_later(
    known: FakePlatform, command: Command, files: Path
) -> None:
    known.on(UPLOAD, Answer.lines(_line("a.csv"), _line("b.csv")))
    known.on("PUT /datasets/d1/labels", Answer.problem(400, "INVALID_REQUEST", "Line 2 names an absent file."))

    result = command("ingest", files, "--dataset", "study", "--labels", files / "a.csv", "--json")

    assert result.exit_code == ExitCode.REFUSED
    assert len(json.loads(result.stdout)["files"]) >= 1


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("client", "sending"):
        monkeypatch.setattr(f"cli.{module}.PAUSES_SECONDS", (0.0, 0.0))


AWAY = Answer.problem(503, "UNAVAILABLE", "Ingest does not answer.")


@pytest.mark.usefixtures("at_once")
def test_what_a_platform_was_away_for_is_sent_again(known: FakePlatform, command: Command, files: Path) -> None:
    cut = Answer.lines(_line("a.csv"), {"problem": json.loads(AWAY.body)})
    passing = {**_line("b.csv", "refused"), "error": {"code": "UNAVAILABLE", "detail": "The database is away."}}
    known.on(UPLOAD, cut, Answer.lines(passing), Answer.lines(_line("b.csv")))

    result = command("ingest", files, "--dataset", "study", "--json")

    assert result.exit_code == ExitCode.DONE
    assert [line["outcome"] for line in json.loads(result.stdout)["files"]] == ["stored", "stored"]
    assert [b"a.csv" in sent.body for sent in known.asked(UPLOAD)] == [True, False, False]


@pytest.mark.usefixtures("at_once")
def test_a_platform_that_stays_away_is_told(known: FakePlatform, command: Command, files: Path) -> None:
    known.on(UPLOAD, AWAY)

    result = command("ingest", files, "--dataset", "study")

    assert result.exit_code == ExitCode.UNREACHABLE
    assert len(known.asked(UPLOAD)) == 3


@pytest.mark.usefixtures("at_once")
def test_companions_are_sent_again_together(known: FakePlatform, command: Command, tmp_path: Path) -> None:
    for name in ("a.dat", "a.hea", "b.csv"):
        (tmp_path / name).write_bytes(b"1")
    known.on(
        UPLOAD,
        Answer.lines(_line("a.hea"), _line("b.csv"), {"problem": json.loads(AWAY.body)}),
        Answer.lines(_line("a.hea", "duplicate"), _line("a.dat", "companion")),
    )

    result = command("ingest", tmp_path, "--dataset", "study", "--json")

    outcomes = {line["file_name"]: line["outcome"] for line in json.loads(result.stdout)["files"]}
    assert outcomes == {"a.hea": "stored", "b.csv": "stored", "a.dat": "companion"}
    assert b"b.csv" not in known.asked(UPLOAD)[1].body


MISSING = "POST /datasets/d1/records/missing"


@pytest.fixture
def begun(platform: FakePlatform) -> FakePlatform:
    study = {"name": "study", "dataset_id": "d1", "records": 1}
    platform.on("GET /datasets", Answer.of({"items": [study], "next_cursor": None}))
    return platform


def test_only_what_is_missing_is_sent(begun: FakePlatform, command: Command, tmp_path: Path) -> None:
    for name in ("a.csv", "one/b.dat", "one/b.hea"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    digest = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("a.csv", "one/b.dat", "one/b.hea")}
    begun.on(MISSING, Answer.of({"sha256": [digest["one/b.hea"]]}))
    begun.on(UPLOAD, Answer.lines(_line("one/b.hea"), _line("one/b.dat", "companion")))

    result = command("ingest", tmp_path, "--dataset", "study", "--json")

    asked = json.loads(begun.asked(MISSING)[0].body)["sha256"]
    sent = begun.asked(UPLOAD)[0].body
    assert asked == sorted(digest.values())
    assert (b'filename="one/b.hea"' in sent, b'filename="one/b.dat"' in sent, b"a.csv" in sent) == (True, True, False)
    outcomes = {line["file_name"]: line["outcome"] for line in json.loads(result.stdout)["files"]}
    assert outcomes == {"a.csv": "present", "one/b.hea": "stored", "one/b.dat": "companion"}


def test_nothing_is_sent_where_nothing_is_missing(begun: FakePlatform, command: Command, files: Path) -> None:
    begun.on(MISSING, Answer.of({"sha256": []}))

    result = command("ingest", files, "--dataset", "study")

    assert (result.exit_code, begun.asked(UPLOAD)) == (ExitCode.DONE, [])


def test_the_files_of_an_archive_have_lines_once(
    known: FakePlatform, command: Command, tmp_path: Path, at_once: None
) -> None:
    assert at_once is None
    (tmp_path / "x.zip").write_bytes(b"PK")
    away = {**_line("x.zip/b.csv", "refused"), "error": {"code": "UNAVAILABLE", "detail": "The database is away."}}
    known.on(
        UPLOAD,
        Answer.lines(_line("x.zip/a.csv"), away, {**away, "file_name": "x.zip"}),
        Answer.lines(_line("x.zip/a.csv", "duplicate"), _line("x.zip/b.csv"), _line("x.zip", "unpacked")),
    )

    result = command("ingest", tmp_path, "--dataset", "study", "--json")

    report = json.loads(result.stdout)
    assert [(line["file_name"], line["outcome"]) for line in report["files"]] == [
        ("x.zip/a.csv", "stored"),
        ("x.zip/b.csv", "stored"),
        ("x.zip", "unpacked"),
    ]
    assert (result.exit_code, report["stored"], report["refused"]) == (ExitCode.DONE, 2, 0)


@pytest.mark.parametrize("name", ["report.csv", "report.ndjson"])
def test_a_report_file_has_a_line_for_each_file(known: FakePlatform, command: Command, files: Path, name: str) -> None:
    known.on(UPLOAD, Answer.lines(_line("a.csv"), _line("b.csv", "refused", "It is not an ECG.")))
    (files / name).write_text("of the last time")

    command("ingest", files, "--dataset", "study", "--report", files / name)

    text = (files / name).read_text()
    rows = list(csv.DictReader(io.StringIO(text))) if name.endswith("csv") else list(map(json.loads, text.splitlines()))
    assert [(row["file_name"], row["outcome"]) for row in rows] == [("a.csv", "stored"), ("b.csv", "refused")]
    assert "It is not an ECG." in text
    assert name.encode() not in known.asked(UPLOAD)[0].body


def test_many_files_go_in_several_requests_at_once(known: FakePlatform, command: Command, tmp_path: Path) -> None:
    names = [f"{number:03}.csv" for number in range(3 * BATCH_FILES)]
    for name in names:
        (tmp_path / name).write_text("1")
    known.on(UPLOAD, Answer.lines(*map(_line, names)))

    result = command("ingest", tmp_path, "--dataset", "study", "--json", "--parallel", "3")

    assert result.exit_code == ExitCode.DONE
    assert sorted(line["file_name"] for line in json.loads(result.stdout)["files"]) == names
    assert len(known.asked(UPLOAD)) == 3


@pytest.mark.usefixtures("at_once")
def test_a_question_is_asked_again(platform: FakePlatform, command: Command, files: Path) -> None:
    platform.on("GET /datasets", AWAY, Answer.of({"items": [{"name": "study", "dataset_id": "d1"}]}))
    platform.on(UPLOAD, Answer.lines(_line("a.csv"), _line("b.csv")))

    assert command("ingest", files, "--dataset", "study").exit_code == ExitCode.DONE
