/** Calls of the gateway's REST surface. */

import { takenBy, type Filters } from "../filters";
import { apiKey, askForKey, forgetKey } from "./key";
import { Problem } from "./problem";
import type { Dataset, EcgRecord, Identity, Measurement, Model, Page, PredictionReport, View, ViewKind } from "./types";

const ROOT = "/api/v1";
const MAX_PAGES = 20;
const UNAUTHENTICATED = 401;

export interface SavedFile {
  name: string;
  content: Blob;
}

export interface Stretch {
  startS: number;
  durationS: number;
}

export const whoAmI = (): Promise<Identity> => call("/me");

/** Every dataset of the department, newest first. */
export const datasets = (): Promise<Dataset[]> => all("/datasets");

/** Every version of every model that the caller can see, newest first. */
export const models = (): Promise<Model[]> => all("/models");

export function records(datasetId: string, cursor: string | null, signal: AbortSignal): Promise<Page<EcgRecord>> {
  return call(`/datasets/${encodeURIComponent(datasetId)}/records?${query({ limit: 50, cursor })}`, { signal });
}

export function record(recordId: string, signal: AbortSignal): Promise<EcgRecord> {
  return call(`/records/${encodeURIComponent(recordId)}`, { signal });
}

export async function measurements(recordId: string, signal: AbortSignal): Promise<Measurement[]> {
  const path = `/records/${encodeURIComponent(recordId)}/measurements`;
  return (await call<{ measurements: Measurement[] }>(path, { signal })).measurements;
}

export interface Look {
  kind: ViewKind;
  stretch: Stretch;
  filters: Filters;
}

export function view(recordId: string, { kind, stretch, filters }: Look, signal: AbortSignal): Promise<View> {
  const window = query({ start_s: stretch.startS, duration_s: stretch.durationS, ...takenBy(kind, filters) });
  return call(`/records/${encodeURIComponent(recordId)}/views/${kind}?${window}`, { signal });
}

/** The signal as a file, with the name that the platform gives it. */
export function signalFile(recordId: string, format: string): Promise<SavedFile> {
  return file(`/records/${encodeURIComponent(recordId)}/signal?${query({ format })}`, recordId);
}

/** A view as a file, drawn on paper as this reader likes it. */
export function viewFile(recordId: string, kind: ViewKind, asked: Record<string, string | number>): Promise<SavedFile> {
  return file(`/records/${encodeURIComponent(recordId)}/views/${kind}?${query(asked)}`, recordId);
}

async function file(path: string, otherwise: string): Promise<SavedFile> {
  const answer = await ask(path, {}, "*/*");
  const named = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  return { name: decodeURIComponent(named?.[1] ?? otherwise), content: await answer.blob() };
}

export function predict(model: Model, recordId: string, signal: AbortSignal): Promise<PredictionReport> {
  const body = JSON.stringify({ model: { name: model.name, version: model.version }, record_ids: [recordId] });
  return call("/predictions", { method: "POST", body, headers: { "Content-Type": "application/json" }, signal });
}

async function all<Item>(path: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer: Page<Item> = await call(`${path}?${query({ limit: 200, cursor })}`);
    items.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor === null) break;
  }
  return items;
}

async function call<Answer>(path: string, options: RequestInit = {}): Promise<Answer> {
  return (await (await ask(path, options, "application/json")).json()) as Answer;
}

async function ask(path: string, options: RequestInit, accepted: string): Promise<Response> {
  for (;;) {
    const key = apiKey();
    const headers = new Headers(options.headers);
    headers.set("Accept", accepted);
    if (key !== null) headers.set("Authorization", `Bearer ${key}`);
    const answer = await fetch(ROOT + path, { ...options, headers, credentials: "omit" });
    if (answer.ok) return answer;
    const problem = await Problem.of(answer);
    if (problem.status !== UNAUTHENTICATED) throw problem;
    if (apiKey() === key) {
      forgetKey();
      await askForKey(key === null ? "The ECGs here are shown to those with an API key." : problem.message);
    }
  }
}

function query(parameters: Record<string, string | number | null>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== null);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}
