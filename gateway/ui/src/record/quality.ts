/** How good an ECG is: the grade in its head, the reasons below its paper. */

import type { EcgRecord, Remark } from "../api/types";
import { h } from "../dom";

/** What a reason says, a remark of the reading need not say again. */
const SAID_BY: Readonly<Record<string, string>> = {
  flat_leads: "flat",
  gaps: "missing",
  lead_algebra_violated: "lead_algebra",
};

/** Show the grade; of an ECG that was not judged, nothing. */
export function gradeOf({ quality }: EcgRecord): HTMLElement | null {
  if (quality === null) return null;
  const grade = h("strong", { class: `grade ${quality.grade}` }, quality.grade);
  return h("dl", { class: "measured" }, h("dt", {}, "Quality"), h("dd", {}, grade));
}

/** List why the grade is no better. */
export function reasonsOf({ quality }: EcgRecord): HTMLElement | null {
  if (quality === null || quality.reasons.length === 0) return null;
  const reasons = quality.reasons.map(({ text }) => h("li", {}, text));
  return h("section", { class: "remarks" }, h("h2", {}, "Quality"), h("ul", {}, ...reasons));
}

/** Return the remarks that the reasons do not say already. */
export function unsaid({ quality, remarks }: EcgRecord): Remark[] {
  const said = new Set(quality?.reasons.map(({ code }) => code));
  return remarks.filter(({ code }) => !said.has(SAID_BY[code] ?? ""));
}
