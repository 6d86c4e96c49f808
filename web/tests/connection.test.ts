import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ClientMessage, ErrorCode } from "../src/protocol";
import { backOff, Connection, RTC_PATIENCE_MS, SOCKET_PATIENCE_MS, type Phase } from "../src/session/connection";
import type { Counters } from "../src/session/counters";
import type { Ending, Listener, Open, Request, Session, Transport } from "../src/session/session";
import { event, hello, sleep } from "./events";

/** A session that the test speaks for. */
class Fake implements Session {
  closed = false;
  readonly sent: ClientMessage[] = [];

  constructor(
    readonly transport: Transport,
    readonly request: Request,
    readonly listener: Listener,
  ) {}

  send(message: ClientMessage): void {
    this.sent.push(message);
  }

  picture(): void {
    // Pictures need a browser: tests/e2e.
  }

  counters(): Promise<Counters> {
    return Promise.reject(new Error("not measured"));
  }

  close(): void {
    this.closed = true;
  }
}

class Bench {
  readonly sessions: Fake[] = [];
  readonly phases: [Phase, Transport | null][] = [];
  readonly refusals: string[] = [];
  readonly waits: number[] = [];
  lastSeq = 0;
  readonly connection: Connection;

  constructor(rtc = true) {
    const own = { participant: "ada", consent: true, claim: null, speakers: "one", stream: null } as const;
    const request = { ...own, conversation: "talk", links: true, resumeAfter: 0 };
    const openers = { rtc: rtc ? this.#opener("rtc") : null, socket: this.#opener("socket") };
    this.connection = new Connection(openers, request, () => this.lastSeq, {
      phase: (phase, transport) => this.phases.push([phase, transport]),
      failed: (_tries, wait) => this.waits.push(wait),
      event: () => undefined,
      refused: (_code, message) => this.refusals.push(message),
    });
  }

  get last(): Fake {
    const last = this.sessions.at(-1);
    if (!last) throw new Error("no session was opened");
    return last;
  }

  get phase(): [Phase, Transport | null] | undefined {
    return this.phases.at(-1);
  }

  refuse(code: ErrorCode): void {
    this.end({ kind: "refused", code, message: `because ${code}` });
  }

  end(ending: Ending = { kind: "lost" }): void {
    this.last.listener.ended(ending);
  }

  #opener(transport: Transport): Open {
    return (request, listener) => {
      const session = new Fake(transport, request, listener);
      this.sessions.push(session);
      return session;
    };
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("the way there", () => {
  test("is WebRTC, and live with the server's hello", () => {
    const bench = new Bench();
    expect(bench.phase).toEqual(["connecting", null]);
    bench.last.listener.event(hello());
    expect(bench.phase).toEqual(["live", "rtc"]);
    vi.advanceTimersByTime(RTC_PATIENCE_MS + 1);
    expect(bench.sessions).toHaveLength(1);
  });

  test("is the socket where WebRTC stays silent, and stays the socket after a break", () => {
    const bench = new Bench();
    vi.advanceTimersByTime(RTC_PATIENCE_MS);
    expect(bench.sessions.map((one) => one.transport)).toEqual(["rtc", "socket"]);
    expect(bench.sessions[0]?.closed).toBe(true);
    bench.last.listener.event(hello());
    expect(bench.phase).toEqual(["live", "socket"]);
    bench.end();
    vi.advanceTimersByTime(SOCKET_PATIENCE_MS);
    expect(bench.sessions.slice(2).map((one) => one.transport)).not.toContain("rtc");
  });

  test("tries WebRTC again when the whole server had been away", () => {
    const bench = new Bench();
    bench.end();
    bench.end();
    vi.advanceTimersByTime(1000);
    expect(bench.sessions.map((one) => one.transport)).toEqual(["rtc", "socket", "rtc"]);
  });

  test("is the socket alone for those who only watch", () => {
    expect(new Bench(false).last.transport).toBe("socket");
  });
});

describe("a broken link", () => {
  test("is opened again after the last event seen", () => {
    const bench = new Bench();
    bench.last.listener.event(hello());
    bench.lastSeq = 42;
    bench.end();
    expect(bench.phase).toEqual(["reconnecting", null]);
    vi.advanceTimersByTime(1000);
    expect(bench.last.request.resumeAfter).toBe(42);
    bench.last.listener.event(hello(42));
    expect(bench.phase).toEqual(["live", "rtc"]);
  });

  test("is noticed by its silence", () => {
    const bench = new Bench();
    bench.last.listener.event(hello());
    vi.advanceTimersByTime(30_000);
    expect(bench.phases).toContainEqual(["reconnecting", null]);
  });

  test("is not suspected while pings are answered", () => {
    const bench = new Bench();
    const { listener, sent } = bench.last;
    listener.event(hello());
    for (let second = 0; second < 60; second += 5) {
      vi.advanceTimersByTime(5000);
      listener.event(event(0, { type: "pong", nonce: 1 }));
    }
    expect(bench.phase).toEqual(["live", "rtc"]);
    expect(sent.filter((one) => one.type === "ping").length).toBeGreaterThan(10);
  });

  test("is not suspected by a page that slept longer than the patience", () => {
    const bench = new Bench();
    const { listener } = bench.last;
    listener.event(hello());
    listener.event(event(0, { type: "pong", nonce: 1 }));
    // A hidden tab's timer comes once a minute instead of every five seconds.
    sleep(55_000);
    vi.advanceTimersByTime(5000);
    expect(bench.phase).toEqual(["live", "rtc"]);
  });

  test("says when it is tried again, and is tried at once when asked", () => {
    const bench = new Bench(false);
    bench.end();
    expect(bench.waits).toHaveLength(1);
    bench.connection.retry();
    expect(bench.sessions).toHaveLength(2);
    bench.connection.retry();
    vi.advanceTimersByTime(2000);
    expect(bench.sessions).toHaveLength(2);
  });

  test("is tried ever more slowly, up to a bound, and never all at once", () => {
    const waits = [0, 1, 2, 3, 20].map((tries) => backOff(tries, 0.5));
    expect(waits).toEqual([500, 1000, 2000, 4000, 15_000]);
    expect(backOff(0, 0)).toBeLessThan(backOff(0, 0.9));
  });
});

describe("a refusal", () => {
  test("ends it and says why", () => {
    const bench = new Bench();
    bench.refuse("conversation_full");
    expect(bench.phase).toEqual(["ended", null]);
    expect(bench.refusals).toEqual(["because conversation_full"]);
    vi.advanceTimersByTime(60_000);
    expect(bench.sessions).toHaveLength(1);
  });

  test.each(["participant_taken", "replaced"] as const)("that says %s stands, for a live session too: the place is another's", (code) => {
    const bench = new Bench();
    bench.last.listener.event(hello());
    bench.refuse(code);
    expect(bench.phase).toEqual(["ended", null]);
    vi.advanceTimersByTime(60_000);
    expect(bench.sessions).toHaveLength(1);
    expect(bench.refusals).toEqual([`because ${code}`]);
  });
});

describe("stopping", () => {
  test("says bye and waits for the answer to what was said last", () => {
    const bench = new Bench();
    bench.last.listener.event(hello());
    bench.connection.stop();
    expect(bench.last.sent.at(-1)).toEqual({ type: "bye" });
    expect(bench.phase).toEqual(["finishing", null]);
    bench.last.listener.event(event(3, { type: "bye", reason: "client" }));
    expect(bench.phase).toEqual(["ended", null]);
    expect(bench.last.closed).toBe(true);
  });

  test("ends without the answer when none comes, and does not reconnect", () => {
    const bench = new Bench();
    bench.last.listener.event(hello());
    bench.connection.stop();
    bench.end();
    expect(bench.phase).toEqual(["ended", null]);
    vi.advanceTimersByTime(60_000);
    expect(bench.sessions).toHaveLength(1);
  });
});
