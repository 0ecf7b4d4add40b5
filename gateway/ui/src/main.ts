/** Einthoven's web page: a list of ECGs, one of them on paper, and what a model says of it. */

import { whoAmI } from "./api/client";
import { apiKey, forgetKey } from "./api/key";
import { byId, h } from "./dom";
import { RecordPage } from "./record/page";
import { onRoute } from "./router";
import { Sidebar } from "./sidebar/sidebar";

const sidebar = new Sidebar();
const page = new RecordPage();

await sidebar.open();
onRoute((route) => {
  sidebar.follow(route);
  page.follow(route);
});
void identify();

async function identify(): Promise<void> {
  const { tenant, subject } = await whoAmI();
  const place = byId("identity");
  place.replaceChildren(tenant === subject ? tenant : `${subject}, ${tenant}`);
  if (apiKey() === null) return;
  const leave = h("button", { type: "button", class: "quiet" }, "Sign out");
  leave.addEventListener("click", () => {
    forgetKey();
    location.assign("/");
    location.reload();
  });
  place.append(leave);
}
