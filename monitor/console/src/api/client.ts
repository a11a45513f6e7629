/** The only `fetch` of the console.  Every address is relative to the origin, so any port and host works. */
import type {
  Alarm,
  AlarmDetail,
  Channel,
  DefinitionHistory,
  DesignSuppression,
  Device,
  Diagnostics,
  Drift,
  Equipment,
  Explanation,
  Forecast,
  FiguresReport,
  FloodBoard,
  GroupAnswer,
  Health,
  Interlock,
  InterlockRate,
  JournalPage,
  Nuisance,
  Permit,
  PermitRequest,
  Position,
  Problem,
  Protection,
  Push,
  SeenAlarm,
  Sequence,
  Session,
  Shadow,
  Source,
  Tag,
  Text,
  Trend,
} from "./types";
import { language } from "../i18n";

const ROOT = "/api/v1";
const PATIENCE_MS = 15_000;

/** An answer that is not what was asked for; `text` says what to do, in both languages. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly text: Text,
  ) {
    super(text.en);
    this.name = "RefusedError";
  }
}

const NO_ANSWER: Text = {
  zh: "服务没有回答：请检查网络，或联系仪表人员",
  en: "The service does not answer: check the network, or call instrumentation",
};

let onUnauthorized: () => void = () => undefined;

/** Tell the client what to do when the session is over. */
export function whenUnauthorized(action: () => void): void {
  onUnauthorized = action;
}

async function refusal(response: Response): Promise<RefusedError> {
  let problem: Partial<Problem> = {};
  try {
    problem = (await response.json()) as Partial<Problem>;
  } catch {
    // a proxy answered something that is not problem+json: the status is all there is
  }
  const plain = problem.detail || problem.title || `HTTP ${response.status}`;
  const text = problem.detail_text ?? { zh: plain, en: plain };
  return new RefusedError(response.status, text);
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(ROOT + path, {
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...init,
    });
  } catch {
    throw new RefusedError(0, NO_ANSWER);
  }
  return response;
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await send(path, init);
  if (response.status === 401 && path !== "/session") onUnauthorized();
  if (!response.ok) throw await refusal(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

function post<T>(path: string, body: unknown): Promise<T> {
  return ask<T>(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

function query(values: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(values).filter((pair): pair is [string, string | number] => pair[1] != null && pair[1] !== "");
  return given.length === 0 ? "" : "?" + given.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join("&");
}

export interface JournalQuery {
  from?: string | null;
  to?: string | null;
  id?: string | null;
  tag?: string | null;
  hazard_source?: string | null;
  trigger?: string | null;
  state?: string | null;
  person?: string | null;
  kind?: string | null;
  text?: string | null;
  limit?: number;
  after?: string | null;
}

/** A stretch of time, RFC 3339 in UTC. */
export interface Period {
  from: string;
  to: string;
}

/** In-service rates: of which groups, and one for each shift, day or month, or one for the whole period. */
export interface RateQuery extends Period {
  by: "plant" | "class" | "process_unit" | "hazard_source" | "interlock";
  each: "whole" | "shift" | "day" | "month";
}
/** A step that a person takes with a permit and says something to. */
export type PermitStep = "approve" | "refuse" | "revoke" | "withdraw" | "check-measures";

/** What takes an alarm out of service, and what stands in for it. */
export interface RemovalWish {
  reason: string;
  until: string;
  authorised_by: string;
  /** Of the one who authorises; empty where the class asks for a name only. */
  password: string;
  interim: string;
}

const id = encodeURIComponent;

export const api = {
  logIn: (username: string, password: string) => post<Session>("/session", { username, password }),
  logOut: () => ask<void>("/session", { method: "DELETE" }),
  session: () => ask<Session>("/session"),
  tags: () => ask<Tag[]>("/tags"),
  tag: (tag: string) => ask<Tag>(`/tags/${id(tag)}`),
  trend: (tag: string, from: string, to: string, points: number) =>
    ask<Trend>(`/tags/${id(tag)}/trend${query({ from, to, points })}`),
  alarm: (alarm: string) => ask<AlarmDetail>(`/alarms/${id(alarm)}`),
  acknowledge: (alarm: string, occurrence: number, comment: string) =>
    post<Alarm>(`/alarms/${id(alarm)}/acknowledge`, { occurrence, comment }),
  reset: (alarm: string, occurrence: number, comment: string) =>
    post<Alarm>(`/alarms/${id(alarm)}/reset`, { occurrence, comment }),
  acknowledgeGroup: (alarms: SeenAlarm[], comment: string) => post<GroupAnswer[]>("/alarms/acknowledge", { alarms, comment }),
  shelve: (alarm: string, occurrence: number, reason: string, durationS: number) =>
    post<Alarm>(`/alarms/${id(alarm)}/shelve`, { occurrence, reason, duration_s: durationS }),
  unshelve: (alarm: string, comment: string) => post<Alarm>(`/alarms/${id(alarm)}/unshelve`, { comment }),
  removeFromService: (alarm: string, occurrence: number, wish: RemovalWish) =>
    post<Alarm>(`/alarms/${id(alarm)}/remove-from-service`, { occurrence, ...wish }),
  returnToService: (alarm: string, comment: string) => post<Alarm>(`/alarms/${id(alarm)}/return-to-service`, { comment }),
  suppressed: () => ask<Alarm[]>("/alarms?state=suppressed"),
  designSuppressions: () => ask<DesignSuppression[]>("/suppressions"),
  positions: () => ask<Position[]>("/positions"),
  silence: (position: string) => post<unknown>(`/positions/${id(position)}/silence`, {}),
  flood: () => ask<FloodBoard>("/flood"),
  figures: (period: Period) => ask<FiguresReport>(`/figures${query({ ...period })}`),
  nuisance: (period: Period) => ask<Nuisance>(`/figures/nuisance${query({ ...period })}`),
  sequence: (period: Period) => ask<Sequence>(`/sequence${query({ ...period })}`),
  forecasts: (tag: string | null) => ask<Forecast[]>(`/forecasts${query({ tag })}`),
  explanation: (alarm: string) => ask<Explanation>(`/alarms/${id(alarm)}/explanation`),
  shadow: () => ask<Shadow>("/shadow"),
  drift: () => ask<Drift>("/definitions/drift"),
  definitionHistory: (alarm: string) => ask<DefinitionHistory>(`/definitions/${id(alarm)}/history`),
  diagnostics: () => ask<Diagnostics>("/diagnostics"),
  equipment: () => ask<Equipment[]>("/equipment"),
  interlocks: () => ask<Interlock[]>("/interlocks"),
  interlock: (interlock: string) => ask<Interlock>(`/interlocks/${id(interlock)}`),
  interlockRates: (wanted: RateQuery) => ask<InterlockRate[]>(`/interlocks/rates${query({ ...wanted })}`),
  protections: () => ask<Protection[]>("/protections"),
  permits: (state = "open", interlock: string | null = null, before: number | null = null) => ask<Permit[]>(`/permits${query({ state, interlock, before })}`),
  requestPermit: (wish: PermitRequest) => post<Permit>("/permits", wish),
  stepPermit: (permit: string, step: PermitStep, comment: string) => post<Permit>(`/permits/${id(permit)}/${step}`, { comment }),
  checkFunction: (permit: string, passed: boolean, comment: string) => post<Permit>(`/permits/${id(permit)}/check-function`, { passed, comment }),
  sources: () => ask<Source[]>("/sources"),
  devices: () => ask<Device[]>("/devices"),
  channels: () => ask<Channel[]>("/channels"),
  pushes: (alarm: string) => ask<Push[]>(`/pushes${query({ id: alarm })}`),
  journal: (wanted: JournalQuery) => ask<JournalPage>(`/journal${query({ ...wanted })}`),
};

/** Health is the one question open to all; a `late` service answers it with 503 and a body. */
export async function health(): Promise<Health | null> {
  try {
    const response = await send("/health");
    return (await response.json()) as Health;
  } catch {
    return null;
  }
}

const WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/** A workbook of 100 000 rows takes that long to make. */
const FILE_PATIENCE_MS = 120_000;

/** What an address answers as a file, for a person to keep; its headings in the language of the screen. */
async function file(path: string, type: string): Promise<Blob> {
  const headers = { Accept: type, "Accept-Language": language.value };
  const response = await send(path, { headers, signal: AbortSignal.timeout(FILE_PATIENCE_MS) });
  if (!response.ok) throw await refusal(response);
  return response.blob();
}
const csv = (path: string): Promise<Blob> => file(path, "text/csv");

export const journalCsv = (wanted: JournalQuery): Promise<Blob> => csv(`/journal${query({ ...wanted })}`);
export const journalWorkbook = (wanted: JournalQuery): Promise<Blob> => file(`/journal${query({ ...wanted })}`, WORKBOOK);
export const figuresCsv = (period: Period): Promise<Blob> => csv(`/figures${query({ ...period })}`);
export const sequenceCsv = (period: Period): Promise<Blob> => csv(`/sequence${query({ ...period })}`);
export const interlocksCsv = (): Promise<Blob> => csv(`/interlocks${query({ language: language.value })}`);
export const permitsCsv = (state: string): Promise<Blob> => csv(`/permits${query({ state, language: language.value })}`);
export const interlockRatesCsv = (wanted: RateQuery): Promise<Blob> => csv(`/interlocks/rates${query({ ...wanted, language: language.value })}`);
