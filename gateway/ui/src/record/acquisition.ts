/** How this ECG was recorded, and what its device said of it: the device's claims, apart from the platform's own. */

import type { Acquisition, DeviceMeasurement, EcgRecord } from "../api/types";
import { h } from "../dom";
import { moment, oneDecimal } from "../words";

const NAMES: Record<string, string> = {
  heart_rate: "Heart rate",
  rr_interval: "RR",
  p_duration: "P",
  pr_interval: "PR",
  qrs_duration: "QRS",
  qt_interval: "QT",
  qtc_interval: "QTc",
  p_axis: "P axis",
  qrs_axis: "QRS axis",
  t_axis: "T axis",
};
const UNITS: Record<string, string> = { deg: "°" };

/** List device, time, filters, measurements and statements; nothing where the file says nothing. */
export function acquisitionPanel({ acquisition }: EcgRecord): HTMLElement | null {
  if (acquisition === null) return null;
  const facts = recorded(acquisition);
  const claims = acquisition.measurements.map(claim);
  if (facts.length === 0 && claims.length === 0 && acquisition.statements.length === 0) return null;
  return h(
    "section",
    { class: "aside", "aria-labelledby": "acquisition-title" },
    h("h2", { id: "acquisition-title" }, "As recorded"),
    facts.length > 0 && list(facts),
    (claims.length > 0 || acquisition.statements.length > 0) && h("h3", {}, "The device says"),
    claims.length > 0 && list(claims),
    acquisition.statements.length > 0 && h("ul", { class: "statements" }, ...acquisition.statements.map((text) => h("li", {}, text))),
  );
}

type Fact = [name: string, value: string];

function recorded({ device, acquired_at, high_pass_hz, low_pass_hz, notch_hz }: Acquisition): Fact[] {
  const filters = [
    high_pass_hz !== null && `from ${high_pass_hz} Hz`,
    low_pass_hz !== null && `to ${low_pass_hz} Hz`,
    notch_hz !== null && `without ${notch_hz} Hz`,
  ].filter((part) => part !== false);
  const facts: (Fact | false)[] = [
    device !== null && ["Device", device],
    acquired_at !== null && ["Time", moment(acquired_at)],
    filters.length > 0 && ["Filtered", filters.join(", ")],
  ];
  return facts.filter((fact) => fact !== false);
}

function claim({ name, value, unit }: DeviceMeasurement): Fact {
  return [NAMES[name] ?? name, `${oneDecimal(value)} ${UNITS[unit] ?? unit}`];
}

function list(facts: Fact[]): HTMLElement {
  return h("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}
