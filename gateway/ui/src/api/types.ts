/** The parts of the gateway's JSON that this page reads; the whole is at /openapi.json. */

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export interface Identity {
  tenant: string;
  subject: string;
}

export interface Dataset {
  dataset_id: string;
  name: string;
  records: number;
}

export interface Remark {
  code: string;
  text: string;
}

/** One measurement as the device states it. */
export interface DeviceMeasurement {
  name: string;
  value: number;
  unit: string;
}

export interface Acquisition {
  device: string | null;
  acquired_at: string | null;
  high_pass_hz: number | null;
  low_pass_hz: number | null;
  notch_hz: number | null;
  measurements: DeviceMeasurement[];
  statements: string[];
}

/** How good an ECG is: its leads are those with something wrong. */
export interface Quality {
  grade: "good" | "usable" | "poor" | "unusable";
  reasons: Remark[];
  leads: { lead: string; flags: string[]; is_lost: boolean }[];
}

export interface EcgRecord {
  record_id: string;
  dataset_id: string;
  file_name: string;
  format: string;
  leads: string[];
  samples: number;
  rate_hz: number;
  duration_s: number;
  remarks: Remark[];
  labels: { name: string; icd10: string | null }[];
  age_years: number | null;
  sex: string | null;
  acquisition: Acquisition | null;
  quality: Quality | null;
  created_at: string;
}

/** Millivolt; null where nothing was recorded. */
export type Samples = (number | null)[];

export interface Signal {
  leads: string[];
  rate_hz: number;
  samples: number;
  data: Samples[];
}

export interface Beats {
  leads: string[];
  rate_hz: number;
  peak_index: number;
  data: Samples[][];
}

export type WaveKind = "P" | "QRS" | "T";

export interface Wave {
  kind: WaveKind;
  lead: string | null;
  onset: number | null;
  peak: number | null;
  offset: number | null;
}

export type ViewKind = "raw" | "qrs" | "events" | "median-beats" | "aligned" | "representative-beats";

export interface View {
  kind: ViewKind;
  record_id: string;
  start_s: number;
  heart_rate_bpm: number | null;
  /** What was done to the signal, e.g. "no filter". */
  filter: string;
  remarks: Remark[];
  signal: Signal | null;
  beats: Beats | null;
  r_peaks: number[];
  waves: Wave[];
}

export interface Measurement {
  name: string;
  value: number | null;
  unit: string;
  reason: string | null;
  lead: string | null;
}

export interface OutputClass {
  name: string;
  threshold?: number | null;
}

export interface Model {
  name: string;
  version: string;
  visibility: "department" | "site";
  own: boolean;
  manifest: { output?: { task?: string; classes?: OutputClass[] } };
}

export interface Score {
  name: string;
  value: number | null;
  positive: boolean;
  codes: Record<string, string>;
}

/** How good an ECG is as a whole, as told beside what a model says of it. */
export interface EcgQuality {
  grade: Quality["grade"];
  reasons: Remark[];
  suspected_reversal: string | null;
}

export interface Prediction {
  scores: Score[];
  remarks: Remark[];
  error: { code: string; detail: string } | null;
  quality: EcgQuality | null;
}

export interface PredictionReport {
  model: { name: string; version: string };
  model_sha256: string;
  task: string;
  predictions: Prediction[];
}
