/** The filter of the ECG: always stated beside speed and gain, chosen in a panel below. */

import { filterOffers, type FilterOffer } from "../api/offers";
import type { ViewKind } from "../api/types";
import { h } from "../dom";
import { FILTERED_KIND, withFilter, type FilterName, type Filters } from "../filters";
import { failure, waiting } from "../notice";

/** As the platform says that nothing was filtered. */
const NO_FILTER = "no filter";
const NAMES: Record<FilterName, string> = { baseline_hz: "High-pass", low_pass_hz: "Low-pass", notch_hz: "Mains notch" };
/** Stands for a state that is on its way. */
export const WAITING = "…";
export const LATE_MS = 150;
const GAP_PX = 6;
const PANEL = "filters";

export interface FilterControl {
  /** For the bar of controls. */
  control: HTMLElement;
  /** Opens over the page. */
  panel: HTMLElement;
  /** Say what is asked for. */
  ask(kind: ViewKind, asked: Filters): void;
  /** Say what was done to the view on the screen, in the platform's words, and what is to be known of it. */
  tell(applied: string, cautions: string[]): void;
}

/** Make the control; `changed` is called with what is to be asked for from now on. */
export function filterControl(changed: (filters: Filters) => void, signal: AbortSignal): FilterControl {
  const state = h("span", {}, WAITING);
  const button = h(
    "button",
    { id: "control-filter", type: "button", class: "drop", popovertarget: PANEL, "aria-haspopup": "dialog", "aria-labelledby": "filter-label control-filter" },
    state,
  );
  const body = h("div", {});
  const warned = h("div", { class: "warned", "aria-live": "polite" });
  const panel = h("div", { id: PANEL, class: "panel", popover: "auto", role: "dialog", "aria-label": "Filter" }, body, warned);
  let kind: ViewKind = FILTERED_KIND;
  let asked: Filters = {};

  const pick = (picked: Filters): void => {
    // At once: another may be picked before the platform has answered.
    asked = picked;
    mark(body, asked);
    changed(asked);
  };
  const fill = async (): Promise<void> => {
    if (kind !== FILTERED_KIND) return body.replaceChildren(...elsewhere());
    const late = setTimeout(() => body.replaceChildren(waiting("Loading")), LATE_MS);
    try {
      const offers = await filterOffers();
      body.replaceChildren(h("div", { class: "filters" }, ...choices(offers, asked, (name, hz) => pick(withFilter(asked, name, hz)))), below(() => pick({})));
      mark(body, asked);
    } catch (error) {
      body.replaceChildren(failure(error));
    } finally {
      clearTimeout(late);
    }
  };
  panel.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState !== "open") return;
    void fill().then(() => {
      place(panel, button);
      body.querySelector<HTMLElement>("input:checked")?.focus();
    });
  });
  const follow = (): void => {
    if (panel.isConnected && panel.matches(":popover-open")) place(panel, button);
  };
  for (const moved of ["scroll", "resize"]) addEventListener(moved, follow, { capture: true, passive: true, signal });

  return {
    control: h("div", { class: "control filter" }, h("span", { id: "filter-label", class: "name" }, "Filter"), button),
    panel,
    ask(nowKind, nowAsked) {
      [kind, asked] = [nowKind, nowAsked];
      mark(body, asked);
    },
    tell(applied, cautions) {
      state.textContent = applied === NO_FILTER ? "off" : applied;
      button.classList.toggle("active", applied !== WAITING && (applied !== NO_FILTER || cautions.length > 0));
      warned.replaceChildren(...cautions.map((text) => h("p", {}, text)));
      follow();
    },
  };
}

function choices(offers: FilterOffer[], asked: Filters, pick: (name: FilterName, hz: string | null) => void): HTMLElement[] {
  return offers.map(({ name, values }) => {
    // What the address asks for and nobody offers is shown all the same, so that it can be turned off.
    const unknown = asked[name] !== undefined && !values.map(String).includes(asked[name]) ? [asked[name]] : [];
    const options = ["", ...values.map(String), ...unknown].map((hz) => {
      const radio = h("input", { type: "radio", name, value: hz });
      radio.addEventListener("change", () => pick(name, hz === "" ? null : hz));
      return h("label", {}, radio, h("span", {}, hz === "" ? "Off" : `${hz} Hz`));
    });
    return h("fieldset", { class: "segments" }, h("legend", {}, NAMES[name]), h("div", {}, ...options));
  });
}

function below(off: () => void): HTMLElement {
  const button = h("button", { type: "button", class: "quiet", "data-off": "" }, "All off");
  button.addEventListener("click", () => {
    off();
    // It is about to be disabled, which would leave the keyboard nowhere.
    button.closest(".panel")?.querySelector("input")?.focus();
  });
  const told = "Nothing moves in time. What is measured is measured on the signal as recorded.";
  return h("div", { class: "panel-foot" }, h("p", { class: "hint" }, told), button);
}

function elsewhere(): HTMLElement[] {
  return [
    h("p", {}, h("strong", {}, "Filters are for the ECG.")),
    h("p", { class: "hint" }, "Every other view is made in one way, stated here and on the trace, so that no choice changes what is read from it."),
  ];
}

function mark(body: HTMLElement, asked: Filters): void {
  for (const radio of body.querySelectorAll("input")) radio.checked = (asked[radio.name as FilterName] ?? "") === radio.value;
  const off = body.querySelector<HTMLButtonElement>("[data-off]");
  if (off !== null) off.disabled = Object.keys(asked).length === 0;
}

/** Put the panel below its button, or above where there is no room, within the window. */
function place(panel: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const room = document.documentElement.clientWidth - width - GAP_PX;
  const under = at.bottom + GAP_PX;
  const fits = under + height <= innerHeight || at.top < height + GAP_PX;
  panel.style.left = `${Math.max(GAP_PX, Math.min(at.left, room))}px`;
  panel.style.top = `${fits ? under : at.top - height - GAP_PX}px`;
}
