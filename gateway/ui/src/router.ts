/** Where the reader is, kept in the address after `#` so that it can be bookmarked and goes to no server. */

import type { ViewKind } from "./api/types";
import { asQuery, filtersIn, type Filters } from "./filters";

export interface Route {
  datasetId: string | null;
  recordId: string | null;
  kind: ViewKind;
  filters: Filters;
}

const KINDS: readonly ViewKind[] = ["raw", "qrs", "events", "median-beats", "aligned", "representative-beats"];

/** Read the address: #/datasets/D/records/R/KIND?baseline_hz=0.5. */
export function currentRoute(): Route {
  const [path = "", query = ""] = location.hash.split("?");
  const parts = path.replace(/^#\/?/, "").split("/").map(decoded);
  const [datasets, datasetId, records, recordId, kind] = parts;
  return {
    datasetId: (datasets === "datasets" && datasetId) || null,
    recordId: (records === "records" && recordId) || null,
    kind: KINDS.find((known) => known === kind) ?? "raw",
    filters: filtersIn(new URLSearchParams(query)),
  };
}

export interface Place {
  datasetId: string;
  recordId?: string;
  kind?: ViewKind;
  filters?: Filters;
}

/** Return the address of a place. */
export function address({ datasetId, recordId, kind = "raw", filters = {} }: Place): string {
  const dataset = `#/datasets/${encodeURIComponent(datasetId)}`;
  const path = recordId === undefined ? dataset : `${dataset}/records/${encodeURIComponent(recordId)}/${kind}`;
  const query = asQuery(filters);
  return query === "" ? path : `${path}?${query}`;
}

/** Go to a place; `replace` leaves no step to go back to. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) location.replace(to);
  else location.hash = to;
}

/** Call back now and whenever the place changes. */
export function onRoute(callback: (route: Route) => void): void {
  const changed = (): void => callback(currentRoute());
  addEventListener("hashchange", changed);
  changed();
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
