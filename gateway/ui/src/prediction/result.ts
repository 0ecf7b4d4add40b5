/** Scores as bars, with the threshold that each was held against. */

import type { EcgQuality, EcgRecord, Model, PredictionReport, Score } from "../api/types";
import { h } from "../dom";
import { remarkList } from "../record/remarks";
import { oneDecimal, percent } from "../words";

/** Show what a model said of one ECG. */
export function result(report: PredictionReport, model: Model, record: EcgRecord): HTMLElement[] {
  const [prediction] = report.predictions;
  if (prediction === undefined) return [];
  if (prediction.error !== null) {
    return [h("div", { class: "notice failure", role: "alert" }, h("strong", {}, "No prediction"), h("p", {}, prediction.error.detail))];
  }
  const scores = [...prediction.scores].sort((one, other) => (other.value ?? -Infinity) - (one.value ?? -Infinity));
  const list = h("ul", { class: "scores", "aria-label": "Scores" }, ...scores.map((score) => bar(score, report.task, model)));
  const said = `${report.model.name}, version ${report.model.version}, sha256 ${report.model_sha256.slice(0, 12)}`;
  const marked = scores.some(({ name }) => thresholdOf(name, model) !== null) ? " A line marks the class's threshold." : "";
  const known = new Set(record.remarks.map(({ text }) => text));
  return [
    list,
    ...caution(prediction.quality),
    h("p", { class: "hint" }, `${said}.${marked} A score is no diagnosis.`),
    remarkList([], prediction.remarks.filter(({ text }) => !known.has(text))),
  ];
}

/** Say below the scores where the ECG is too bad, or its electrodes too doubtful, to take them as they stand. */
function caution(quality: EcgQuality | null): HTMLElement[] {
  if (quality === null) return [];
  const isBad = quality.grade === "poor" || quality.grade === "unusable";
  if (!isBad && quality.suspected_reversal === null) return [];
  const told = isBad ? `The quality of this ECG is ${quality.grade}.` : "The electrodes of this ECG may be interchanged.";
  const reasons = quality.reasons.filter(({ code }) => isBad || code === "suspected_reversal").map(({ text }) => text);
  return [h("div", { class: "notice", role: "note" }, h("strong", {}, told), h("p", {}, reasons.join(" ")))];
}

function bar(score: Score, task: string, model: Model): HTMLElement {
  const codes = Object.entries(score.codes).map(([system, code]) => `${system.toUpperCase().replace("ICD10", "ICD-10")} ${code}`);
  const name = h("span", { class: "class" }, score.name, codes.length > 0 && h("span", { class: "hint" }, ` ${codes.join(", ")}`));
  if (score.value === null) return h("li", {}, name, h("span", { class: "value" }, "no score"));
  if (task === "regression") return h("li", {}, name, h("span", { class: "value" }, oneDecimal(score.value)));
  const fill = h("span", { class: "fill" });
  fill.style.setProperty("--share", String(Math.min(1, Math.max(0, score.value))));
  const track = h("span", { class: "track", "aria-hidden": "true" }, fill);
  const threshold = thresholdOf(score.name, model);
  if (threshold !== null) {
    const mark = h("span", { class: "threshold" });
    mark.style.setProperty("--share", String(threshold));
    track.append(mark);
  }
  const verdict = score.positive && h("span", { class: "verdict" }, task === "multiclass" ? "most likely" : "above threshold");
  return h("li", { class: score.positive ? "positive" : null }, name, h("span", { class: "value" }, percent(score.value)), track, verdict);
}

function thresholdOf(name: string, model: Model): number | null {
  return model.manifest.output?.classes?.find((known) => known.name === name)?.threshold ?? null;
}
