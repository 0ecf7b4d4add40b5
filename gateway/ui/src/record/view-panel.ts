/** The views of an ECG behind tabs, with the controls of its paper. */

import { view as getView, type Look } from "../api/client";
import type { EcgRecord, Remark, View, ViewKind } from "../api/types";
import { h } from "../dom";
import { asQuery, takenBy, type Filters } from "../filters";
import { empty, failure, waiting, wasAborted } from "../notice";
import { RHYTHM_LEAD } from "../paper/layouts";
import { preferences } from "../preferences";
import { address, go } from "../router";
import { draw } from "../views/draw";
import { controls, type Change } from "./controls";
import type { Looked } from "./downloads";
import { filterControl, LATE_MS, WAITING } from "./filter-control";
import { reasonsOf, unsaid } from "./quality";
import { remarkList } from "./remarks";

const TABS: readonly { kind: ViewKind; name: string }[] = [
  { kind: "raw", name: "ECG" },
  { kind: "qrs", name: "QRS complexes" },
  { kind: "events", name: "Waves" },
  { kind: "representative-beats", name: "Representative beats" },
  { kind: "median-beats", name: "Median beats" },
  { kind: "aligned", name: "Time-aligned" },
];
export const WINDOW_S = 10;
const MOST_KEPT = 24;
/** What must be known of a filtered trace: it stands right below it, where it moves nothing. */
const CAUTIONS: ReadonlySet<string> = new Set(["not_diagnostic", "filter_not_applied"]);
const UNKNOWN = "–";

export interface ViewPanel {
  element: HTMLElement;
  /** Show one of them. */
  show(kind: ViewKind, filters: Filters): void;
  /** What is shown. */
  looked(): Looked;
}

/** Make the panel; views are fetched when they are first looked at, and kept. */
export function viewPanel(record: EcgRecord, signal: AbortSignal): ViewPanel {
  const paper = h("div", { id: "view", class: "view", role: "tabpanel", tabindex: 0 });
  const bar = h("div", { class: "controls" });
  const cautions = h("div", { class: "cautions" });
  const remarks = h("div", {});
  const state = { kind: "raw" as ViewKind, startS: 0, lead: null as string | null, filters: {} as Filters };
  const tabs = tabList((kind) => go(place({ kind })));
  const place = (to: { kind?: ViewKind; filters?: Filters }): string =>
    address({ datasetId: record.dataset_id, recordId: record.record_id, kind: state.kind, filters: state.filters, ...to });
  // Turning filters on and off leaves no steps to go back through.
  const filter = filterControl((filters) => go(place({ filters }), { replace: true }), signal);
  const fetched = keptViews(record.record_id, signal);
  let turn = 0;

  const paintControls = (lead: string): void => {
    const changed = (change: Change): void => {
      Object.assign(state, change);
      void paint();
    };
    replaceKeepingFocus(bar, controls({ record, kind: state.kind, lead, startS: state.startS, filter: filter.control }, changed));
  };
  const say = (applied: string, known: Remark[]): void => {
    const texts = known.map(({ text }) => text);
    filter.tell(applied, texts);
    cautions.replaceChildren(...(texts.length === 0 ? [] : [h("div", { class: "notice caution" }, ...texts.map((text) => h("p", {}, text)))]));
  };
  const paint = async (): Promise<void> => {
    turn += 1;
    const mine = turn;
    const { kind, startS, filters } = state;
    const late = setTimeout(() => {
      if (mine !== turn) return;
      say(WAITING, []);
      paper.replaceChildren(h("div", { class: "blank" }, waiting("Reading")));
    }, LATE_MS);
    filter.ask(kind, filters);
    paintControls(drawnLead(record.leads, state.lead));
    try {
      const shown = await fetched({ kind, stretch: { startS, durationS: WINDOW_S }, filters: takenBy(kind, filters) });
      if (mine !== turn) return;
      say(shown.filter, shown.remarks.filter(({ code }) => CAUTIONS.has(code)));
      const drawing = draw(shown, drawnLead(shown.signal?.leads ?? [], state.lead), preferences());
      paper.replaceChildren(drawing ?? empty("Nothing to draw.", explanation(shown.remarks)));
      remarks.replaceChildren(remarkList(unsaid(record), drawing === null ? [] : shown.remarks.filter(({ code }) => !CAUTIONS.has(code))));
    } catch (error) {
      if (mine !== turn || wasAborted(error)) return;
      say(UNKNOWN, []);
      paper.replaceChildren(failure(error));
    } finally {
      clearTimeout(late);
    }
  };

  return {
    element: h("section", { class: "views", "aria-label": "Views" }, tabs.element, bar, filter.panel, paper, cautions, reasonsOf(record), remarks),
    show(kind, filters) {
      Object.assign(state, { kind, filters });
      tabs.mark(kind);
      paper.setAttribute("aria-labelledby", `tab-${kind}`);
      void paint();
    },
    looked: () => ({ kind: state.kind, startS: state.startS, filters: state.filters }),
  };
}

function keptViews(recordId: string, signal: AbortSignal): (look: Look) => Promise<View> {
  const kept = new Map<string, Promise<View>>();
  return (look) => {
    const key = `${look.kind} ${look.stretch.startS} ${asQuery(look.filters)}`;
    const found = kept.get(key) ?? getView(recordId, look, signal);
    kept.set(key, found);
    found.catch(() => kept.delete(key));
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return found;
  };
}

function replaceKeepingFocus(bar: HTMLElement, made: HTMLElement[]): void {
  const focused = bar.contains(document.activeElement) ? document.activeElement?.id : undefined;
  bar.replaceChildren(...made);
  if (focused) document.getElementById(focused)?.focus();
}

function tabList(open: (kind: ViewKind) => void): { element: HTMLElement; mark: (kind: ViewKind) => void } {
  const tabs = TABS.map(({ kind, name }) => {
    const tab = h("button", { id: `tab-${kind}`, type: "button", role: "tab", "aria-controls": "view" }, name);
    tab.addEventListener("click", () => open(kind));
    return tab;
  });
  const element = h("div", { class: "tabs", role: "tablist", "aria-label": "Views" }, ...tabs);
  element.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const next = tabs[(tabs.indexOf(document.activeElement as HTMLButtonElement) + by + tabs.length) % tabs.length];
    next?.focus();
    next?.click();
  });
  const mark = (kind: ViewKind): void => {
    for (const tab of tabs) {
      const selected = tab.id === `tab-${kind}`;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
    }
  };
  return { element, mark };
}

function drawnLead(leads: string[], chosen: string | null): string {
  return [chosen, RHYTHM_LEAD, leads[0]].find((lead) => typeof lead === "string" && leads.includes(lead)) ?? "";
}

function explanation(remarks: Remark[]): string {
  return remarks.map(({ text }) => text).join(" ");
}
