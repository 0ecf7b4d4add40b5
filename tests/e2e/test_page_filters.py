"""The filter of the ECG on the web page, in a real browser."""

import io
import re
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browsing import beginning, paper

pytestmark = [pytest.mark.e2e, pytest.mark.page, pytest.mark.timeout(300)]

ALL_ON = "0.5\N{EN DASH}40 Hz (not diagnostic), 50 Hz notch"


@pytest.fixture(scope="module")
def slow_record(platform_url: str) -> str:
    """The address of an ECG recorded at 100 Hz."""
    time = np.arange(1000) / 100
    content = io.BytesIO()
    np.save(content, np.tile(np.sin(2 * np.pi * time), (12, 1)).astype(np.float32))
    with httpx.Client(base_url=f"{platform_url}/api/v1", timeout=60) as client:
        dataset_id = client.post("/datasets", json={"name": "slow"}).json()["dataset_id"]
        files = {"files": ("slow.npy", content.getvalue())}
        client.post(f"/datasets/{dataset_id}/records", data={"sampling_rate_hz": "100"}, files=files).raise_for_status()
        record_id = client.get(f"/datasets/{dataset_id}/records").json()["items"][0]["record_id"]
    return f"#/datasets/{dataset_id}/records/{record_id}/raw"


def state(page: Page) -> Any:
    return page.get_by_role("button", name=beginning("Filter"))


def choose(page: Page, choices: dict[str, str]) -> None:
    """Open the panel, choose of each filter, and close it."""
    state(page).click()
    for name, choice in choices.items():
        page.get_by_role("group", name=name).get_by_role("radio", name=choice, exact=True).check()
    page.keyboard.press("Escape")


def traces(page: Page) -> list[str]:
    lines: list[str] = paper(page).locator("path.trace").evaluate_all("lines => lines.map(line => line.outerHTML)")
    return lines


def test_a_chosen_filter_changes_the_trace_and_what_is_stated(page: Page) -> None:
    expect(state(page)).to_have_text("off")
    recorded = traces(page)

    choose(page, {"High-pass": "0.5 Hz", "Low-pass": "40 Hz", "Mains notch": "50 Hz"})

    expect(state(page)).to_have_text(ALL_ON)
    expect(paper(page).locator("text.footnote")).to_contain_text(f"25 mm/s   10 mm/mV   {ALL_ON}   500 Hz")
    expect(page.locator(".caution")).to_contain_text("40 Hz is no diagnostic bandwidth")
    expect(page).to_have_url(re.compile(r"/raw\?baseline_hz=0\.5&low_pass_hz=40&notch_hz=50$"))
    assert traces(page) != recorded

    state(page).click()
    page.get_by_role("button", name="All off").click()

    expect(state(page)).to_have_text("off")
    expect(paper(page).locator("text.footnote")).to_contain_text("no filter")
    expect(page.locator(".caution")).to_have_count(0)
    expect(page).to_have_url(re.compile("/raw$"))
    assert traces(page) == recorded


def test_the_choices_are_those_of_the_rest_surface(page: Page, platform_url: str) -> None:
    schemas = httpx.get(f"{platform_url}/openapi.json").json()["components"]["schemas"]

    state(page).click()

    for name, schema in (("High-pass", "Baseline"), ("Low-pass", "LowPass"), ("Mains notch", "Mains")):
        texts = page.get_by_role("group", name=name).locator("label")
        expect(texts).to_have_text(["Off", *(f"{hz:g} Hz" for hz in sorted(schemas[schema]["enum"]))])


def test_the_keyboard_suffices(page: Page) -> None:
    state(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="High-pass").get_by_role("radio", name="Off")).to_be_focused()

    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")

    expect(page.get_by_role("group", name="Low-pass").get_by_role("radio", name="150 Hz")).to_be_focused()
    expect(state(page)).to_have_text("low-pass 150 Hz")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Filter")).to_be_hidden()
    expect(state(page)).to_be_focused()


def test_filters_go_along_to_the_next_ecg_and_are_kept_in_the_address(page: Page) -> None:
    choose(page, {"Mains notch": "60 Hz"})
    links = page.get_by_role("list", name="ECGs of this dataset").get_by_role("link")
    links.nth(1).click()
    expect(links.nth(1)).to_have_attribute("aria-current", "page")
    expect(state(page)).to_have_text("60 Hz notch")

    page.reload()

    expect(state(page)).to_have_text("60 Hz notch")
    expect(paper(page).locator("text.footnote")).to_contain_text("60 Hz notch")


def test_other_views_take_no_filter_and_state_what_was_done_to_them(page: Page) -> None:
    choose(page, {"Low-pass": "40 Hz"})
    expect(state(page)).to_have_text("low-pass 40 Hz (not diagnostic)")

    page.get_by_role("tab", name="QRS complexes").click()

    expect(paper(page)).to_have_attribute("aria-label", beginning("QRS complexes"), timeout=15_000)
    expect(state(page)).to_have_text("off")
    state(page).click()
    expect(page.get_by_role("dialog", name="Filter")).to_contain_text("Filters are for the ECG.")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Time-aligned").click()
    expect(state(page)).to_have_text("high-pass 0.5 Hz", timeout=15_000)
    page.get_by_role("tab", name="ECG").click()
    expect(state(page)).to_have_text("low-pass 40 Hz (not diagnostic)")


@pytest.mark.parametrize("format_", ["SVG", "PDF", "PNG", "CSV", "NPY"])
def test_a_saved_view_is_filtered_and_named_so(page: Page, format_: str) -> None:
    choose(page, {"Low-pass": "40 Hz", "Mains notch": "50 Hz"})

    with page.expect_download() as saving:
        page.get_by_role("group", name="Save this view as").get_by_role("button", name=format_, exact=True).click()

    name = f"-raw-0s-low-pass-40-hz-not-diagnostic-50-hz-notch.{format_.lower()}"
    assert saving.value.suggested_filename.endswith(name)
    if format_ == "SVG":
        assert "low-pass 40 Hz (not diagnostic), 50 Hz notch" in saving.value.path().read_text()


def test_what_a_slow_recording_cannot_be_filtered_by_is_said(page: Page, slow_record: str) -> None:
    page.evaluate("address => { location.hash = address }", slow_record)
    expect(page.get_by_role("heading", level=1)).to_have_text("slow.npy")

    choose(page, {"High-pass": "0.5 Hz", "Low-pass": "150 Hz"})

    expect(page.locator(".caution")).to_have_text(
        "Not applied: low-pass 150 Hz. This ECG is recorded at 100 Hz and has nothing above 45 Hz to filter."
    )
    expect(state(page)).to_have_text("high-pass 0.5 Hz")


def test_a_filter_that_there_is_not_is_refused_in_words_and_can_be_turned_off(page: Page) -> None:
    page.evaluate("location.hash += '?low_pass_hz=100'")
    expect(page.get_by_role("alert")).to_contain_text("low_pass_hz: Input should be 150 or 40")

    choose(page, {"Low-pass": "Off"})

    expect(state(page)).to_have_text("off")
    expect(paper(page)).to_be_visible()


def test_choices_that_cannot_be_read_are_said_to_be_and_asked_for_again(page: Page) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=404, content_type="text/plain", body="no")

    page.route("**/openapi.json", fail)
    state(page).click()
    expect(page.get_by_role("dialog", name="Filter").get_by_role("alert")).to_be_visible()
    page.keyboard.press("Escape")

    page.unroute("**/openapi.json")
    state(page).click()

    expect(page.get_by_role("group", name="High-pass")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_panel_lies_within_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})

    choose(page, {"High-pass": "0.05 Hz", "Low-pass": "40 Hz", "Mains notch": "50 Hz"})
    state(page).scroll_into_view_if_needed()
    state(page).click()

    panel = page.get_by_role("dialog", name="Filter")
    expect(panel.get_by_role("radio", name="40 Hz")).to_be_checked()
    box = panel.bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["y"] >= 0) == (True, True)
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 800
    assert page.evaluate("document.documentElement.scrollWidth") <= width
