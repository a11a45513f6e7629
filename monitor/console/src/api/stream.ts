/** The only WebSocket of the console: connects for ever, hands every message on, asks again when one is missing. */
import type { StreamMessage } from "./types";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** A socket that is open but silent for this long is thrown away: a dead router keeps it "open" for minutes. */
export const SILENCE_MS = 6_000;

/** Wait before the n-th attempt in a row (0 = first): doubling, bounded, with jitter so that twenty consoles do not knock together. */
export function backoffMs(attempt: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + random / 2);
}

/** What the stream needs of a socket; a browser's WebSocket has it. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface StreamEvents {
  /** Called for every message; answers true when a resync is needed. */
  message(message: StreamMessage): boolean;
  opened(): void;
  closed(): void;
}

export interface Surroundings {
  open(): Socket;
  later(action: () => void, afterMs: number): number;
  cancel(timer: number): void;
  random(): number;
}

function browser(): Surroundings {
  return {
    open: () => {
      const scheme = location.protocol === "https:" ? "wss:" : "ws:";
      return new WebSocket(`${scheme}//${location.host}/api/v1/stream`) as unknown as Socket;
    },
    later: (action, afterMs) => window.setTimeout(action, afterMs),
    cancel: (timer) => window.clearTimeout(timer),
    random: Math.random,
  };
}

export class Stream {
  private socket: Socket | null = null;
  private attempt = 0;
  private timer: number | null = null;
  private silence: number | null = null;
  private asked = false;

  constructor(
    private readonly events: StreamEvents,
    private readonly around: Surroundings = browser(),
  ) {}

  start(): void {
    if (this.socket !== null || this.timer !== null) return;
    const socket = this.around.open();
    this.socket = socket;
    socket.onopen = () => {
      this.events.opened();
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(String(event.data));
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
    socket.onerror = () => undefined; // a close always follows
    this.listen();
  }

  stop(): void {
    const socket = this.socket;
    this.socket = null;
    this.clear();
    socket?.close();
  }

  private receive(text: string): void {
    this.attempt = 0;
    this.listen();
    let message: StreamMessage;
    try {
      message = JSON.parse(text) as StreamMessage;
    } catch {
      this.resync(); // half a message is a missing message
      return;
    }
    if (message.type === "snapshot") this.asked = false;
    if (this.events.message(message)) this.resync();
  }

  /** Ask once; frames still on their way must not ask again. */
  private resync(): void {
    if (this.asked || this.socket === null) return;
    this.asked = true;
    this.socket.send(JSON.stringify({ type: "resync" }));
  }

  private listen(): void {
    if (this.silence !== null) this.around.cancel(this.silence);
    this.silence = this.around.later(() => {
      const socket = this.socket;
      this.lost();
      socket?.close();
    }, SILENCE_MS);
  }

  private lost(): void {
    this.socket = null;
    this.clear();
    this.events.closed();
    const wait = backoffMs(this.attempt, this.around.random());
    this.attempt += 1;
    this.timer = this.around.later(() => {
      this.timer = null;
      this.start();
    }, wait);
  }

  private clear(): void {
    this.asked = false;
    if (this.silence !== null) this.around.cancel(this.silence);
    if (this.timer !== null) this.around.cancel(this.timer);
    this.silence = this.timer = null;
  }
}
