/** Numbers and people, as clinicians write them. */

import type { EcgRecord } from "./api/types";
import { h } from "./dom";

export function oneDecimal(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 1, useGrouping: false });
}

export function percent(share: number): string {
  return `${(100 * share).toLocaleString("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 })} %`;
}

/** "2024-02-29 09:10": an ISO 8601 moment as the file states it, to the minute. */
export function moment(stated: string): string {
  return stated.slice(0, 16).replace("T", " ");
}

/** "61 y, female", as far as it is known. */
export function person({ age_years, sex }: EcgRecord): string {
  const parts = [age_years === null ? null : `${Math.floor(age_years)} y`, sex];
  return parts.filter((part) => part !== null).join(", ");
}

/** A file's name with places to break it at, where its parts end. */
export function breakable(name: string): (Node | string)[] {
  return name.split(/(?<=[-_./])/).flatMap((part, index) => (index === 0 ? [part] : [h("wbr"), part]));
}

export function labels({ labels: given }: EcgRecord): string {
  return given.map(({ name }) => name).join(", ");
}
