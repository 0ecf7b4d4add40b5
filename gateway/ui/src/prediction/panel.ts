/** What a model says of this ECG. */

import { models, predict } from "../api/client";
import type { EcgRecord, Model } from "../api/types";
import { h } from "../dom";
import { empty, failure, waiting, wasAborted } from "../notice";
import { result } from "./result";

const STORED_AS = "einthoven.model";

/** The panel beside the views: choose a model, ask it, read its answer. */
export function predictionPanel(record: EcgRecord, signal: AbortSignal): HTMLElement {
  const body = h("div", {}, waiting("Loading models"));
  void fill(body, record, signal);
  return h("section", { class: "prediction", "aria-labelledby": "prediction-title" }, h("h2", { id: "prediction-title" }, "Ask a model"), body);
}

async function fill(body: HTMLElement, record: EcgRecord, signal: AbortSignal): Promise<void> {
  try {
    const found = await models();
    if (found.length === 0) {
      const train = h("code", {}, "einthoven train");
      return body.replaceChildren(empty("No models yet.", "Train one with ", train, ", or import an ONNX file with ", h("code", {}, "einthoven models import"), "."));
    }
    body.replaceChildren(...form(found, record, signal));
  } catch (error) {
    body.replaceChildren(failure(error));
  }
}

function form(found: Model[], record: EcgRecord, signal: AbortSignal): HTMLElement[] {
  const last = localStorage.getItem(STORED_AS);
  const select = h("select", { id: "model" }, ...found.map((model) => h("option", { value: key(model), selected: key(model) === last }, title(model))));
  const about = h("p", { class: "hint" });
  const button = h("button", { type: "submit", class: "primary wide" }, "Run on this ECG");
  const answer = h("div", { class: "answer", "aria-live": "polite" });
  const chosen = (): Model | undefined => found.find((model) => key(model) === select.value);
  const describe = (): void => {
    about.textContent = description(chosen());
    answer.replaceChildren();
  };
  select.addEventListener("change", describe);
  describe();
  const asked = h("form", {}, h("label", { for: "model" }, "Model"), select, about, button);
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    const model = chosen();
    if (model === undefined) return;
    localStorage.setItem(STORED_AS, key(model));
    button.disabled = true;
    void ask(answer, model, record, signal).finally(() => {
      button.disabled = false;
    });
  });
  return [asked, answer];
}

async function ask(answer: HTMLElement, model: Model, record: EcgRecord, signal: AbortSignal): Promise<void> {
  answer.replaceChildren(waiting("The model reads"));
  try {
    answer.replaceChildren(...result(await predict(model, record.record_id, signal), model, record));
  } catch (error) {
    if (!wasAborted(error)) answer.replaceChildren(failure(error));
  }
}

function key(model: Model): string {
  return `${model.name} ${model.version}`;
}

function title(model: Model): string {
  return `${model.name}, version ${model.version}`;
}

function description(model: Model | undefined): string {
  const classes = model?.manifest.output?.classes ?? [];
  const owner = model?.own === false ? "Published by another department. " : "";
  if (classes.length === 0) return owner;
  const names = classes.slice(0, 6).map(({ name }) => name);
  const more = classes.length > names.length ? ` and ${classes.length - names.length} more` : "";
  return `${owner}Tells ${names.join(", ")}${more}.`;
}
