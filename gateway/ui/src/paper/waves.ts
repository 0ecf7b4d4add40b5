/** The waves of one lead, marked on its strip. */

import type { View, Wave } from "../api/types";
import { s } from "../dom";
import type { Drawing } from "./layouts";
import { onBoldLine } from "./sheet";
import { median, trace, type Scale } from "./trace";

const LEFT_MM = 5;
const BAND_TOP_MM = 5;
const FOOT_MM = 15;

/** Draw a lead with a band for every wave, its letter above it, and RR intervals beneath. */
export function waveStrip(view: View, lead: string, scale: Scale): Drawing {
  const signal = view.signal;
  const samples = signal?.data[signal.leads.indexOf(lead)];
  if (signal === null || samples === undefined) return { widthMm: 100, heightMm: 30, ink: [] };
  const bandMm = Math.max(25, onBoldLine(4 * scale.mmPerMv));
  const x = (sample: number): number => LEFT_MM + (sample / signal.rate_hz) * scale.mmPerS;
  const y = BAND_TOP_MM + onBoldLine(bandMm * 0.6);
  const ink = [
    // Those of all leads; the others are each lead's own.
    ...view.waves.filter((wave) => wave.lead === null).flatMap((wave) => band(wave, x, bandMm)),
    trace({ samples, rateHz: signal.rate_hz, xMm: LEFT_MM, yMm: y, baselineMv: median(samples) }, scale),
    s("text", { class: "lead", x: LEFT_MM + 1, y: BAND_TOP_MM + bandMm - 2 }, lead),
    ...intervals(view.r_peaks, signal.rate_hz, x, BAND_TOP_MM + bandMm),
  ];
  return { widthMm: onBoldLine(x(signal.samples) + 2), heightMm: onBoldLine(BAND_TOP_MM + bandMm + FOOT_MM), ink };
}

function band(wave: Wave, x: (sample: number) => number, heightMm: number): SVGElement[] {
  const known = [wave.onset, wave.peak, wave.offset].filter((point): point is number => point !== null);
  const first = known[0];
  if (first === undefined) return [];
  const left = x(first);
  const width = Math.max(0.3, x(known[known.length - 1] ?? first) - left);
  return [
    s("rect", { class: `wave wave-${wave.kind}`, x: left, y: BAND_TOP_MM, width, height: heightMm }),
    // One line lower than P and T, which would lie beneath it where the PR interval is short.
    s("text", { class: `wave-name wave-name-${wave.kind}`, x: left + width / 2, y: BAND_TOP_MM + (wave.kind === "QRS" ? 7 : 3.6) }, wave.kind),
  ];
}

function intervals(peaks: number[], rateHz: number, x: (sample: number) => number, y: number): SVGElement[] {
  const ticks = peaks.map((peak) => s("path", { class: "divider", d: `M${x(peak)} ${y + 1}v3` }));
  const lengths = peaks.slice(1).map((peak, index) => {
    const before = peaks[index] ?? peak;
    const ms = Math.round(((peak - before) / rateHz) * 1000);
    return s("text", { class: "interval", x: (x(before) + x(peak)) / 2, y: y + 4 }, `${ms}`);
  });
  return [...ticks, ...lengths];
}
