/** One lead's line on the paper. */

import type { Samples } from "../api/types";
import { s } from "../dom";

export interface Scale {
  mmPerS: number;
  mmPerMv: number;
}

export interface Trace {
  samples: Samples;
  rateHz: number;
  /** Where the first sample lies, and the level that counts as the baseline. */
  xMm: number;
  yMm: number;
  baselineMv: number;
}

/** Finer than a pen: samples closer than this are drawn as the span that they cover. */
const PEN_MM = 0.1;

/** The line of a lead; it breaks where nothing was recorded. */
export function trace(line: Trace, scale: Scale): SVGElement {
  return s("path", { class: "trace", d: path(line, scale) });
}

/** The pulse of 1 mV over 200 ms that shows the scale, ending at x. */
export function calibrationPulse(xMm: number, yMm: number, { mmPerS, mmPerMv }: Scale): SVGElement {
  const width = 0.2 * mmPerS;
  const foot = 0.04 * mmPerS;
  const start = xMm - width - 2 * foot;
  return s("path", { class: "trace", d: `M${start} ${yMm}h${foot}v${-mmPerMv}h${width}v${mmPerMv}h${foot}` });
}

/** The middle of what was recorded: traces are set on their line by it, nothing else is done to them. */
export function median(samples: Samples): number {
  const known = samples.filter((value): value is number => value !== null).sort((one, other) => one - other);
  return known[known.length >> 1] ?? 0;
}

function path({ samples, rateHz, xMm, yMm, baselineMv }: Trace, { mmPerS, mmPerMv }: Scale): string {
  const together = Math.max(1, Math.floor((PEN_MM * rateHz) / mmPerS));
  const parts: string[] = [];
  let pen = false;
  for (let first = 0; first < samples.length; first += together) {
    for (const index of extremes(samples, first, Math.min(first + together, samples.length))) {
      const value = samples[index];
      if (value === null || value === undefined) {
        pen = false;
        continue;
      }
      const x = xMm + (index / rateHz) * mmPerS;
      const y = yMm - (value - baselineMv) * mmPerMv;
      parts.push(`${pen ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`);
      pen = true;
    }
  }
  return parts.join("");
}

/** The samples of a span that its line must touch, in order: the lowest and the highest, or a gap. */
function extremes(samples: Samples, first: number, end: number): number[] {
  let low = first;
  let high = first;
  for (let index = first; index < end; index += 1) {
    const value = samples[index];
    if (value === null || value === undefined) return [index];
    if (value < (samples[low] ?? value)) low = index;
    if (value > (samples[high] ?? value)) high = index;
  }
  if (low === high) return [low];
  return low < high ? [low, high] : [high, low];
}
