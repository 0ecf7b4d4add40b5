/** A sheet of millimetre paper: an SVG whose unit is the millimetre. */

import { h, s } from "../dom";
import type { Size } from "../preferences";

export interface Sheet {
  widthMm: number;
  heightMm: number;
  /** What someone who does not see it is told. */
  label: string;
}

/** The nearest multiple of 5 mm that is not less: sheets and baselines lie on the bold lines. */
export function onBoldLine(mm: number): number {
  return Math.ceil(mm / 5 - 1e-9) * 5;
}

/** Draw a sheet with ink on it; in true size one of its millimetres is one of the screen's. */
export function sheet({ widthMm, heightMm, label }: Sheet, ink: SVGElement[], size: Size): HTMLElement {
  const svg = s(
    "svg",
    { class: "paper", viewBox: `0 0 ${widthMm} ${heightMm}`, role: "img", "aria-label": label },
    s("rect", { class: "paper-ground", width: widthMm, height: heightMm }),
    lines("fine-lines", 1, widthMm, heightMm),
    lines("bold-lines", 5, widthMm, heightMm),
    ...ink,
  );
  svg.style.setProperty("--paper-width", `${widthMm}mm`);
  return h("div", { class: `desk desk-${size}`, tabindex: size === "true" ? 0 : null, role: size === "true" ? "group" : null, "aria-label": size === "true" ? "ECG paper, scrolls sideways" : null }, svg);
}

/** A note along the lower edge: the scale and what was done to the signal. */
export function footnote(text: string, heightMm: number): SVGElement {
  return s("text", { class: "footnote", x: 5, y: heightMm - 3 }, text);
}

function lines(name: string, everyMm: number, widthMm: number, heightMm: number): SVGElement {
  const parts: string[] = [];
  for (let x = 0; x <= widthMm; x += everyMm) parts.push(`M${x} 0V${heightMm}`);
  for (let y = 0; y <= heightMm; y += everyMm) parts.push(`M0 ${y}H${widthMm}`);
  return s("path", { class: name, d: parts.join("") });
}
