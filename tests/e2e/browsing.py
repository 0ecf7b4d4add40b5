"""The page in a real browser: the fixtures and the words of the tests that look at it."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.journey import Journey

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
MODEL = "page-model"
CLASSES = ("normal", "left bundle branch block")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; no longer than a module, because its event loop would be in the way of other tests'."""
    if CHROMIUM is None:
        pytest.skip("There is no Chromium on this machine.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dataset(platform_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a dataset of known ECGs, beside a model to ask; the page must have been built."""
    if not httpx.get(platform_url).text.startswith("<!doctype html>"):
        pytest.skip("The web page is not built: run `make ui`.")
    with httpx.Client(base_url=f"{platform_url}/api/v1", timeout=60) as client:
        journey = Journey(client, tmp_path_factory.mktemp("page"))
        dataset_id = journey.dataset("page <b>&amp;</b>")
        file = {"file": ("model.onnx", threshold_model(), "application/octet-stream")}
        journey.answer("POST", "/models", data={"name": MODEL}, files=file)
    return f"{platform_url}/#/datasets/{dataset_id}"


@pytest.fixture
def page(browser: Browser, dataset: str) -> Iterator[Page]:
    """The page on the first ECG; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(dataset)
    expect(paper(page)).to_be_visible(timeout=30_000)
    yield page
    context.close()
    expected = [text for text in complaints if "the server responded with a status of 40" not in text]
    assert expected == []


def threshold_model() -> bytes:
    """Return an ONNX model of two classes that looks at the mean of what it is given."""
    weights = np.array([[1.0, -1.0]] * 12, np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["ecg"], ["mean"], axes=[2], keepdims=0),
            helper.make_node("MatMul", ["mean", "weights"], ["scores"]),
        ],
        "threshold",
        [helper.make_tensor_value_info("ecg", TensorProto.FLOAT, ["N", 12, 1000])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"target_keys": str(list(CLASSES)), "sampling_rate": "100"})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def paper(page: Page) -> Any:
    return page.locator("svg.paper")


def beginning(text: str) -> re.Pattern[str]:
    return re.compile("^" + re.escape(text))
