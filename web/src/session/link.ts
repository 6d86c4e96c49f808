/** A direct link to one other page of the conversation: pictures and sound that don't pass through the server. */

import type { Kind, Tracks } from "../media/own.svelte";
import { gathered } from "./gather";

/** idle: nothing was offered by either side. */
export type LinkState = "idle" | "connecting" | "open" | "failed";

export interface LinkView {
  readonly state: LinkState;
  readonly audio: MediaStreamTrack | null;
  /** Only while pictures come. */
  readonly video: MediaStreamTrack | null;
}

/** A direct way that isn't found by then is taken to be blocked. */
export const LINK_PATIENCE_MS = 12_000;

/**
 * Both sides may offer at any time; where two offers cross, the polite side takes its own back ("perfect negotiation",
 * W3C WebRTC, 10.7). Descriptions carry all their candidates, so one signal is one step.
 */
export class Link {
  readonly #pc = new RTCPeerConnection({ iceServers: [] });
  readonly #sending: Partial<Record<Kind, RTCRtpTransceiver>> = {};
  readonly #coming = new Map<Kind, MediaStreamTrack>();
  #begun = false;
  #late = false;
  #patience: ReturnType<typeof setTimeout> | undefined;
  /** One step after another: an answer is not to be mixed up with the next offer. */
  #steps: Promise<void> = Promise.resolve();

  constructor(
    private readonly polite: boolean,
    private readonly signal: (data: string) => void,
    private readonly changed: () => void,
  ) {
    this.#pc.onnegotiationneeded = () => this.#step(() => this.#offer());
    this.#pc.onconnectionstatechange = () => this.changed();
    this.#pc.ontrack = ({ track }) => this.#come(track);
  }

  get view(): LinkView {
    const video = this.#coming.get("video") ?? null;
    return { state: this.#state(), audio: this.#coming.get("audio") ?? null, video: video?.muted ? null : video };
  }

  /** Sends these tracks from now on. */
  share(tracks: Tracks): void {
    for (const kind of ["audio", "video"] as const) this.#share(kind, tracks[kind]);
  }

  /** Takes what the other side signalled; what is no description is passed over. */
  hear(data: string): void {
    const description = parseDescription(data);
    if (description) this.#step(() => this.#take(description));
  }

  close(): void {
    clearTimeout(this.#patience);
    this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  #share(kind: Kind, track: MediaStreamTrack | null): void {
    const known = this.#sending[kind];
    if (known) {
      if (known.sender.track === track) return;
      void known.sender.replaceTrack(track);
      known.direction = track ? "sendonly" : "inactive";
    } else if (track) {
      this.#sending[kind] = this.#pc.addTransceiver(track, { direction: "sendonly" });
    }
  }

  #come(track: MediaStreamTrack): void {
    this.#coming.set(track.kind as Kind, track);
    track.onmute = track.onunmute = () => this.changed();
    this.changed();
  }

  async #offer(): Promise<void> {
    if (this.#pc.signalingState !== "stable") return;
    await this.#pc.setLocalDescription();
    await this.#say("have-local-offer");
  }

  async #take(description: RTCSessionDescriptionInit): Promise<void> {
    const answer = description.type === "answer";
    if (answer && this.#pc.signalingState !== "have-local-offer") return;
    const crossed = !answer && this.#pc.signalingState !== "stable";
    if (crossed && !this.polite) return;
    this.#begin();
    await this.#pc.setRemoteDescription(description);
    if (answer) return;
    await this.#pc.setLocalDescription();
    await this.#say("stable");
  }

  async #say(expected: RTCSignalingState): Promise<void> {
    await gathered(this.#pc);
    const description = this.#pc.localDescription;
    if (!description || this.#pc.signalingState !== expected) return;
    this.#begin();
    this.signal(JSON.stringify(description));
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#patience = setTimeout(() => {
      this.#late = true;
      this.changed();
    }, LINK_PATIENCE_MS);
    this.changed();
  }

  #state(): LinkState {
    if (this.#pc.connectionState === "connected") return "open";
    if (this.#pc.connectionState === "failed" || this.#late) return "failed";
    return this.#begun ? "connecting" : "idle";
  }

  #step(work: () => Promise<void>): void {
    // What the other side sends may be nonsense: the link then stays as it is, and is late in the end.
    this.#steps = this.#steps.then(work).catch(() => undefined);
  }
}

/** The description in a signal, or null where it is none. */
export function parseDescription(data: string): RTCSessionDescriptionInit | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { type, sdp } = value as Record<string, unknown>;
  return (type === "offer" || type === "answer") && typeof sdp === "string" ? { type, sdp } : null;
}
