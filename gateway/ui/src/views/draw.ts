/** From a view to a sheet of paper, one function per kind. */

import type { Samples, View, ViewKind } from "../api/types";
import { cells } from "../paper/cells";
import { arranged, fitsColumns, rows, type Drawing } from "../paper/layouts";
import { footnote, sheet } from "../paper/sheet";
import { median, type Scale } from "../paper/trace";
import { waveStrip } from "../paper/waves";
import type { Preferences } from "../preferences";
import { oneDecimal } from "../words";

/** Beats are enlarged in time: twelve of them fill a sheet. */
const QRS_MM_PER_S = 100;
const MEDIAN_MM_PER_S = 50;
const WARPED = "time runs at 60 beats/min";
/** Overlaid beats begin at the level of their first 30 ms, so that baseline wander does not part them. */
const LEVEL_S = 0.03;

/** Draw a view; null where it has nothing to draw, which its remarks explain. */
export function draw(view: View, lead: string, liking: Preferences): HTMLElement | null {
  const drawn = DRAWERS[view.kind](view, lead, liking);
  if (drawn === null) return null;
  const { drawing, note, what } = drawn;
  const rate = view.heart_rate_bpm === null ? "heart rate unknown" : `heart rate ${Math.round(view.heart_rate_bpm)} per minute`;
  const label = `${what}. ${note}. ${rate}.`;
  return sheet({ ...drawing, label }, [...drawing.ink, footnote(note, drawing.heightMm)], liking.size);
}

interface Drawn {
  drawing: Drawing;
  note: string;
  what: string;
}

const DRAWERS: Record<ViewKind, (view: View, lead: string, liking: Preferences) => Drawn | null> = {
  raw: ({ signal, start_s, filter }, _lead, liking) => {
    if (signal === null) return null;
    const drawing = liking.layout !== "12x1" && fitsColumns(signal) ? arranged(signal, liking.layout, liking) : rows(signal, liking);
    const stretch = `${oneDecimal(start_s)}–${oneDecimal(start_s + signal.samples / signal.rate_hz)} s`;
    return { drawing, note: `${scales(liking)}   ${filter}   ${oneDecimal(signal.rate_hz)} Hz   ${stretch}`, what: `ECG, ${signal.leads.length} leads` };
  },
  qrs: ({ beats }, _lead, { mmPerMv }) => {
    if (beats === null) return null;
    const scale = { mmPerS: QRS_MM_PER_S, mmPerMv };
    const level = Math.max(1, Math.round(LEVEL_S * beats.rate_hz));
    const each = beats.leads.map((name, row) => ({ lead: name, lines: (beats.data[row] ?? []).map((samples) => levelled(samples, level)) }));
    const count = beats.data[0]?.length ?? 0;
    return { drawing: cells(each, beats.rate_hz, scale), note: `${scales(scale)}   no filter   ${count} beats, level at their start`, what: "QRS complexes laid over each other" };
  },
  events: (view, lead, liking) => {
    if (view.signal === null) return null;
    return { drawing: waveStrip(view, lead, liking), note: `${scales(liking)}   no filter   RR intervals in ms`, what: `Waves of lead ${lead}` };
  },
  "representative-beats": ({ signal, filter }, _lead, liking) => beats(signal, liking, `${filter}   the patient's own time`, "Representative beats"),
  "median-beats": ({ signal, filter }, _lead, liking) => beats(signal, liking, `${filter}   ${WARPED}`, "Median beats"),
  aligned: ({ signal, filter }, _lead, liking) => {
    if (signal === null) return null;
    return { drawing: rows(signal, liking), note: `${scales(liking)}   ${filter}   ${WARPED}`, what: "Time-aligned ECG" };
  },
};

function beats(signal: View["signal"], { mmPerMv }: Preferences, note: string, what: string): Drawn | null {
  if (signal === null) return null;
  const scale = { mmPerS: MEDIAN_MM_PER_S, mmPerMv };
  const each = signal.leads.map((name, row) => ({ lead: name, lines: [{ samples: signal.data[row] ?? [], baselineMv: 0 }] }));
  return { drawing: cells(each, signal.rate_hz, scale), note: `${scales(scale)}   ${note}`, what };
}

function levelled(samples: Samples, level: number): { samples: Samples; baselineMv: number } {
  return { samples, baselineMv: median(samples.slice(0, level)) };
}

function scales({ mmPerS, mmPerMv }: Scale): string {
  return `${mmPerS} mm/s   ${mmPerMv} mm/mV`;
}
