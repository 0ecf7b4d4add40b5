/** The list of what there is: datasets, and the records of one. */

import { datasets, records } from "../api/client";
import type { Dataset, EcgRecord } from "../api/types";
import { byId, h } from "../dom";
import { empty, failure, waiting, wasAborted } from "../notice";
import { address, currentRoute, go, type Route } from "../router";
import { breakable, labels, oneDecimal, person } from "../words";

const USUAL_DURATION_S = 10;

/** The left side of the page; it follows the address. */
export class Sidebar {
  private readonly list = h("ul", { class: "records", "aria-label": "ECGs of this dataset" });
  private readonly below = h("div", { class: "below" });
  private readonly choice = h("select", { id: "dataset" });
  private shown: string | null = null;
  private loading = new AbortController();

  constructor() {
    this.choice.addEventListener("change", () => go(address({ datasetId: this.choice.value, filters: currentRoute().filters })));
    this.list.addEventListener("keydown", (event) => step(this.list, event));
  }

  /** Load the datasets once; goes to the newest where the address names none. */
  async open(): Promise<void> {
    const root = byId("sidebar");
    root.replaceChildren(waiting("Loading datasets"));
    try {
      const found = await datasets();
      if (found.length === 0) return root.replaceChildren(nothingYet());
      root.replaceChildren(...this.furniture(found));
    } catch (error) {
      return root.replaceChildren(failure(error));
    }
    const route = currentRoute();
    const newest = this.choice.options[0]?.value;
    if (route.datasetId === null && newest !== undefined) go(address({ datasetId: newest, filters: route.filters }), { replace: true });
    else this.follow(route);
  }

  /** Show what the address names. */
  follow(route: Route): void {
    if (route.datasetId === null || this.choice.options.length === 0) return;
    this.choice.value = route.datasetId;
    if (this.shown !== route.datasetId) void this.show(route.datasetId);
    this.mark(route);
  }

  private furniture(found: Dataset[]): HTMLElement[] {
    this.choice.replaceChildren(
      ...found.map(({ dataset_id, name, records: count }) => h("option", { value: dataset_id }, `${name} (${count})`)),
    );
    const chooser = h("div", { class: "chooser" }, h("label", { for: "dataset" }, "Dataset"), this.choice);
    return [chooser, h("nav", { class: "scroll", "aria-label": "ECGs" }, this.list, this.below)];
  }

  private async show(datasetId: string): Promise<void> {
    this.loading.abort();
    this.loading = new AbortController();
    this.shown = datasetId;
    this.list.replaceChildren();
    await this.more(datasetId, null);
  }

  private async more(datasetId: string, cursor: string | null): Promise<void> {
    const { signal } = this.loading;
    this.below.replaceChildren(waiting("Loading ECGs"));
    try {
      const page = await records(datasetId, cursor, signal);
      this.list.append(...page.items.map(entry));
      this.below.replaceChildren(...this.rest(datasetId, page.next_cursor));
      this.mark(currentRoute());
      this.openFirst(datasetId);
    } catch (error) {
      if (!wasAborted(error)) this.below.replaceChildren(failure(error));
    }
  }

  private rest(datasetId: string, cursor: string | null): HTMLElement[] {
    if (this.list.childElementCount === 0) return [empty("No ECGs in this dataset.", "Upload some with ", h("code", {}, "einthoven ingest"), ".")];
    if (cursor === null) return [];
    const button = h("button", { type: "button", class: "wide" }, "Show more");
    button.addEventListener("click", () => void this.more(datasetId, cursor));
    return [button];
  }

  private openFirst(datasetId: string): void {
    const route = currentRoute();
    const first = this.list.querySelector("a")?.getAttribute("href");
    if (route.datasetId === datasetId && route.recordId === null && first) go(first, { replace: true });
  }

  /** Mark the record that is shown; filters stay as they are on the way from one to the next. */
  private mark({ recordId, filters }: Route): void {
    for (const link of this.list.querySelectorAll("a")) {
      const { dataset, record } = link.dataset;
      if (dataset !== undefined && record !== undefined) link.href = address({ datasetId: dataset, recordId: record, filters });
      if (record === recordId) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
}

function entry(record: EcgRecord): HTMLElement {
  const length = Math.abs(record.duration_s - USUAL_DURATION_S) < 0.05 ? null : `${oneDecimal(record.duration_s)} s`;
  const beneath = [labels(record), person(record), length].filter((part) => part).join(" · ");
  return h(
    "li",
    {},
    h(
      "a",
      { href: "#", "data-dataset": record.dataset_id, "data-record": record.record_id },
      h("span", { class: "file" }, ...breakable(record.file_name)),
      beneath !== "" && h("span", { class: "soft" }, beneath),
    ),
  );
}

function step(list: HTMLElement, event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  const links = [...list.querySelectorAll("a")];
  const next = links[links.indexOf(document.activeElement as HTMLAnchorElement) + by];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function nothingYet(): HTMLElement {
  return empty("No ECGs yet.", "Upload some from a terminal: ", h("code", {}, "einthoven ingest FILES"), ", or through the ", h("a", { href: "/docs" }, "API"), ".");
}
