/** Where leads go on the paper. */

import type { Samples, Signal } from "../api/types";
import { s } from "../dom";
import type { Layout } from "../preferences";
import { onBoldLine } from "./sheet";
import { calibrationPulse, median, trace, type Scale } from "./trace";

/** The lead beneath the others, for the rhythm. */
export const RHYTHM_LEAD = "II";
export const COLUMNS: readonly (readonly string[])[] = [
  ["I", "II", "III"],
  ["aVR", "aVL", "aVF"],
  ["V1", "V2", "V3"],
  ["V4", "V5", "V6"],
];

const TOP_MM = 5;
const FOOT_MM = 10;

export interface Drawing {
  widthMm: number;
  heightMm: number;
  ink: SVGElement[];
}

/** Whether a signal has what the layout in columns shows. */
export function fitsColumns(signal: Signal): boolean {
  return COLUMNS.flat().some((lead) => signal.leads.includes(lead));
}

/** Every lead in a row of its own. */
export function rows(signal: Signal, scale: Scale): Drawing {
  const rowMm = Math.max(15, onBoldLine(2 * scale.mmPerMv));
  const ink = signal.leads.flatMap((lead, row) => {
    const y = TOP_MM + rowMm * row + onBoldLine(rowMm / 2);
    return line(signal, lead, { x: leftMm(scale), y, from: 0, to: signal.samples, nameMm: 0.42 * rowMm }, scale, true);
  });
  return framed(signal, scale, rowMm * signal.leads.length, ink);
}

const TWELVE = COLUMNS.flat();
const CHEST = TWELVE.slice(6);
const COLUMN_ROWS = [0, 1, 2].map((row) => COLUMNS.map((leads) => leads[row] ?? ""));
const beside = (limbs: readonly string[]): string[][] => limbs.map((lead, row) => [lead, CHEST[row] ?? ""]);
/** The leads of each row, one after the other in time; a minus sign turns a lead over. */
const ROWS_OF: Record<Layout, readonly (readonly string[])[]> = {
  "3x4": COLUMN_ROWS,
  "3x4-ii": [...COLUMN_ROWS, [RHYTHM_LEAD]],
  "6x2": beside(TWELVE.slice(0, 6)),
  "12x1": TWELVE.map((lead) => [lead]),
  cabrera: beside(["aVL", "I", "−aVR", "II", "aVF", "III"]),
};

/** Rows of leads, those of a row one after the other in time. */
export function arranged(signal: Signal, layout: Layout, scale: Scale): Drawing {
  const given = ROWS_OF[layout];
  const rowMm = Math.max(20, onBoldLine((given.length > 4 ? 2 : 3) * scale.mmPerMv));
  const ink = given.flatMap((leads, row) =>
    leads.flatMap((lead, column) => {
      const from = Math.round((signal.samples / leads.length) * column);
      const to = Math.round((signal.samples / leads.length) * (column + 1));
      const x = leftMm(scale) + (from / signal.rate_hz) * scale.mmPerS;
      const y = TOP_MM + rowMm * row + onBoldLine(rowMm / 2);
      return line(signal, lead, { x, y, from, to, nameMm: 0.42 * rowMm }, scale, column === 0);
    }),
  );
  return framed(signal, scale, rowMm * given.length, ink);
}

/** Room for the calibration pulse. */
function leftMm({ mmPerS }: Scale): number {
  return onBoldLine(0.28 * mmPerS + 3);
}

interface Place {
  x: number;
  y: number;
  from: number;
  to: number;
  /** How far above the baseline the lead's name stands. */
  nameMm: number;
}

function line(signal: Signal, lead: string, place: Place, scale: Scale, pulse: boolean): SVGElement[] {
  const samples = samplesOf(signal, lead);
  const recorded = samples?.some((value) => value !== null) ?? false;
  const name = recorded ? lead : `${lead} – not recorded`;
  const ink: SVGElement[] = [];
  if (samples !== undefined && recorded) {
    const part = samples.slice(place.from, place.to);
    ink.push(trace({ samples: part, rateHz: signal.rate_hz, xMm: place.x, yMm: place.y, baselineMv: median(samples) }, scale));
  }
  if (pulse) ink.push(calibrationPulse(place.x - 1, place.y, scale));
  else ink.push(s("path", { class: "divider", d: `M${place.x} ${place.y - 4}v2.5M${place.x} ${place.y + 1.5}v2.5` }));
  ink.push(s("text", { class: recorded ? "lead" : "lead missing", x: place.x + 1, y: place.y - place.nameMm }, name));
  return ink;
}

/** A lead's samples; with a minus sign before its name, turned over. */
function samplesOf(signal: Signal, lead: string): Samples | undefined {
  const samples = signal.data[signal.leads.indexOf(lead.replace("−", ""))];
  return lead.startsWith("−") ? samples?.map((value) => (value === null ? null : -value)) : samples;
}

function framed(signal: Signal, scale: Scale, heightMm: number, ink: SVGElement[]): Drawing {
  const lengthMm = (signal.samples / signal.rate_hz) * scale.mmPerS;
  return { widthMm: onBoldLine(leftMm(scale) + lengthMm + 2), heightMm: onBoldLine(TOP_MM + heightMm + FOOT_MM), ink };
}
