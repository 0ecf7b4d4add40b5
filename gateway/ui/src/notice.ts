/** What a reader is told in place of what was asked for. */

import { asProblem } from "./api/problem";
import { h } from "./dom";

/** A failure in the platform's own words, with what it is called and the id to quote. */
export function failure(error: unknown): HTMLElement {
  const problem = asProblem(error);
  return h(
    "div",
    { class: "notice failure", role: "alert" },
    h("strong", {}, problem.title),
    h("p", {}, problem.message),
    problem.errorId !== null && h("p", { class: "hint" }, "Quote to your operators: ", h("code", {}, problem.errorId)),
  );
}

/** Something is on its way. */
export function waiting(what: string): HTMLElement {
  return h("p", { class: "waiting", role: "status" }, `${what} …`);
}

/** There is nothing to show, and what to do about it. */
export function empty(title: string, ...advice: (Node | string)[]): HTMLElement {
  return h("div", { class: "notice" }, h("strong", {}, title), h("p", {}, ...advice));
}

/** Whether a call failed only because nobody waits for it any more. */
export function wasAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
