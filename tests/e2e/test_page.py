"""The web page in a real browser, on a platform in one process."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy.demo.pathologies import SCP_CODE
from tests.e2e.browsing import CLASSES, MODEL, beginning, paper
from tests.e2e.journey import ECGS_PER_KIND, KINDS

pytestmark = [pytest.mark.e2e, pytest.mark.page, pytest.mark.timeout(300)]

SCREEN_MM = 25.4 / 96


def test_the_records_of_a_dataset_are_listed_with_their_labels(page: Page) -> None:
    links = page.get_by_role("list", name="ECGs of this dataset").get_by_role("link")

    expect(links).to_have_count(ECGS_PER_KIND * len(KINDS))
    expect(links.filter(has_text=SCP_CODE[KINDS[0]])).to_have_count(ECGS_PER_KIND)
    expect(links.first).to_have_attribute("aria-current", "page")


def test_data_never_becomes_markup(page: Page) -> None:
    expect(page.get_by_label("Dataset").locator("option:checked")).to_contain_text("page <b>&amp;</b>")


def test_an_ecg_is_drawn_with_its_scale_pulse_and_filter_state(page: Page) -> None:
    drawn = paper(page)

    expect(drawn).to_have_attribute("aria-label", beginning("ECG, 12 leads. 25 mm/s   10 mm/mV   no filter"))
    assert drawn.locator("text.lead").all_text_contents() == [
        *("I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6"),
        "II",
    ]
    assert drawn.locator('path.trace[d*="v-10h5v10"]').count() == 4
    expect(page.get_by_role("status").filter(has_text="/min")).to_be_visible()


def test_how_good_the_ecg_is_stands_in_its_head(page: Page) -> None:
    expect(page.locator("header.record .grade")).to_have_text(re.compile("good|usable|poor|unusable"))


def test_ten_seconds_are_250_millimetres_and_a_millivolt_is_ten(page: Page) -> None:
    page.get_by_label("Layout").select_option("12x1")
    page.get_by_label("Size").select_option("true")
    expect(paper(page).locator('path.trace[d*="v-10h5v10"]')).to_have_count(12)

    widths = paper(page).locator("path.trace").evaluate_all("lines => lines.map(line => line.getBBox().width)")
    on_screen = paper(page).evaluate("paper => paper.getBoundingClientRect().width / paper.viewBox.baseVal.width")

    assert max(widths) == pytest.approx(250, abs=0.1)
    assert on_screen * SCREEN_MM == pytest.approx(1, rel=0.01)


def test_twice_the_speed_is_twice_the_length(page: Page) -> None:
    page.get_by_label("Speed").select_option("50")
    expect(paper(page).locator("text.footnote")).to_contain_text("50 mm/s")

    widths = paper(page).locator("path.trace").evaluate_all("lines => lines.map(line => line.getBBox().width)")

    assert max(widths) == pytest.approx(500, abs=0.2)


@pytest.mark.parametrize(
    ("tab", "label"),
    [
        ("QRS complexes", "QRS complexes laid over each other."),
        ("Waves", "Waves of lead II."),
        ("Representative beats", "Representative beats."),
        ("Median beats", "Median beats."),
        ("Time-aligned", "Time-aligned ECG."),
    ],
)
def test_the_other_views_are_drawn(page: Page, tab: str, label: str) -> None:
    page.get_by_role("tab", name=tab).click()

    expect(paper(page)).to_have_attribute("aria-label", beginning(label), timeout=15_000)
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")


def test_tabs_and_the_list_follow_the_arrow_keys(page: Page) -> None:
    page.get_by_role("tab", name="ECG").focus()
    page.keyboard.press("ArrowRight")

    expect(page.get_by_role("tab", name="QRS complexes")).to_be_focused()
    expect(paper(page)).to_have_attribute("aria-label", beginning("QRS complexes"))

    links = page.get_by_role("list", name="ECGs of this dataset").get_by_role("link")
    links.first.focus()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()


def test_a_model_says_its_scores(page: Page) -> None:
    page.get_by_label("Model", exact=True).select_option(label=f"{MODEL}, version 1")
    page.get_by_role("button", name="Run on this ECG").click()

    scores = page.get_by_role("list", name="Scores").get_by_role("listitem")
    expect(scores).to_have_count(2)
    expect(scores.filter(has_text=CLASSES[0])).to_contain_text("%")
    expect(page.locator(".prediction .verdict")).to_have_count(1)


@pytest.mark.parametrize(("format_", "suffix"), [("CSV", ".csv"), ("DICOM", ".dcm"), ("FHIR", ".fhir.json")])
def test_the_signal_is_saved_as_a_file(page: Page, format_: str, suffix: str) -> None:
    with page.expect_download() as saving:
        page.get_by_role("group", name="Save the signal as").get_by_role("button", name=format_, exact=True).click()

    assert saving.value.suggested_filename.endswith(suffix)
    assert saving.value.path().stat().st_size > 0


@pytest.mark.parametrize(
    ("layout", "leads"),
    [
        ("3x4", 12),
        ("6x2", 12),
        ("cabrera", 12),
    ],
)
def test_layouts_have_their_leads(page: Page, layout: str, leads: int) -> None:
    page.get_by_label("Layout").select_option(layout)

    names = paper(page).locator("text.lead")

    expect(names).to_have_count(leads)
    if layout == "cabrera":
        limbs = names.all_text_contents()[::2]
        assert limbs == ["aVL", "I", "\N{MINUS SIGN}aVR", "II", "aVF", "III"]


@pytest.mark.parametrize(("format_", "begins"), [("PNG", b"\x89PNG"), ("PDF", b"%PDF"), ("SVG", b"<?xml")])
def test_the_view_on_the_screen_is_saved_on_paper(page: Page, format_: str, begins: bytes) -> None:
    page.get_by_label("Layout").select_option("cabrera")
    page.get_by_label("Speed").select_option("50")

    with page.expect_download() as saving:
        page.get_by_role("group", name="Save this view as").get_by_role("button", name=format_).click()

    content = saving.value.path().read_bytes()
    assert saving.value.suggested_filename.endswith(f"-raw-0s.{format_.lower()}")
    assert content.startswith(begins)
    if format_ == "SVG":
        assert "50 mm/s   10 mm/mV   no filter" in content.decode()
        assert "\N{MINUS SIGN}aVR" in content.decode()


def test_a_record_that_is_not_there_is_said_in_the_platforms_words(page: Page) -> None:
    page.evaluate("location.hash = location.hash.replace(/records\\/[^/]+/, 'records/r-none')")

    expect(page.get_by_role("alert")).to_contain_text("Not found")


def test_a_platform_with_keys_asks_for_one_and_uses_it(page: Page) -> None:
    def door(route: Any) -> None:
        if route.request.headers.get("authorization") == "Bearer eth_right":
            route.continue_()
            return
        problem = {"title": "Not authenticated", "status": 401, "detail": "The API key is not known."}
        route.fulfill(status=401, content_type="application/problem+json", json=problem)

    page.route("**/api/v1/**", door)
    page.reload()

    page.get_by_label("API key").fill("eth_wrong")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("dialog")).to_contain_text("The API key is not known.")
    page.get_by_label("API key").fill("eth_right")
    page.get_by_role("button", name="Continue").click()

    expect(paper(page)).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
