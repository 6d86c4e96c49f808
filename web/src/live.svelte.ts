/** The page's one store: what is captured, the connection, and the conversation's state. Components only read it. */

import { Beside } from "./beside.svelte";
import { Background, type Away } from "./background";
import { steadyTime } from "./clock";
import {
  CLOSED,
  lostFailure,
  refusalFailure,
  SHARE_ENDED,
  SILENT_SHARE,
  UNFORGOTTEN,
  type Failure,
  type Source,
} from "./failures";
import { ANY, capture, listDevices, NO_DEVICES, type Chosen, type Devices } from "./media/capture";
import { Own, type Audience } from "./media/own.svelte";
import type { Kind } from "./media/tracks";
import type { ErrorCode, ServerEvent } from "./protocol";
import { claim, sit } from "./seat";
import type { Counters } from "./session/counters";
import { Connection, type Openers, type Phase } from "./session/connection";
import { Link } from "./session/link";
import { Mesh, type Links } from "./session/mesh";
import { RtcSession } from "./session/rtc";
import type { Transport } from "./session/session";
import { SocketSession } from "./session/socket";
import { dismiss, EMPTY, forget, reduce, type State } from "./state";

/** Where the page stands: before anything, asking the browser, or as the connection says. */
export type Stage = "idle" | "asking" | Phase;

const SOCKET: Openers = { rtc: null, socket: (request, listener) => new SocketSession(request, listener) };
const EITHER: Openers = { ...SOCKET, rtc: (request, listener) => new RtcSession(request, listener) };
const DEVICES = { audio: "microphone", video: "picture" } as const;

export class Live {
  stage: Stage = $state("idle");
  transport: Transport | null = $state(null);
  /** Connections in a row that came to nothing. */
  tries = $state(0);
  /** When the next one begins, on the steady clock; null while none waits. */
  retryAt: number | null = $state(null);
  source: Source | null = $state(null);
  /** What this page captures; null while it only watches, or nothing runs. */
  own: Own | null = $state.raw(null);
  failure: Failure | null = $state.raw(null);
  /** The tab has been in the background and was slowed down there. */
  away: Away | null = $state.raw(null);
  devices: Devices = $state.raw(NO_DEVICES);
  /** Milliseconds to the server and back. */
  roundTrip: number | null = $state(null);
  conversed: State = $state.raw(EMPTY);
  /** What comes from the others' pages directly. */
  links: Links = $state.raw({});
  /** The name under which this page takes part; null while it doesn't. */
  participant: string | null = $state(null);

  /** The own microphone, while it is a second participant beside a share. */
  readonly beside = new Beside();

  /** Trying to connect for longer than a connection takes. */
  readonly unreachable = $derived(this.stage === "connecting" && this.tries > 0);
  readonly busy = $derived(this.stage !== "idle" && this.stage !== "ended");
  /** Something of this page's own is sent and analysed at this moment. */
  readonly analysing = $derived.by(() => {
    if (!this.own || this.own.paused || this.stage !== "live") return false;
    return this.own.has("video") || (this.own.has("audio") && !this.own.muted);
  });

  readonly #mesh = new Mesh(
    (polite, signal, changed) => new Link(polite, signal, changed),
    (message) => this.#connection?.send(message),
    (links) => (this.links = links),
  );
  #connection: Connection | null = null;

  constructor(
    readonly conversation: string,
    private readonly socketOnly: boolean,
  ) {}

  /** What goes on as long as the page is open, until the returned function is called. */
  attend(): () => void {
    const refresh = (): void => void this.refreshDevices();
    const media = navigator.mediaDevices as MediaDevices | undefined;
    media?.addEventListener("devicechange", refresh);
    refresh();
    const background = new Background((away) => (this.away = this.busy ? away : null));
    return () => {
      media?.removeEventListener("devicechange", refresh);
      background.close();
    };
  }

  /**
   * The person's own click: only here is anything captured, and consent told to the server.
   * `speaker`: beside a share, whose microphone is analysed too.
   */
  async start(source: Exclude<Source, "watch">, name: string, chosen: Chosen, audience: Audience, speaker?: string): Promise<void> {
    this.#begin(source, "asking");
    const stream = await capture(source, chosen);
    void this.refreshDevices();
    if (!(stream instanceof MediaStream)) {
      this.failure = stream;
      this.stage = "idle";
      return;
    }
    if (source === "screen" && stream.getAudioTracks().length === 0) this.failure = SILENT_SHARE;
    this.own = new Own(stream, audience, { lost: (kind) => void this.#lost(kind), changed: () => this.#changed() });
    this.participant = name;
    this.#mesh.share(this.own.shared);
    const openers = this.socketOnly ? SOCKET : EITHER;
    this.#connect(openers);
    if (speaker) void this.beside.start(this.conversation, speaker, chosen, openers, (why) => (this.failure = why));
  }

  /** Shows the conversation without taking part in it. */
  watch(): void {
    this.#begin("watch", "connecting");
    this.#connect(SOCKET);
  }

  /** Stops capture at once; the server still answers what was said last. */
  stop(): void {
    this.#letGo();
    this.beside.stop();
    this.#connection?.stop();
  }

  /** Leaves at once, as when the page is closed. */
  leave(): void {
    this.#letGo();
    this.beside.leave();
    this.#connection?.close();
  }

  mute(muted: boolean): void {
    this.own?.mute(muted);
    this.#connection?.send({ type: "mute", muted });
  }

  pause(paused: boolean): void {
    this.own?.pause(paused);
    this.beside.pause(paused);
    this.#connection?.send({ type: "pause", paused });
  }

  /** Goes on with a device that was off, or lost. */
  async turnOn(kind: Kind, chosen: Chosen = ANY): Promise<void> {
    const stream = await capture(DEVICES[kind], chosen);
    if (!(stream instanceof MediaStream)) {
      this.failure = stream;
      return;
    }
    const [track] = stream.getTracks();
    if (!this.own) return track?.stop();
    this.failure = null;
    this.own.replace(kind, track ?? null);
  }

  turnOff(kind: Kind): void {
    this.own?.replace(kind, null);
  }

  retry(): void {
    this.#connection?.retry();
  }

  /** Erases what was said, for everyone. */
  async forget(): Promise<void> {
    const address = `/v1/conversations/${encodeURIComponent(this.conversation)}`;
    const response = await fetch(address, { method: "DELETE" }).catch(() => null);
    this.failure = response?.ok ? null : response?.status === 404 ? CLOSED : UNFORGOTTEN;
    // A page that has left the conversation is not told by an event.
    if (response?.ok && !this.busy) this.conversed = forget(this.conversed);
  }

  dismiss(id: number): void {
    this.conversed = dismiss(this.conversed, id);
  }

  /** What the connection has carried, and how well; null while there is none. */
  async counters(): Promise<Counters | null> {
    const told = (await this.#connection?.counters()) ?? null;
    return told && { ...told, roundTrip: told.roundTrip ?? this.roundTrip };
  }

  async refreshDevices(): Promise<void> {
    this.devices = await listDevices();
  }

  #begin(source: Source, stage: Stage): void {
    this.failure = null;
    this.away = null;
    this.source = source;
    this.tries = 0;
    this.retryAt = null;
    this.stage = stage;
  }

  #connect(openers: Openers): void {
    const { conversation, participant, own } = this;
    const resumeAfter = this.conversed.lastSeq;
    const taking = { consent: own !== null, claim: own && claim(), stream: own?.analysed ?? null };
    const speakers = this.source === "screen" ? ("mixed" as const) : ("one" as const);
    const request = { ...taking, conversation, participant, speakers, resumeAfter, links: true };
    this.#connection = new Connection(openers, request, () => this.conversed.lastSeq, {
      phase: (phase, transport) => this.#enter(phase, transport),
      failed: (tries, wait) => {
        this.tries = tries;
        this.retryAt = steadyTime() + wait / 1000;
      },
      event: (event) => this.#take(event),
      refused: (code, message) => this.#refused(code, message),
    });
  }

  #enter(phase: Phase, transport: Transport | null): void {
    this.stage = phase;
    this.transport = transport;
    if (phase === "ended") {
      this.#letGo();
      this.beside.stop();
    }
    if (phase !== "live") return;
    this.retryAt = null;
    if (this.participant) sit(this.conversation, this.participant);
    if (this.own?.muted) this.mute(true);
    if (this.own?.paused) this.#connection?.send({ type: "pause", paused: true });
  }

  #take(event: ServerEvent): void {
    if (event.type === "pong") this.roundTrip = performance.now() - event.nonce;
    this.#mesh.take(event);
    this.conversed = reduce(this.conversed, event, steadyTime());
  }

  #refused(code: ErrorCode, message: string): void {
    this.failure = refusalFailure(code, message);
  }

  #changed(): void {
    if (!this.own) return;
    this.#mesh.share(this.own.shared);
    this.#connection?.picture(this.own.analysed.getVideoTracks()[0] ?? null);
  }

  async #lost(kind: Kind): Promise<void> {
    const other: Kind = kind === "audio" ? "video" : "audio";
    const left = this.own?.has(other) ? other : null;
    if (this.source === "screen") {
      if (left) return;
      this.failure = SHARE_ENDED;
      return this.stop();
    }
    const denied = await permissionDenied(kind);
    this.failure = lostFailure(kind, denied, left);
    void this.refreshDevices();
  }

  #letGo(): void {
    this.#mesh.close();
    this.own?.close();
    this.own = null;
    this.participant = null;
  }
}

async function permissionDenied(kind: Kind): Promise<boolean> {
  const name = (kind === "audio" ? "microphone" : "camera") as PermissionName;
  const status = await navigator.permissions.query({ name }).catch(() => null);
  return status?.state === "denied";
}
