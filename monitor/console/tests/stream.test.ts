import { beforeEach, describe, expect, it } from "vitest";
import { backoffMs, SILENCE_MS, type Socket, Stream } from "../src/api/stream";
import type { StreamMessage } from "../src/api/types";
import { frame } from "./make";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: string[] = [];
  closed = false;
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
  drop(code = 1006): void {
    this.onclose?.({ code });
  }
}

class World {
  now = 0;
  sockets: FakeSocket[] = [];
  timers = new Map<number, { at: number; action: () => void }>();
  next = 1;
  open = (): Socket => {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  };
  later = (action: () => void, afterMs: number): number => {
    this.timers.set(this.next, { at: this.now + afterMs, action });
    return this.next++;
  };
  cancel = (timer: number): void => void this.timers.delete(timer);
  random = (): number => 1;

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.now = due[1].at;
      due[1].action();
    }
    this.now = end;
  }
  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1]!;
  }
}

describe("the stream", () => {
  let world: World;
  let seen: StreamMessage[];
  let log: string[];
  let needsResync: boolean;
  let stream: Stream;
  const RESYNC = JSON.stringify({ type: "resync" });

  beforeEach(() => {
    world = new World();
    seen = [];
    log = [];
    needsResync = false;
    stream = new Stream(
      {
        message: (message) => {
          seen.push(message);
          return needsResync;
        },
        opened: () => log.push("opened"),
        closed: () => log.push("closed"),
      },
      world,
    );
    stream.start();
    world.socket.onopen?.();
  });

  it("hands every message on", () => {
    world.socket.say(frame());
    expect(seen).toHaveLength(1);
    expect(log).toEqual(["opened"]);
  });

  it("asks for everything when a frame is missing, once, until the snapshot is here", () => {
    needsResync = true;
    world.socket.say(frame({ frame: 9, prev: 8 }));
    world.socket.say(frame({ frame: 10, prev: 9 }));
    expect(world.socket.sent).toEqual([RESYNC]);
    needsResync = false;
    world.socket.say(frame({ type: "snapshot", frame: 10, prev: 0 }));
    needsResync = true;
    world.socket.say(frame({ frame: 20, prev: 19 }));
    expect(world.socket.sent).toEqual([RESYNC, RESYNC]);
  });

  it("half a message is a missing message", () => {
    world.socket.say('{"type":"tags","epo');
    expect(seen).toHaveLength(0);
    expect(world.socket.sent).toEqual([RESYNC]);
  });

  it("connects again for ever, waiting longer each time, and quickly again after a good one", () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const before = world.now;
      const count = world.sockets.length;
      world.socket.drop();
      while (world.sockets.length === count) world.pass(10);
      waits.push(world.now - before);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    world.socket.say(frame());
    world.socket.drop();
    world.pass(260);
    expect(world.sockets).toHaveLength(9);
  });

  it("throws a socket away that is open but silent", () => {
    world.socket.say(frame());
    world.pass(SILENCE_MS - 1);
    expect(world.sockets).toHaveLength(1);
    world.pass(1_000);
    expect(world.sockets[0]!.closed).toBe(true);
    expect(world.sockets).toHaveLength(2);
    expect(log).toEqual(["opened", "closed"]);
  });

  it("a late close of a socket thrown away does not cost the new one", () => {
    world.pass(SILENCE_MS + 1_000);
    const [old, fresh] = [world.sockets[0]!, world.sockets[1]!];
    old.drop();
    old.say(frame());
    expect(seen).toHaveLength(0);
    fresh.say(frame());
    expect(seen).toHaveLength(1);
    expect(world.sockets).toHaveLength(2);
  });

  it("ends when told, and stays ended", () => {
    stream.stop();
    expect(world.socket.closed).toBe(true);
    world.socket.drop();
    world.pass(60_000);
    expect(world.sockets).toHaveLength(1);
    expect(world.timers.size).toBe(0);
  });

  it("starting twice opens one socket", () => {
    stream.start();
    expect(world.sockets).toHaveLength(1);
  });
});

it("jitter keeps between half and all of the wait", () => {
  expect(backoffMs(0, 0)).toBe(125);
  expect(backoffMs(0, 1)).toBe(250);
  expect(backoffMs(40, 1)).toBe(5000);
});
