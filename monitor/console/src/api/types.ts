/** What travels over HTTP and the stream, after `monitor/api/dto.py`. */

export interface Text {
  zh: string;
  en: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  detail_text?: Text | null;
  errors?: string[];
}

export type ServiceStatus = "ok" | "degraded" | "late";

export interface Health {
  status: ServiceStatus;
  scan_age_ms: number;
  devices_up: number;
  devices: number;
  blind_points: number;
  plant_differs: boolean;
  version: string;
}

export interface Session {
  username: string;
  person: string | null;
  name: Text;
  role: string;
  permissions: string[];
  site: Text;
  plant: string;
  timezone: string;
  language: "zh" | "en";
  server_time: string;
  history_keep_days: number;
}

export interface Person {
  id: string;
  name: Text;
  mobile: string;
}

export interface Chemical {
  name: Text;
  cas: string;
  quantity_t: number;
  critical_quantity_t: number;
}

export interface Source {
  id: string;
  name: Text;
  level: number;
  chemicals: Chemical[];
  principal_responsible: Person;
  technical_responsible: Person;
  operation_responsible: Person;
  points: number;
  blind_points: string[];
  alarms_by_priority: Record<string, number>;
  bypassed: { interlock: string; name: Text; since: string | null }[];
  interlocks: number;
}

export interface Limits {
  hh: number | null;
  h: number | null;
  l: number | null;
  ll: number | null;
}

export type Quality = "good" | "uncertain" | "bad" | "stale" | "never_seen";

export interface Tag {
  id: string;
  description: Text;
  hazard_source: string;
  process_unit: string;
  equipment: string;
  device: string;
  address: string;
  eu: string;
  low: number;
  high: number;
  discrete: boolean;
  normal_state: number | null;
  scan_class: string;
  resolution: number;
  limits: Limits;
  value: number | null;
  quality: Quality;
  reason: Text;
  status: number;
  source_time: string | null;
  received_time: string | null;
  time_resolution_ms: number;
  alarms: string[];
}

export interface Trend {
  tag: string;
  eu: string;
  t: number[];
  value: (number | null)[];
  minimum: (number | null)[];
  maximum: (number | null)[];
  quality: number[];
  oldest: string | null;
}

export interface Suppression {
  suppression: "shelved" | "by_design" | "out_of_service";
  reason: string;
  person: string;
  since: string;
  until: string | null;
}

export interface Alarm {
  id: string;
  occurrence: number;
  transition: number;
  tag: string | null;
  device: string | null;
  interlock: string | null;
  equipment: string | null;
  process_unit: string | null;
  hazard_source: string | null;
  kind: string;
  class: string;
  state: string;
  underlying_state: string;
  suppressions: Suppression[];
  unknown: boolean;
  priority: number;
  definition_priority: number;
  value: number | null;
  limit: number | null;
  eu: string;
  raised_at: string | null;
  changed_at: string | null;
  source_time: string | null;
  received_at: string | null;
  subject: Text;
  message: Text;
  detail: string[];
  acknowledged_by: string | null;
  acknowledged_name: string | null;
  acknowledged_at: string | null;
  comment: string;
}

export interface AlarmDetail extends Alarm {
  cause: Text;
  consequence: Text;
  response: Text;
  time_to_respond_s: number | null;
  set_point: number | null;
  dead_band: number;
  on_delay_s: number;
  off_delay_s: number;
  latch: boolean;
}

export interface Interlock {
  id: string;
  name: Text;
  hazard_source: string;
  process_unit: string;
  interlock_class: string;
  sil: number | null;
  service: "in_service" | "bypassed" | "unknown";
  tripped: boolean | null;
  bypassed_since: string | null;
  causes: string[];
  effects: string[];
  bypass_bits: string[];
  trip_point: number | null;
  trip_eu: string;
  alarm: string;
}

export interface Equipment {
  id: string;
  name: Text;
  kind: string;
  process_unit: string;
  hazard_source: string;
  height_m: number | null;
  overflow_height_m: number | null;
  fill_rate_m_per_h: number | null;
  level_tag: string | null;
  second_level_tag: string | null;
  level_switch_tag: string | null;
  pressure_tag: string | null;
  temperature_tag: string | null;
  inflow_tag: string | null;
  outflow_tag: string | null;
  inlet_valve_tag: string | null;
  outlet_valve_tag: string | null;
}

export type LinkState = "down" | "connecting" | "up" | "degraded" | "needs_operator";

export interface Device {
  id: string;
  name: Text;
  kind: string;
  endpoint: string;
  state: LinkState;
  since: string;
  attempts: number;
  reconnects: number;
  last_error: string;
  batches: number;
  readings: number;
  overruns: number;
  round_trip_ms: number;
  points: number;
  bad_points: number;
}

export interface Channel {
  id: string;
  kind: string;
  up: boolean;
  refused: boolean;
  last_error: string;
  last_accepted: string | null;
  waiting: number;
  oldest_waiting: string | null;
  answers: boolean;
}

export interface JournalRow {
  seq: number;
  time: string;
  kind: string;
  id: string | null;
  occurrence: number | null;
  transition: number | null;
  person: string | null;
  person_name: string | null;
  message: Text;
  body: Record<string, unknown>;
}

export interface JournalPage {
  rows: JournalRow[];
  next: string | null;
}

export type PushStatus = "waiting" | "in_flight" | "accepted" | "refused" | "superseded";

export interface Push {
  seq: number;
  id: string;
  occurrence: number;
  transition: number;
  channel: string;
  purpose: string;
  priority: number;
  status: PushStatus;
  attempts: number;
  last_error: string;
  queued_at: string;
  due_at: string;
  sent_at: string | null;
  accepted_at: string | null;
}

export interface StreamTags {
  type: "snapshot" | "tags";
  epoch: string;
  frame: number;
  prev: number;
  at: string;
  scan_age_ms: number;
  row: number[];
  value: (number | null)[];
  quality: number[];
  source_time_ms: (number | null)[];
  received_ms: number[];
  status: ServiceStatus;
  devices_up: number;
  devices: number;
  blind_points: number;
}

export interface StreamAlarm {
  type: "alarm";
  epoch: string;
  seq: number;
  trigger: string;
  before: string;
  after: string;
  occurrence: number;
  transition: number;
  annunciated: boolean;
  decided_at: string;
  journaled_at: string;
  person_name: string | null;
  alarm: Alarm;
}

export interface StreamAlarms {
  type: "alarms";
  epoch: string;
  seq: number;
  at: string;
  alarms: Alarm[];
}

export type StreamMessage = StreamTags | StreamAlarm | StreamAlarms;
