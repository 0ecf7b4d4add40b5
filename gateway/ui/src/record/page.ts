/** One ECG: who and what it is, its views, what a model says of it. */

import { measurements, record } from "../api/client";
import type { EcgRecord, Measurement } from "../api/types";
import { byId, h } from "../dom";
import { failure, waiting, wasAborted } from "../notice";
import { predictionPanel } from "../prediction/panel";
import { currentRoute, type Route } from "../router";
import { oneDecimal, person } from "../words";
import { acquisitionPanel } from "./acquisition";
import { downloadPanel } from "./downloads";
import { gradeOf } from "./quality";
import { viewPanel, type ViewPanel } from "./view-panel";

/** The right side of the page; it follows the address. */
export class RecordPage {
  private loading = new AbortController();
  private shown: string | null = null;
  private views: ViewPanel | null = null;

  /** Show what the address names. */
  follow(route: Route): void {
    if (route.recordId === this.shown) return this.views?.show(route.kind, route.filters);
    this.shown = route.recordId;
    this.views = null;
    this.loading.abort();
    this.loading = new AbortController();
    byId("main").replaceChildren();
    document.title = "Einthoven";
    if (route.recordId !== null) void this.open(route.recordId, this.loading.signal);
  }

  private async open(recordId: string, signal: AbortSignal): Promise<void> {
    const main = byId("main");
    main.replaceChildren(waiting("Loading the ECG"));
    try {
      const found = await record(recordId, signal);
      this.views = viewPanel(found, signal);
      main.replaceChildren(header(found, signal), h("div", { class: "columns" }, this.views.element, asides(found, this.views, signal)));
      document.title = `${found.file_name} – Einthoven`;
      const now = currentRoute();
      this.views.show(now.kind, now.filters);
    } catch (error) {
      if (!wasAborted(error)) main.replaceChildren(failure(error));
    }
  }
}

function asides(found: EcgRecord, views: ViewPanel, signal: AbortSignal): HTMLElement {
  const downloads = downloadPanel(found, () => views.looked());
  return h("div", { class: "asides" }, predictionPanel(found, signal), acquisitionPanel(found), downloads);
}

function header(found: EcgRecord, signal: AbortSignal): HTMLElement {
  const recorded = `${found.leads.length} leads · ${oneDecimal(found.duration_s)} s · ${oneDecimal(found.rate_hz)} Hz · ${found.format.toUpperCase()}`;
  const tags = found.labels.map(({ name, icd10 }) => h("li", { title: icd10 === null ? null : `ICD-10 ${icd10}` }, name));
  const rate = h("dl", { class: "measured" }, h("dt", {}, "Heart rate"), h("dd", { role: "status" }, h("strong", {}, "…")));
  void fillHeartRate(rate, found.record_id, signal);
  return h(
    "header",
    { class: "record" },
    h(
      "div",
      {},
      h("h1", {}, found.file_name),
      h("p", { class: "soft" }, [person(found), recorded].filter((part) => part !== "").join(" · ")),
      tags.length > 0 && h("ul", { class: "tags", "aria-label": "Labels" }, ...tags),
    ),
    h("div", { class: "figures" }, gradeOf(found), rate),
  );
}

async function fillHeartRate(list: HTMLElement, recordId: string, signal: AbortSignal): Promise<void> {
  const shown = list.querySelector("dd");
  try {
    const measured = await measurements(recordId, signal);
    shown?.replaceChildren(...heartRate(measured.find(({ name }) => name === "heart_rate")));
  } catch (error) {
    if (!wasAborted(error)) shown?.replaceChildren(failure(error));
  }
}

function heartRate(measured: Measurement | undefined): (Node | string)[] {
  if (measured?.value === null || measured?.value === undefined) {
    return [h("strong", { class: "none" }, "not measured"), h("span", { class: "reason" }, measured?.reason ?? "")];
  }
  return [h("strong", {}, String(Math.round(measured.value))), " /min"];
}
