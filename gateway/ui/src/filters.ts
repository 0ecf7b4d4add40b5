/** Filters of the ECG: what is asked for, kept in the address beside the view. */

import type { ViewKind } from "./api/types";

/** As the platform names them. */
export const FILTERS = ["baseline_hz", "low_pass_hz", "notch_hz"] as const;
export type FilterName = (typeof FILTERS)[number];
/** Frequencies in hertz as they stand in the address; those that are off are absent. */
export type Filters = Readonly<Partial<Record<FilterName, string>>>;

/** The one view that takes filters: what is measured is always measured on the signal as recorded. */
export const FILTERED_KIND: ViewKind = "raw";

/** Read filters from the address; whether the platform has them is the platform's to say. */
export function filtersIn(query: URLSearchParams): Filters {
  return Object.fromEntries(FILTERS.map((name) => [name, query.get(name)]).filter(([, hz]) => hz));
}

/** Return what of them a view is asked for with. */
export function takenBy(kind: ViewKind, filters: Filters): Filters {
  return kind === FILTERED_KIND ? filters : {};
}

/** Return the same filters with one of them changed; null turns it off. */
export function withFilter(filters: Filters, name: FilterName, hz: string | null): Filters {
  return Object.fromEntries(FILTERS.map((each) => [each, each === name ? hz : filters[each]]).filter(([, value]) => value));
}

/** Write filters as a query, always in the same order. */
export function asQuery(filters: Filters): string {
  return new URLSearchParams(FILTERS.flatMap((name) => (filters[name] === undefined ? [] : [[name, filters[name]]]))).toString();
}
