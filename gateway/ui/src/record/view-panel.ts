/** The views of an ECG behind tabs, with the controls of its paper. */

import { view as getView, type Stretch } from "../api/client";
import type { EcgRecord, Remark, View, ViewKind } from "../api/types";
import { h } from "../dom";
import { empty, failure, waiting, wasAborted } from "../notice";
import { preferences } from "../preferences";
import { address, go } from "../router";
import { draw } from "../views/draw";
import { controls } from "./controls";
import type { Looked } from "./downloads";
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

export interface ViewPanel {
  element: HTMLElement;
  /** Show one of them. */
  show(kind: ViewKind): void;
  /** What is shown. */
  looked(): Looked;
}

/** Make the panel; a view is fetched when it is first looked at and kept. */
export function viewPanel(record: EcgRecord, signal: AbortSignal): ViewPanel {
  const kept = new Map<string, Promise<View>>();
  const paper = h("div", { id: "view", class: "view", role: "tabpanel", tabindex: 0 });
  const bar = h("div", { class: "controls" });
  const remarks = h("div", {});
  const tabs = tabList(record);
  const state = { kind: "raw" as ViewKind, startS: 0, lead: null as string | null };

  const fetched = (kind: ViewKind, stretch: Stretch): Promise<View> => {
    const key = `${kind} ${stretch.startS}`;
    const found = kept.get(key) ?? getView(record.record_id, kind, stretch, signal);
    kept.set(key, found);
    found.catch(() => kept.delete(key));
    return found;
  };
  const paint = async (): Promise<void> => {
    const { kind, startS } = state;
    const late = setTimeout(() => paper.replaceChildren(waiting("Reading")), 150);
    try {
      const shown = await fetched(kind, { startS, durationS: WINDOW_S });
      if (state.kind !== kind || state.startS !== startS) return;
      clearTimeout(late);
      const lead = drawnLead(shown, state.lead);
      replaceKeepingFocus(bar, controls({ record, view: shown, lead, startS }, (changed) => {
        Object.assign(state, changed);
        void paint();
      }));
      const drawing = draw(shown, lead, preferences());
      paper.replaceChildren(drawing ?? empty("Nothing to draw.", explanation(shown.remarks)));
      remarks.replaceChildren(remarkList(unsaid(record), drawing === null ? [] : shown.remarks));
    } catch (error) {
      if (!wasAborted(error)) paper.replaceChildren(failure(error));
    } finally {
      clearTimeout(late);
    }
  };

  return {
    element: h("section", { class: "views", "aria-label": "Views" }, tabs.element, bar, paper, reasonsOf(record), remarks),
    show(kind) {
      state.kind = kind;
      tabs.mark(kind);
      paper.setAttribute("aria-labelledby", `tab-${kind}`);
      void paint();
    },
    looked: () => ({ kind: state.kind, startS: state.startS }),
  };
}

function replaceKeepingFocus(bar: HTMLElement, made: HTMLElement[]): void {
  const focused = bar.contains(document.activeElement) ? document.activeElement?.id : undefined;
  bar.replaceChildren(...made);
  if (focused) document.getElementById(focused)?.focus();
}

function tabList(record: EcgRecord): { element: HTMLElement; mark: (kind: ViewKind) => void } {
  const tabs = TABS.map(({ kind, name }) => {
    const tab = h("button", { id: `tab-${kind}`, type: "button", role: "tab", "aria-controls": "view" }, name);
    tab.addEventListener("click", () => go(address(record.dataset_id, record.record_id, kind)));
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

function drawnLead(view: View, chosen: string | null): string {
  const leads = view.signal?.leads ?? [];
  const named = [chosen, view.waves[0]?.lead, "II", leads[0]];
  return named.find((lead) => typeof lead === "string" && leads.includes(lead)) ?? "";
}

function explanation(remarks: Remark[]): string {
  return remarks.map(({ text }) => text).join(" ");
}
