/** How this reader likes ECGs drawn, remembered by the browser. */

/** As the platform names the layouts of its paper. */
export const LAYOUTS = ["3x4-ii", "3x4", "6x2", "12x1", "cabrera"] as const;
export type Layout = (typeof LAYOUTS)[number];
export type Size = "fit" | "true";

export interface Preferences {
  layout: Layout;
  mmPerS: number;
  mmPerMv: number;
  size: Size;
}

export const SPEEDS: readonly number[] = [25, 50];
export const GAINS: readonly number[] = [5, 10, 20];

const STORED_AS = "einthoven.paper";
const STANDARD: Preferences = { layout: "3x4-ii", mmPerS: 25, mmPerMv: 10, size: "fit" };

export function preferences(): Preferences {
  const stored = read();
  return {
    layout: LAYOUTS.find((layout) => layout === stored["layout"]) ?? STANDARD.layout,
    mmPerS: SPEEDS.find((speed) => speed === stored["mmPerS"]) ?? STANDARD.mmPerS,
    mmPerMv: GAINS.find((gain) => gain === stored["mmPerMv"]) ?? STANDARD.mmPerMv,
    size: stored["size"] === "true" ? "true" : STANDARD.size,
  };
}

export function prefer(changed: Partial<Preferences>): void {
  localStorage.setItem(STORED_AS, JSON.stringify({ ...preferences(), ...changed }));
}

function read(): Record<string, unknown> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED_AS) ?? "{}");
    return typeof stored === "object" && stored !== null ? (stored as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
