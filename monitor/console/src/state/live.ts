/** The one store: what the stream and the lists say now, as Vue references around the pure states beside it. */
import { computed, ref, shallowReactive, shallowRef, triggerRef } from "vue";
import { api, health, RefusedError } from "../api/client";
import { Stream } from "../api/stream";
import type { Alarm, Channel, DesignSuppression, Device, Equipment, FloodBoard, FloodState, Horn, Interlock, Permit, Position, Session, Source, StreamMessage, Tag } from "../api/types";
import { speakSite } from "../i18n";
import * as alarmsOf from "./alarms";
import * as linkOf from "./link";
import { isOpen } from "./permits";
import { addSample, ratePerHour, type Sample } from "./rate";
import { columns, reading as readingOf, type Reading, takeFrame } from "./tags";

const POLL_MS = 5_000;
const TICK_MS = 200;
const SETTLE_MS = 300;
/** In a flood the folds are asked for no more often than this. */
const FLOOD_MS = 2_000;

export const session = shallowRef<Session | null>(null);
export const alarmsState = shallowRef(alarmsOf.NO_ALARMS);
export const link = shallowRef(linkOf.NO_LINK);
export const columnsNow = shallowRef(columns([]));
/** The lists that HTTP gives; loaded at log-in, after an epoch change, and where noted every few seconds. */
export const lists = shallowReactive({
  tags: [] as Tag[],
  equipment: [] as Equipment[],
  interlocks: [] as Interlock[],
  /** Bypass permits that still matter. */
  permits: [] as Permit[],
  sources: [] as Source[],
  devices: [] as Device[],
  channels: [] as Channel[],
  positions: [] as Position[],
  /** Alarms that somebody or the design has silenced, whether or not their condition holds. */
  suppressed: [] as Alarm[],
  /** Suppressions by design that stand, with the alarms beneath them. */
  designs: [] as DesignSuppression[],
});
/** Horn of each operator position; empty while the service has told none. */
export const horns = shallowRef<ReadonlyMap<string, Horn>>(new Map());
/** As the stream tells it; empty means that no position is flooded. */
export const floodStates = shallowRef<readonly FloodState[]>([]);
/** The folds, asked for while a position is flooded or somebody folds the list. */
export const floodBoard = shallowRef<FloodBoard | null>(null);
export const foldsWanted = ref(false);
export const loaded = ref(false);
/** The files of the plant folder are not what runs. */
export const plantDiffers = ref(false);
/** Browser's monotonic time, stepping five times a second. */
export const nowMs = ref(performance.now());
const startedMs = ref(performance.now());
const samples = new Map<string, readonly Sample[]>();

export const alarms = computed(() => alarmsOf.sorted(alarmsState.value));
export const totals = computed(() => alarmsOf.totals(alarms.value));
export const freshness = computed(() => linkOf.freshness(link.value, nowMs.value, startedMs.value));
export const dataAgeMs = computed(() => linkOf.ageMs(link.value, nowMs.value));
export const waitedMs = computed(() => nowMs.value - startedMs.value);
/** Wall clock of the server in whole seconds; this computer's only until the server has spoken. */
export const serverMs = computed(() => floor(linkOf.serverNowMs(link.value, nowMs.value) ?? Date.now(), 1_000));
/** The same in whole minutes: enough to know what day it is, and long lists need not be written anew every second. */
export const todayMs = computed(() => floor(serverMs.value, 60_000));
const floor = (ms: number, step: number): number => Math.floor(ms / step) * step;
export const lastDataMs = computed(() => {
  const { heardMs, scanAgeMs } = link.value;
  return heardMs === null ? null : (linkOf.serverNowMs(link.value, heardMs) ?? 0) - scanAgeMs;
});
export const timezone = computed(() => session.value?.timezone ?? "Asia/Shanghai");
export const tagById = computed(() => new Map(lists.tags.map((tag) => [tag.id, tag])));
export const sourceById = computed(() => new Map(lists.sources.map((source) => [source.id, source])));
export const interlockById = computed(() => new Map(lists.interlocks.map((interlock) => [interlock.id, interlock])));
export const deviceById = computed(() => new Map(lists.devices.map((device) => [device.id, device])));
export const positionById = computed(() => new Map(lists.positions.map((position) => [position.id, position])));
/** Before the first snapshot nothing is known, which is not the same as blind. */
export const awaiting = computed(() => columnsNow.value.epoch === "");
export const alarmsByTag = computed(() => grouped(alarms.value, (alarm) => alarm.tag));

function grouped(of: readonly Alarm[], key: (alarm: Alarm) => string | null): Map<string, Alarm[]> {
  const found = new Map<string, Alarm[]>();
  for (const alarm of of) {
    const name = key(alarm);
    if (name === null) continue;
    const others = found.get(name);
    if (others) others.push(alarm);
    else found.set(name, [alarm]);
  }
  return found;
}

/** Value of one tag now; reactive. */
export const reading = (id: string | null | undefined): Reading => readingOf(columnsNow.value, id);

/** How fast a level tag moves, in its unit per hour; null while too little was seen. */
export function rateOf(id: string | null): number | null {
  void columnsNow.value;
  return id === null ? null : ratePerHour(samples.get(id) ?? []);
}

function sampleLevels(): void {
  const at = nowMs.value;
  for (const { level_tag: tag } of lists.equipment) {
    if (tag === null) continue;
    const { usable, value } = readingOf(columnsNow.value, tag);
    if (!usable || value === null) samples.delete(tag);
    else samples.set(tag, addSample(samples.get(tag) ?? [], { atMs: at, value }));
  }
}

let reloading: Promise<void> | null = null;
let settle: number | null = null;

async function loadAll(): Promise<void> {
  const [tags, equipment, positions] = await Promise.all([api.tags(), api.equipment(), api.positions(), loadChanging()]);
  Object.assign(lists, { tags, equipment, positions });
  columnsNow.value = columns(tags.map((tag) => tag.id));
  samples.clear();
  loaded.value = true;
}

/** What changes while the plant runs and does not travel on the stream. */
async function loadChanging(): Promise<void> {
  const [interlocks, permits, sources, devices, channels, suppressed, designs] = await Promise.all([
    api.interlocks(), api.permits(), api.sources(), api.devices(), api.channels(), api.suppressed(), api.designSuppressions(),
  ]);
  Object.assign(lists, { interlocks, permits, sources, devices, channels, suppressed, designs });
  plantDiffers.value = (await health())?.plant_differs ?? plantDiffers.value;
}

/** Load the lists again: another run of the service may have another tag order. */
function reload(): Promise<void> {
  reloading ??= loadAll()
    .catch(() => undefined) // the next frame of the new epoch starts it again
    .finally(() => {
      reloading = null;
    });
  return reloading;
}

function take(message: StreamMessage): boolean {
  switch (message.type) {
    case "alarms":
      alarmsState.value = alarmsOf.takeAll(message);
      horns.value = new Map((message.horns ?? []).map((horn) => [horn.position, horn]));
      floodStates.value = []; // the stream tells it again where there is one
      return false;
    case "horn":
      horns.value = new Map(horns.value).set(message.horn.position, message.horn);
      return false;
    case "flood":
      floodStates.value = message.positions;
      refreshFlood();
      return false;
    case "alarm":
      alarmsState.value = alarmsOf.takeEvent(alarmsState.value, message);
      refreshSoon();
      return false;
    case "snapshot":
    case "tags": {
      nowMs.value = performance.now();
      link.value = linkOf.heard(link.value, message, nowMs.value);
      if (reloading !== null || !loaded.value) return false;
      const outcome = takeFrame(columnsNow.value, message);
      if (outcome === "epoch") void reload();
      if (outcome === "taken") {
        triggerRef(columnsNow);
        sampleLevels();
      }
      return outcome === "gap";
    }
    default:
      return false; // a message of a newer service
  }
}

/** An alarm has changed: bypasses, blind points and links probably too. */
export function refreshSoon(): void {
  if (settle !== null) return;
  settle = window.setTimeout(() => {
    settle = null;
    refresh();
  }, SETTLE_MS);
}

function refresh(): void {
  if (session.value === null || !loaded.value || document.hidden || !link.value.connected) return;
  loadChanging().catch(() => undefined); // the data age already says that nothing comes
  refreshFlood();
}

let floodTimer: number | null = null;
let floodAskedMs = -Infinity;

/** Ask for the folds, soon but not too often, while somebody has a use for them. */
export function refreshFlood(): void {
  if (floodTimer !== null || session.value === null) return;
  if (!foldsWanted.value && !floodStates.value.some((one) => one.in_flood)) return;
  floodTimer = window.setTimeout(() => {
    floodTimer = null;
    floodAskedMs = performance.now();
    api.flood().then(
      (board) => (floodBoard.value = board),
      () => undefined, // folded as before; what is new stands above the folds
    );
  }, Math.max(0, floodAskedMs + FLOOD_MS - performance.now()));
}

const stream = new Stream({
  message: take,
  opened: () => {
    link.value = linkOf.opened(link.value);
    if (!loaded.value) void reload();
  },
  closed: () => {
    link.value = linkOf.closed(link.value);
    void checkSession();
  },
});

async function checkSession(): Promise<void> {
  try {
    await api.session();
  } catch (error) {
    if (error instanceof RefusedError && error.status === 401) leave();
  }
}

/** Take what a command answered; the stream tells everybody else. */
export function takeAnswer(alarm: Alarm): void {
  alarmsState.value = alarmsOf.takeAnswer(alarmsState.value, alarm);
}

/** The same for a permit: it stands in the book at once, or leaves it. */
export function takePermit(permit: Permit): void {
  const others = lists.permits.filter((one) => one.id !== permit.id);
  lists.permits = isOpen(permit) ? [permit, ...others] : others;
  refreshSoon();
}

/** Begin: somebody is logged in. */
export function enter(who: Session): void {
  session.value = who;
  speakSite(who.language);
  startedMs.value = nowMs.value = performance.now();
  void reload();
  stream.start();
}

/** End: nobody is logged in; nothing of the plant stays on the screen. */
export function leave(): void {
  stream.stop();
  session.value = null;
  loaded.value = false;
  alarmsState.value = alarmsOf.NO_ALARMS;
  link.value = linkOf.NO_LINK;
  columnsNow.value = columns([]);
  horns.value = new Map();
  floodStates.value = [];
  floodBoard.value = null;
  Object.assign(lists, { tags: [], equipment: [], interlocks: [], permits: [], sources: [], devices: [], channels: [], positions: [], suppressed: [], designs: [] });
  samples.clear();
}

/** Start the screen's own pulse: the age of the data, the blink, the slow lists. */
export function startPulse(): void {
  const tick = () => {
    nowMs.value = performance.now();
    document.documentElement.dataset["blink"] = Date.now() % 1000 < 500 ? "on" : "off";
  };
  window.setInterval(tick, TICK_MS / 2);
  window.setInterval(refresh, POLL_MS);
  document.addEventListener("visibilitychange", () => {
    tick();
    refresh();
  });
}
