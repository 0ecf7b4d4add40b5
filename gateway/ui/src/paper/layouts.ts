/** Where leads go on the paper. */

import type { Signal } from "../api/types";
import { s } from "../dom";
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

/** Three leads by four columns, one column after the other in time, above a rhythm strip. */
export function columns(signal: Signal, scale: Scale): Drawing {
  const rowMm = Math.max(20, onBoldLine(3 * scale.mmPerMv));
  const baseline = (row: number): number => TOP_MM + rowMm * row + onBoldLine(rowMm / 2);
  const share = signal.samples / COLUMNS.length;
  const ink = COLUMNS.flatMap((leads, column) =>
    leads.flatMap((lead, row) => {
      const from = Math.round(share * column);
      const x = leftMm(scale) + (from / signal.rate_hz) * scale.mmPerS;
      const place = { x, y: baseline(row), from, to: Math.round(share * (column + 1)), nameMm: 0.42 * rowMm };
      return line(signal, lead, place, scale, column === 0);
    }),
  );
  const place = { x: leftMm(scale), y: baseline(3), from: 0, to: signal.samples, nameMm: 0.42 * rowMm };
  ink.push(...line(signal, RHYTHM_LEAD, place, scale, true));
  return framed(signal, scale, rowMm * 4, ink);
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
  const samples = signal.data[signal.leads.indexOf(lead)];
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

function framed(signal: Signal, scale: Scale, heightMm: number, ink: SVGElement[]): Drawing {
  const lengthMm = (signal.samples / signal.rate_hz) * scale.mmPerS;
  return { widthMm: onBoldLine(leftMm(scale) + lengthMm + 2), heightMm: onBoldLine(TOP_MM + heightMm + FOOT_MM), ink };
}
