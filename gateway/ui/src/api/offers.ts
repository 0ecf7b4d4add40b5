/** What the gateway offers, read from its own description: nothing is listed here a second time. */

import { FILTERS, type FilterName } from "../filters";
import { Problem } from "./problem";

export interface FilterOffer {
  name: FilterName;
  /** In hertz, ascending. */
  values: number[];
}

interface Schema {
  $ref?: string;
  enum?: unknown[];
  anyOf?: Schema[];
}

interface Description {
  paths: Record<string, { get?: { parameters?: { name: string; schema: Schema }[] } }>;
  components: { schemas: Record<string, Schema> };
}

const VIEWS = "/api/v1/records/{record_id}/views/{kind}";
let known: Promise<FilterOffer[]> | null = null;

/** The filters that views can be asked for with; read once, when first wanted. */
export function filterOffers(): Promise<FilterOffer[]> {
  known ??= read().catch((error: unknown) => {
    known = null;
    throw error;
  });
  return known;
}

async function read(): Promise<FilterOffer[]> {
  const answer = await fetch("/openapi.json", { credentials: "omit" });
  if (!answer.ok) throw await Problem.of(answer);
  const description = (await answer.json()) as Description;
  const parameters = description.paths[VIEWS]?.get?.parameters ?? [];
  return FILTERS.map((name) => {
    const schema = parameters.find((parameter) => parameter.name === name)?.schema;
    return { name, values: schema === undefined ? [] : numbers(schema, description).sort((one, other) => one - other) };
  });
}

function numbers(schema: Schema, description: Description): number[] {
  const named = description.components.schemas[schema.$ref?.split("/").pop() ?? ""];
  const within = [...(schema.anyOf ?? []), ...(named === undefined ? [] : [named])];
  const own = (schema.enum ?? []).filter((value) => typeof value === "number");
  return [...own, ...within.flatMap((each) => numbers(each, description))];
}
