"""Whole folders and archives, by the command and over REST: what is interrupted and repeated ends as if it were not."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.errors import ExitCode
from tests.platforms import PYTHONPATH
from tests.unit.services.ingest.archives import link, tar_of, zip_of
from tests.unit.services.ingest.ecgs import csv_of, twelve_leads, wfdb_of

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.timeout(300)]

MANY = 1500


@pytest.fixture
def api(platform_url: str) -> Any:
    with httpx.Client(base_url=f"{platform_url}/api/v1", timeout=60) as client:
        yield client


def started(folder: Path, dataset: str, platform_url: str, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", "from cli.app import main; main()", "ingest", str(folder)]
    given = ["--dataset", dataset, "--url", platform_url, "--sampling-rate-hz", "500", *options]
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}  # noqa: TID251 what a child process starts with
    return subprocess.Popen(
        [*command, *given], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ingested(folder: Path, dataset: str, platform_url: str) -> dict[str, str]:
    """Run the command to its end; return the outcome of every file."""
    process = started(folder, dataset, platform_url, "--json")
    output, errors = process.communicate(timeout=240)
    assert process.returncode in {0, 3}, errors
    return {line["file_name"]: line["outcome"] for line in json.loads(output)["files"]}


def names_in(api: httpx.Client, dataset: str) -> list[str]:
    """Return the names of the records of a dataset."""
    (dataset_id,) = [found["dataset_id"] for found in api.get("/datasets").json()["items"] if found["name"] == dataset]
    names, page = [], {"limit": "1000"}
    while True:
        answer = api.get(f"/datasets/{dataset_id}/records", params=page).json()
        names += [record["file_name"] for record in answer["items"]]
        if not answer["next_cursor"]:
            return sorted(names)
        page["cursor"] = answer["next_cursor"]


def tree(folder: Path) -> None:
    """Write a folder as a hospital would send it: folders, pairs of the same name, archives, things that are no ECG."""
    pairs = [wfdb_of(twelve_leads(seed=seed)) for seed in range(4)]
    files = {f"ward {n}/ecg.{kind}": data for n in (0, 1) for kind, data in zip(("hea", "dat"), pairs[n], strict=True)}
    files["ward 0/a.csv"] = csv_of(twelve_leads(seed=10))
    files["packed/two.zip"] = zip_of({"x/ecg.hea": pairs[2][0], "x/ecg.dat": pairs[2][1], "__MACOSX/x": b""})
    files["packed/three.tar.gz"] = tar_of({"ecg.hea": pairs[3][0], "ecg.dat": pairs[3][1]}, kind="gzip")
    files["packed/bomb.zip"] = zip_of({f"{n:03}.csv": bytes(1 << 20) for n in range(80)})
    files["packed/evil.tar"] = tar_of({"../../evil.csv": csv_of(twelve_leads(seed=11))}, link("l.csv", "/etc/passwd"))
    files["letter.txt"] = b"Dear colleague"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


RECORDS = [
    "packed/three.tar.gz/ecg.hea",
    "packed/two.zip/x/ecg.hea",
    "ward 0/a.csv",
    "ward 0/ecg.hea",
    "ward 1/ecg.hea",
]


def test_a_folder_goes_in_once_however_often_it_is_sent(api: httpx.Client, platform_url: str, tmp_path: Path) -> None:
    tree(tmp_path)

    first = ingested(tmp_path, "hospital", platform_url)
    second = ingested(tmp_path, "hospital", platform_url)

    assert [name for name, outcome in sorted(first.items()) if outcome.startswith("stored")] == RECORDS
    assert {name for name, outcome in first.items() if outcome == "unpacked"} == {
        "packed/two.zip", "packed/three.tar.gz", "packed/evil.tar",
    }  # fmt: skip
    assert {name for name, outcome in first.items() if outcome == "refused" and "bomb" not in name} == {
        "packed/evil.tar/../../evil.csv", "packed/evil.tar/l.csv", "letter.txt",
    }  # fmt: skip
    assert first["packed/bomb.zip"] == "refused"
    there = [name for name, outcome in second.items() if outcome == "present"]
    assert {"packed/two.zip", "packed/three.tar.gz", "ward 0/ecg.dat", "ward 0/ecg.hea", "ward 0/a.csv"} <= set(there)
    assert not [
        name
        for name, outcome in second.items()
        if outcome in {"stored", "stored_with_warnings", "duplicate", "companion"}
    ]
    assert names_in(api, "hospital") == RECORDS


def test_what_was_killed_goes_on_where_it_was(api: httpx.Client, platform_url: str, tmp_path: Path) -> None:
    folder, report = tmp_path / "ecgs", tmp_path / "report.ndjson"
    folder.mkdir()
    text = csv_of(twelve_leads(300)).decode()
    for number in range(MANY):
        (folder / f"{number:04}.csv").write_text(f"{text}{number / 1000},0,0,0,0,0,0,0,0,0,0,0\n")
    dataset = uuid.uuid4().hex

    for kill, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, ExitCode.INTERRUPTED)):
        report.unlink(missing_ok=True)  # before: of a report that was begun already, nothing would be seen
        process = started(folder, dataset, platform_url, "--report", str(report))
        while process.poll() is None and _lines(report) < MANY // 10:
            time.sleep(0.02)
        process.send_signal(kill)
        process.communicate(timeout=60)
        assert process.returncode == status
    last = ingested(folder, dataset, platform_url)

    outcomes = set(last.values())
    assert outcomes <= {"present", "stored", "stored_with_warnings", "duplicate"}
    assert "present" in outcomes
    assert outcomes & {"stored", "stored_with_warnings"}
    assert names_in(api, dataset) == [f"{number:04}.csv" for number in range(MANY)]


def test_an_archive_goes_in_over_rest(api: httpx.Client) -> None:
    dataset_id = api.post("/datasets", json={"name": uuid.uuid4().hex}).json()["dataset_id"]
    header, signals = wfdb_of(twelve_leads(seed=42))
    packed = zip_of({"one/ecg.hea": header, "one/ecg.dat": signals, "letter.txt": b"Dear colleague"})

    report = api.post(f"/datasets/{dataset_id}/records", files=[("files", ("x.zip", packed, "application/zip"))]).json()
    labelled = api.put(f"/datasets/{dataset_id}/labels", content=b"file_name,label\none/ecg,normal\n",
                       headers={"Content-Type": "text/csv"})  # fmt: skip

    outcome = next(line["outcome"] for line in report["files"] if line["record"])
    assert outcome.startswith("stored")
    assert {line["file_name"]: line["outcome"] for line in report["files"]} == {
        "x.zip/one/ecg.hea": outcome, "x.zip/one/ecg.dat": "companion", "x.zip/letter.txt": "refused",
        "x.zip": "unpacked",
    }  # fmt: skip
    assert (report["stored"], report["refused"]) == (1, 1)
    assert labelled.json()["labelled_records"] == 1


def _lines(report: Path) -> int:
    return report.read_bytes().count(b"\n") if report.exists() else 0
