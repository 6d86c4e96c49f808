/** The page's one store: what is captured, the connection, and the conversation's state. Components only read it. */

import { Beside } from "./beside.svelte";
import { SILENT_SHARE, SOURCE_ENDED, type Failure, type Source } from "./failures";
import { capture, listDevices, NO_DEVICES, release, type Chosen, type Devices } from "./media/capture";
import type { ServerEvent } from "./protocol";
import type { Counters } from "./session/counters";
import { Connection, type Openers, type Phase } from "./session/connection";
import { RtcSession } from "./session/rtc";
import type { Transport } from "./session/session";
import { SocketSession } from "./session/socket";
import { dismiss, EMPTY, reduce, type State } from "./state";

/** Where the page stands: before anything, asking the browser, or as the connection says. */
export type Stage = "idle" | "asking" | Phase;

const SOCKET: Openers = { rtc: null, socket: (request, listener) => new SocketSession(request, listener) };
const EITHER: Openers = { ...SOCKET, rtc: (request, listener) => new RtcSession(request, listener) };

export class Live {
  stage: Stage = $state("idle");
  transport: Transport | null = $state(null);
  /** Connections in a row that came to nothing. */
  tries = $state(0);
  source: Source | null = $state(null);
  stream: MediaStream | null = $state.raw(null);
  muted = $state(false);
  failure: Failure | null = $state.raw(null);
  devices: Devices = $state.raw(NO_DEVICES);
  /** Milliseconds to the server and back. */
  roundTrip: number | null = $state(null);
  conversed: State = $state.raw(EMPTY);
  /** The name under which this page takes part; null while it doesn't. */
  participant: string | null = $state(null);

  /** The own microphone, while it is a second participant beside a share. */
  readonly beside = new Beside();

  /** Something is captured and sent. */
  readonly analysing = $derived(this.stream !== null);
  /** Trying to connect for longer than a connection takes. */
  readonly unreachable = $derived(this.stage === "connecting" && this.tries > 0);
  readonly busy = $derived(this.stage !== "idle" && this.stage !== "ended");

  #connection: Connection | null = null;

  constructor(
    readonly conversation: string,
    private readonly socketOnly: boolean,
  ) {}

  /**
   * The person's own click: only here is anything captured, and consent told to the server.
   * `speaker`: beside a share, whose microphone is analysed too.
   */
  async start(source: Exclude<Source, "watch">, name: string, chosen: Chosen, speaker?: string): Promise<void> {
    this.#begin(source, "asking");
    const stream = await capture(source, chosen);
    void this.refreshDevices();
    if (!(stream instanceof MediaStream)) return this.#fail(stream);
    if (source === "screen" && stream.getAudioTracks().length === 0) this.failure = SILENT_SHARE;
    for (const track of stream.getTracks()) track.onended = () => this.#fail(SOURCE_ENDED);
    this.stream = stream;
    this.participant = name;
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
    this.muted = muted;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !muted;
    this.#connection?.send({ type: "mute", muted });
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
    this.source = source;
    this.muted = false;
    this.tries = 0;
    this.stage = stage;
  }

  #connect(openers: Openers): void {
    const { conversation, participant, stream } = this;
    const resumeAfter = this.conversed.lastSeq;
    const request = { conversation, participant, consent: stream !== null, resumeAfter, stream };
    this.#connection = new Connection(openers, request, () => this.conversed.lastSeq, {
      phase: (phase, transport) => this.#enter(phase, transport),
      failed: (tries) => (this.tries = tries),
      event: (event) => this.#take(event),
      refused: (message) => (this.failure = { title: "The server refused.", remedy: message }),
    });
  }

  #enter(phase: Phase, transport: Transport | null): void {
    this.stage = phase;
    this.transport = transport;
    if (phase === "ended") {
      this.#letGo();
      this.beside.stop();
    }
    if (phase === "live" && this.muted) this.#connection?.send({ type: "mute", muted: true });
  }

  #take(event: ServerEvent): void {
    if (event.type === "pong") this.roundTrip = performance.now() - event.nonce;
    this.conversed = reduce(this.conversed, event, Date.now() / 1000);
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    if (this.#connection && this.stream) this.stop();
    else this.stage = "idle";
  }

  #letGo(): void {
    for (const track of this.stream?.getTracks() ?? []) track.onended = null;
    release(this.stream);
    this.stream = null;
    this.participant = null;
  }
}
