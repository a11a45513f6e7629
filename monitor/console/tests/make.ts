/** Small, complete values of the contract; a test changes what it is about. */
import type { Alarm, Equipment, Flood, FloodFold, Horn, Interlock, JournalRow, Permit, Position, Protection, SequenceEvent, Session, StreamAlarm, StreamTags, Suppression, Tag } from "../src/api/types";

export const T0 = Date.parse("2026-03-01T04:00:00.000Z");
export const iso = (seconds: number): string => new Date(T0 + seconds * 1000).toISOString();

export function alarm(change: Partial<Alarm> = {}): Alarm {
  const state = change.underlying_state ?? "unacknowledged";
  return {
    id: "LT-101A.HH",
    occurrence: 1,
    transition: 1,
    tag: "LT-101A",
    device: null,
    interlock: null,
    equipment: "T-101",
    process_unit: "U-100",
    hazard_source: "HS-2",
    kind: "HH",
    class: "process",
    state,
    underlying_state: state,
    suppressions: [],
    unknown: false,
    priority: 2,
    definition_priority: 2,
    value: 10.9,
    limit: 10.8,
    eu: "m",
    raised_at: iso(0),
    changed_at: iso(0),
    source_time: iso(0),
    received_at: iso(0),
    subject: { zh: "液位", en: "level" },
    message: { zh: "高高报警", en: "high-high" },
    detail: [],
    acknowledged_by: null,
    acknowledged_name: null,
    acknowledged_at: null,
    comment: "",
    position: null,
    shelvable: true,
    comment_required: false,
    ...change,
  };
}

export const shelved: Suppression = {
  suppression: "shelved",
  reason: "检修",
  person: "wang",
  person_name: "王",
  since: iso(0),
  until: null,
  authorised_by: "",
  authorised_name: "",
  interim: "",
  source: "",
  condition: "",
  reason_en: "",
};

export function event(seq: number, of: Alarm, change: Partial<StreamAlarm> = {}): StreamAlarm {
  return {
    type: "alarm",
    epoch: "e1",
    seq,
    trigger: "raised",
    before: "normal",
    after: of.underlying_state,
    occurrence: of.occurrence,
    transition: of.transition,
    annunciated: true,
    decided_at: iso(0),
    journaled_at: iso(0),
    person_name: null,
    alarm: of,
    ...change,
  };
}

export function frame(change: Partial<StreamTags> = {}): StreamTags {
  return {
    type: "tags",
    epoch: "e1",
    frame: 2,
    prev: 1,
    at: iso(0),
    scan_age_ms: 40,
    row: [],
    value: [],
    quality: [],
    source_time_ms: [],
    received_ms: [],
    status: "ok",
    devices_up: 3,
    devices: 3,
    blind_points: 0,
    ...change,
  };
}

export function tag(change: Partial<Tag> = {}): Tag {
  return {
    id: "LT-101A",
    health: null,
    health_tag: null,
    description: { zh: "101 号罐液位", en: "Tank 101 level" },
    hazard_source: "HS-2",
    process_unit: "U-100",
    equipment: "T-101",
    device: "PLC-2",
    address: "hr:100",
    eu: "m",
    low: 0,
    high: 12,
    discrete: false,
    normal_state: null,
    scan_class: "normal",
    resolution: 0.001,
    limits: { hh: 10.8, h: 10, l: 1.5, ll: 0.9 },
    value: 5,
    quality: "good",
    reason: { zh: "", en: "" },
    status: 0,
    source_time: null,
    received_time: null,
    time_resolution_ms: 1000,
    alarms: [],
    ...change,
  };
}

export function equipment(change: Partial<Equipment> = {}): Equipment {
  return {
    id: "T-101",
    name: { zh: "101 号罐", en: "Tank 101" },
    kind: "atmospheric_tank",
    process_unit: "U-100",
    hazard_source: "HS-2",
    height_m: 12,
    overflow_height_m: 11.6,
    fill_rate_m_per_h: 1.1,
    level_tag: "LT-101A",
    second_level_tag: "LT-101B",
    level_switch_tag: "LSHH-101",
    pressure_tag: null,
    temperature_tag: null,
    inflow_tag: null,
    outflow_tag: null,
    inlet_valve_tag: null,
    outlet_valve_tag: null,
    ...change,
  };
}

export function interlock(change: Partial<Interlock> = {}): Interlock {
  return {
    id: "SIS-101",
    name: { zh: "高高液位联锁", en: "high-high level interlock" },
    hazard_source: "HS-2",
    process_unit: "U-100",
    interlock_class: "B",
    sil: 1,
    service: "in_service",
    action: "ready",
    voting: "full",
    headline: "in_service",
    permit: "none",
    unused_permit: false,
    demand: false,
    bypassed_by: [],
    demanded_by: [],
    voting_needed: 1,
    equipment: "",
    owner: "",
    proof_test_due: null,
    proof_test_overdue: false,
    tripped: false,
    bypassed_since: null,
    service_since: null,
    action_since: null,
    causes: ["LSHH-101"],
    effects: ["XV-101I.CLOSED"],
    bypass_bits: ["BPS-101"],
    trip_point: 11.2,
    trip_eu: "m",
    trip_point_tag: null,
    feedback: [],
    live_trip_points: [],
    alarm: "SIS-101.bypass",
    ...change,
  };
}

export function horn(change: Partial<Horn> = {}): Horn {
  return { position: "A", sounding: false, alarms: [], silenced_by: null, silenced_at: null, ...change };
}

export function position(change: Partial<Position> = {}): Position {
  return { id: "A", name: { zh: "一岗", en: "Desk A" }, hazard_sources: ["HS-1"], process_units: [], accounts: [], roles: ["operator"], mine: true, horn: horn(), ...change };
}

export function session(change: Partial<Session> = {}): Session {
  return {
    username: "operator",
    person: "P1",
    name: { zh: "冯", en: "Feng" },
    role: "operator",
    permissions: ["plant.read", "alarm.acknowledge", "alarm.shelve"],
    site: { zh: "厂", en: "Site" },
    plant: "plant",
    timezone: "Asia/Shanghai",
    language: "zh",
    server_time: iso(0),
    history_keep_days: 30,
    positions: ["A"],
    ...change,
  };
}

export function fold(change: Partial<FloodFold> = {}): FloodFold {
  return { by: "equipment", key: "T-101", name: { zh: "101 号罐", en: "Tank 101" }, priority: 2, count: 2, unacknowledged: 2, since: iso(0), first_out: ["a"], undecided_within_ms: 0, alarms: ["a", "b"], ...change };
}

export function flood(change: Partial<Flood> = {}): Flood {
  return { position: "A", in_flood: true, since: iso(0), count: 12, peak: 15, pinned: [], folds: [], ...change };
}

export function sequenceEvent(change: Partial<SequenceEvent> = {}): SequenceEvent {
  return {
    seq: 1,
    id: "LT-101A.HH",
    occurrence: 1,
    trigger: "raised",
    priority: 2,
    subject: { zh: "液位", en: "level" },
    message: { zh: "高高报警", en: "high-high" },
    tag: "LT-101A",
    device: null,
    value: 10.9,
    eu: "m",
    at: iso(0),
    earliest: iso(0),
    latest: iso(0),
    time_from: "source",
    resolution_ms: 10,
    decided_at: iso(0),
    first_out: false,
    undecided_with_next: 0,
    undecided_within_ms: 0,
    ...change,
  };
}

/** In use since T0 for four hours, asked by an operator, approved by both of its ladder. */
export function permit(change: Partial<Permit> = {}): Permit {
  return {
    id: "P-000001",
    interlock: "SIS-101",
    bits: ["BPS-101"],
    state: "in_use",
    reason: "检修",
    risk: "满罐",
    measures: ["人工检尺"],
    start: iso(0),
    until: iso(4 * 3600),
    passed_percent: 0,
    overdue: false,
    requested_by: "王",
    requested_at: iso(-600),
    ladder: ["shift_leader", "manager"],
    next_role: null,
    approvals: [],
    check_every_s: 1800,
    check_due: null,
    checks: [],
    missed: 0,
    used_at: iso(0),
    cleared_at: null,
    ended_at: null,
    ended_by: "",
    ended_note: "",
    ...change,
  };
}

export function protection(change: Partial<Protection> = {}): Protection {
  return { id: "T-101", equipment: "T-101", hazard_source: "HS-2", available: 2, required: 2, transfer: false, short: false, layers: [], ...change };
}

export function journalRow(change: Partial<JournalRow> = {}): JournalRow {
  return { seq: 1, time: iso(0), kind: "interlock", id: "SIS-101", occurrence: null, transition: null, person: null, person_name: null, message: { zh: "投用", en: "in service" }, body: {}, ...change };
}
