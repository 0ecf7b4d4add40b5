/** Short stretches, a cell per lead, in the order of the twelve-lead sheet. */

import type { Samples } from "../api/types";
import { s } from "../dom";
import { COLUMNS, type Drawing } from "./layouts";
import { onBoldLine } from "./sheet";
import { trace, type Scale } from "./trace";

export interface Cell {
  lead: string;
  /** Lines laid over each other, each with the level that counts as its baseline. */
  lines: { samples: Samples; baselineMv: number }[];
}

const TOP_MM = 5;
const FOOT_MM = 10;

/** Draw cells in columns of three, standard leads first, others after them. */
export function cells(given: Cell[], rateHz: number, scale: Scale): Drawing {
  const order = COLUMNS.flat();
  const rank = (lead: string): number => (order.includes(lead) ? order.indexOf(lead) : order.length);
  const sorted = [...given].sort((one, other) => rank(one.lead) - rank(other.lead));
  const longest = Math.max(...given.flatMap((cell) => cell.lines.map((line) => line.samples.length)));
  const widthMm = onBoldLine((longest / rateHz) * scale.mmPerS + 5);
  const heightMm = Math.max(20, onBoldLine(3 * scale.mmPerMv));
  const rows = Math.min(3, sorted.length);
  const ink = sorted.flatMap((cell, index) => {
    const x = 5 + widthMm * Math.floor(index / rows);
    const y = TOP_MM + heightMm * (index % rows) + onBoldLine(heightMm / 2);
    const drawn = cell.lines.map((line) => trace({ ...line, rateHz, xMm: x, yMm: y }, scale));
    return [
      s("g", { class: cell.lines.length > 1 ? "overlaid" : null }, ...drawn),
      s("text", { class: "lead", x: x + 1, y: y - 1.12 * scale.mmPerMv }, cell.lead),
    ];
  });
  const columns = Math.ceil(sorted.length / rows);
  return { widthMm: 5 + widthMm * columns, heightMm: onBoldLine(TOP_MM + heightMm * rows + FOOT_MM), ink };
}
