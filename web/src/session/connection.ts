/** Keeps a session alive: WebRTC first, a socket where that is blocked, and again with back-off when the link breaks. */

import type { ClientMessage, ErrorCode, ServerEvent } from "../protocol";
import type { Counters } from "./counters";
import type { Ending, Open, Request, Session, Transport } from "./session";

export type Phase = "connecting" | "live" | "finishing" | "reconnecting" | "ended";

export interface Watcher {
  phase(phase: Phase, transport: Transport | null): void;
  /** So many tries in a row have come to nothing; the next one begins after so many milliseconds. */
  failed(tries: number, wait: number): void;
  event(event: ServerEvent): void;
  /** Over for good: the server said no, with a sentence. */
  refused(code: ErrorCode, message: string): void;
}

export interface Openers {
  /** null: don't try, as when only watching. */
  readonly rtc: Open | null;
  readonly socket: Open;
}

/** WebRTC that has not brought the server's hello by then is taken to be blocked. */
export const RTC_PATIENCE_MS = 4000;
export const SOCKET_PATIENCE_MS = 10_000;
const PING_MS = 5000;
const SILENCE_MS = 15_000;
const GOODBYE_MS = 8000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** How long to wait before the n-th try (from 0); `random` in [0, 1) spreads many clients out. */
export function backOff(tries: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (0.75 + 0.5 * random);
}

export class Connection {
  #session: Session | null = null;
  #live = false;
  #wasLive = false;
  #over = false;
  #stopping = false;
  /** WebRTC didn't get through, on this try or at all. */
  #fallen = false;
  #blocked: boolean;
  #tries = 0;
  /** When the first ping was sent that nothing has come after. */
  #asked: number | null = null;
  readonly #timers: Partial<Record<TimerName, Timer>> = {};

  constructor(
    private readonly openers: Openers,
    private request: Request,
    private readonly lastSeq: () => number,
    private readonly watcher: Watcher,
  ) {
    this.#blocked = openers.rtc === null;
    watcher.phase("connecting", null);
    this.#open();
  }

  send(message: ClientMessage): void {
    this.#session?.send(message);
  }

  /** Another picture than before, on this session and on those that follow a broken link. */
  picture(track: MediaStreamTrack | null): void {
    const sound = this.request.stream?.getAudioTracks() ?? [];
    this.request = { ...this.request, stream: new MediaStream(track ? [...sound, track] : sound) };
    this.#session?.picture(track);
  }

  /** Tries at once instead of waiting any longer. */
  retry(): void {
    if (this.#session === null && !this.#over) this.#again();
  }

  /** What the present link has carried; null while there is none. */
  async counters(): Promise<Counters | null> {
    return (this.#live && (await this.#session?.counters())) || null;
  }

  /** Says goodbye and goes on listening until what was said last is answered. */
  stop(): void {
    if (this.#over || this.#stopping) return;
    if (!this.#live) return this.#end();
    this.#stopping = true;
    this.send({ type: "bye" });
    this.watcher.phase("finishing", null);
    this.#set("patience", () => this.#end(), GOODBYE_MS);
  }

  /** Ends it at once, as when the page is left. */
  close(): void {
    if (!this.#over) this.#end();
  }

  #open(): void {
    const open = this.#blocked || this.#fallen ? this.openers.socket : (this.openers.rtc ?? this.openers.socket);
    const patience = open === this.openers.rtc ? RTC_PATIENCE_MS : SOCKET_PATIENCE_MS;
    this.#live = false;
    this.#set("patience", () => this.#lost(), patience);
    this.#session = open(this.request, {
      event: (event) => this.#event(event),
      ended: (ending) => this.#ended(ending),
    });
  }

  #event(event: ServerEvent): void {
    this.#asked = null;
    if (event.type === "hello") this.#greeted();
    this.watcher.event(event);
    if (event.type === "bye" && (event.reason === "client" || event.reason === "ended")) this.#end();
  }

  #greeted(): void {
    clearTimeout(this.#timers.patience);
    this.#live = this.#wasLive = true;
    this.#blocked ||= this.#fallen;
    this.#tries = 0;
    this.#asked = null;
    this.#ping();
    this.watcher.phase("live", this.#session?.transport ?? null);
  }

  /**
   * A link can die without a word: one that answers no ping is given up. Counted from the first unanswered one, since
   * a page in the background may sleep for longer than the patience.
   */
  #ping(): void {
    this.#asked ??= performance.now();
    if (performance.now() - this.#asked > SILENCE_MS) return this.#lost();
    this.send({ type: "ping", nonce: Math.round(performance.now()) });
    this.#set("ping", () => this.#ping(), PING_MS);
  }

  #ended(ending: Ending): void {
    if (this.#stopping) return this.#end();
    if (ending.kind === "lost") return this.#lost();
    if (this.#passes(ending.code)) return this.#lost();
    this.watcher.refused(ending.code, ending.message);
    this.#end();
  }

  /** Some refusals heal with time. */
  #passes(code: ErrorCode): boolean {
    return code === "shutting_down" || (code === "idle" && this.#wasLive);
  }

  #lost(): void {
    const silent = !this.#live && this.#session?.transport === "rtc";
    this.#drop();
    if (silent) return this.#fall();
    this.watcher.phase(this.#wasLive ? "reconnecting" : "connecting", null);
    const wait = backOff(this.#tries++, Math.random());
    this.watcher.failed(this.#tries, wait);
    this.#set("retry", () => this.#again(), wait);
  }

  /** The same again over the socket; if that works, WebRTC is not tried any more. */
  #fall(): void {
    this.#fallen = true;
    this.#open();
  }

  #again(): void {
    clearTimeout(this.#timers.retry);
    this.#fallen = false;
    this.request = { ...this.request, resumeAfter: this.lastSeq() };
    this.#open();
  }

  #drop(): void {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#session?.close();
    this.#session = null;
    this.#live = false;
  }

  #end(): void {
    this.#over = true;
    this.#drop();
    this.watcher.phase("ended", null);
  }

  #set(name: TimerName, then: () => void, after: number): void {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(then, after);
  }
}

type TimerName = "patience" | "retry" | "ping";
type Timer = ReturnType<typeof setTimeout>;
