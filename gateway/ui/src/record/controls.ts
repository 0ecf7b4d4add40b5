/** How the paper is drawn, and which stretch of the recording is on it. */

import type { EcgRecord, ViewKind } from "../api/types";
import { h } from "../dom";
import { GAINS, prefer, preferences, SPEEDS, type Layout, type Size } from "../preferences";
import { oneDecimal } from "../words";
import { WINDOW_S } from "./view-panel";

interface Shown {
  record: EcgRecord;
  kind: ViewKind;
  lead: string;
  startS: number;
  /** The control of the filter, which outlives the others. */
  filter: HTMLElement;
}

export interface Change {
  startS?: number;
  lead?: string;
}

/** Make the controls that fit a view; `changed` is called when the paper is to be drawn anew. */
export function controls(shown: Shown, changed: (change: Change) => void): HTMLElement[] {
  const { kind, record } = shown;
  const liking = preferences();
  const likes = (liked: Parameters<typeof prefer>[0]): void => {
    prefer(liked);
    changed({});
  };
  const speeds = SPEEDS.map((speed): Option => [String(speed), `${speed} mm/s`]);
  const gains = GAINS.map((gain): Option => [String(gain), `${gain} mm/mV`]);
  const leads = record.leads.map((lead): Option => [lead, lead]);
  const ownSpeed = kind === "qrs" || kind === "median-beats" || kind === "representative-beats";
  const drawing = [
    kind === "raw" && choice("Layout", LAYOUTS, liking.layout, (layout) => likes({ layout: layout as Layout })),
    kind === "events" && choice("Lead", leads, shown.lead, (lead) => changed({ lead })),
    !ownSpeed && choice("Speed", speeds, String(liking.mmPerS), (speed) => likes({ mmPerS: Number(speed) })),
    choice("Gain", gains, String(liking.mmPerMv), (gain) => likes({ mmPerMv: Number(gain) })),
    choice("Size", SIZES, liking.size, (size) => likes({ size: size as Size })),
  ];
  const state = [
    shown.filter,
    record.duration_s > WINDOW_S + 0.05 && stepper(shown, changed),
    printing(),
  ];
  // Two lines that become one where there is room: the filter's words are long or short, and move nothing.
  return [h("div", { class: "line" }, ...drawing), h("div", { class: "line" }, ...state)];
}

type Option = [value: string, name: string];
const LAYOUTS: Option[] = [
  ["3x4-ii", "3 × 4 + II"],
  ["3x4", "3 × 4"],
  ["6x2", "6 × 2"],
  ["12x1", "12 × 1"],
  ["cabrera", "Cabrera"],
];
const SIZES: Option[] = [["fit", "Fit to width"], ["true", "True size"]];

function choice(name: string, options: Option[], chosen: string, pick: (value: string) => void): HTMLElement {
  const id = `control-${name.toLowerCase()}`;
  const select = h("select", { id }, ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
  select.addEventListener("change", () => pick(select.value));
  return h("div", { class: "control" }, h("label", { for: id }, name), select);
}

function stepper({ record, startS }: Shown, changed: (change: Change) => void): HTMLElement {
  const last = Math.max(0, record.duration_s - WINDOW_S);
  const end = Math.min(startS + WINDOW_S, record.duration_s);
  const button = (text: string, name: string, to: number): HTMLElement => {
    const made = h("button", { id: `control-${name.toLowerCase()}`, type: "button", "aria-label": name, disabled: to === startS }, text);
    made.addEventListener("click", () => changed({ startS: to }));
    return made;
  };
  return h(
    "div",
    { class: "control stepper", role: "group", "aria-label": "Stretch of the recording" },
    button("‹", "Earlier", Math.max(0, startS - WINDOW_S)),
    h("span", { role: "status" }, `${oneDecimal(startS)}–${oneDecimal(end)} of ${oneDecimal(record.duration_s)} s`),
    button("›", "Later", Math.min(last, startS + WINDOW_S)),
  );
}

function printing(): HTMLElement {
  const button = h("button", { type: "button" }, "Print");
  button.addEventListener("click", () => print());
  return h("div", { class: "control end" }, button);
}
