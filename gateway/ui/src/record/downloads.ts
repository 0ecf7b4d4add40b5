/** The signal of this ECG as a file. */

import { signalFile } from "../api/client";
import type { EcgRecord } from "../api/types";
import { h } from "../dom";
import { failure } from "../notice";

const FORMATS = [
  ["csv", "CSV"],
  ["npy", "NPY"],
  ["wfdb", "WFDB"],
  ["dicom", "DICOM"],
  ["fhir", "FHIR"],
] as const;

/** A button per format. */
export function downloadPanel(record: EcgRecord): HTMLElement {
  const told = h("div", { "aria-live": "polite" });
  const buttons = FORMATS.map(([format, name]) => {
    const button = h("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      button.disabled = true;
      told.replaceChildren();
      void save(record.record_id, format)
        .catch((error: unknown) => told.replaceChildren(failure(error)))
        .finally(() => {
          button.disabled = false;
        });
    });
    return button;
  });
  return h(
    "section",
    { class: "aside downloads", "aria-labelledby": "downloads-title" },
    h("h2", { id: "downloads-title" }, "Save the signal"),
    h("div", { class: "buttons" }, ...buttons),
    told,
  );
}

async function save(recordId: string, format: string): Promise<void> {
  const { name, content } = await signalFile(recordId, format);
  const address = URL.createObjectURL(content);
  h("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
