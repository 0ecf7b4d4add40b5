/** What a reader of this ECG should know. */

import type { Remark } from "../api/types";
import { h } from "../dom";

/** List the remarks of the file and of the view, each once. */
export function remarkList(ofRecord: Remark[], ofView: Remark[]): HTMLElement {
  const texts = [...new Set([...ofView, ...ofRecord].map(({ text }) => text))];
  if (texts.length === 0) return h("div", {});
  return h("section", { class: "remarks" }, h("h2", {}, "Remarks"), h("ul", {}, ...texts.map((text) => h("li", {}, text))));
}
