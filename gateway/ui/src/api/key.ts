/** The API key of this browser tab, and the dialog that asks for it. */

import { h } from "../dom";

const STORED_AS = "einthoven.api-key";
let asking: Promise<void> | null = null;

/** Return the key in use; none where the platform runs for one local user. */
export function apiKey(): string | null {
  return sessionStorage.getItem(STORED_AS);
}

/** Forget the key. */
export function forgetKey(): void {
  sessionStorage.removeItem(STORED_AS);
}

/** Ask for a key, once however many calls need it; resolves when one was given. */
export function askForKey(reason: string): Promise<void> {
  asking ??= ask(reason).finally(() => {
    asking = null;
  });
  return asking;
}

function ask(reason: string): Promise<void> {
  return new Promise((resolve) => {
    const field = h("input", { id: "api-key", type: "password", autocomplete: "off", required: true, spellcheck: "false", "aria-describedby": "api-key-help" });
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "api-key-title" }, "Sign in"),
      h("p", { class: "soft" }, reason),
      h("label", { for: "api-key" }, "API key"),
      field,
      h("p", { id: "api-key-help", class: "hint" }, "Your department's administrator hands out keys. This one is forgotten when you close the tab."),
      h("div", { class: "actions" }, h("button", { type: "submit", class: "primary" }, "Continue")),
    );
    const dialog = h("dialog", { class: "dialog", "aria-labelledby": "api-key-title" }, form);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", () => {
      sessionStorage.setItem(STORED_AS, field.value.trim());
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
