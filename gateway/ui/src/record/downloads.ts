/** The signal of this ECG, and the view that is on the screen, as files. */

import { signalFile, viewFile, type SavedFile } from "../api/client";
import type { EcgRecord, ViewKind } from "../api/types";
import { h } from "../dom";
import { takenBy, type Filters } from "../filters";
import { failure } from "../notice";
import { preferences } from "../preferences";

/** What is on the screen. */
export interface Looked {
  kind: ViewKind;
  startS: number;
  filters: Filters;
}

type Format = readonly [format: string, name: string];
const SIGNAL: readonly Format[] = [
  ["csv", "CSV"],
  ["npy", "NPY"],
  ["wfdb", "WFDB"],
  ["dicom", "DICOM"],
  ["fhir", "FHIR"],
];
const VIEW: readonly Format[] = [
  ["png", "PNG"],
  ["pdf", "PDF"],
  ["svg", "SVG"],
  ["csv", "CSV"],
  ["npy", "NPY"],
];

/** A button per format; `looked` says what is on the screen when one is pressed. */
export function downloadPanel(record: EcgRecord, looked: () => Looked): HTMLElement {
  const told = h("div", { "aria-live": "polite" });
  const view = (format: string): Promise<SavedFile> => {
    const { kind, startS, filters } = looked();
    const { layout, mmPerS, mmPerMv } = preferences();
    const paper = { layout, speed_mm_per_s: mmPerS, gain_mm_per_mv: mmPerMv };
    return viewFile(record.record_id, kind, { format, start_s: startS, ...paper, ...takenBy(kind, filters) });
  };
  return h(
    "section",
    { class: "aside downloads", "aria-labelledby": "downloads-title" },
    h("h2", { id: "downloads-title" }, "Save this view"),
    h("p", { class: "hint" }, "On paper or as numbers, with the filter that is on."),
    buttons(VIEW, "Save this view as", told, view),
    h("h2", {}, "Save the signal"),
    h("p", { class: "hint" }, "The whole recording, never filtered."),
    buttons(SIGNAL, "Save the signal as", told, (format) => signalFile(record.record_id, format)),
    told,
  );
}

function buttons(formats: readonly Format[], what: string, told: HTMLElement, fetched: (format: string) => Promise<SavedFile>): HTMLElement {
  const made = formats.map(([format, name]) => {
    const button = h("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      button.disabled = true;
      told.replaceChildren();
      void fetched(format)
        .then(save)
        .catch((error: unknown) => told.replaceChildren(failure(error)))
        .finally(() => {
          button.disabled = false;
        });
    });
    return button;
  });
  return h("div", { class: "buttons", role: "group", "aria-label": what }, ...made);
}

function save({ name, content }: SavedFile): void {
  const address = URL.createObjectURL(content);
  h("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
