/** A direct link to one other page of the conversation: pictures and sound that don't pass through the server. */

import { NO_TRACKS, type Kind, type Tracks } from "../media/tracks";
import { gathered } from "./gather";
import { CAMERA } from "./pictures";

export type LinkState = "connecting" | "open" | "failed";

export interface LinkView {
  readonly state: LinkState;
  /** Both only while something comes. */
  readonly audio: MediaStreamTrack | null;
  readonly video: MediaStreamTrack | null;
}

/** A direct way that isn't found by then is taken to be blocked. */
export const LINK_PATIENCE_MS = 15_000;
const KINDS: readonly Kind[] = ["audio", "video"];

/**
 * One lane each way for sound and for pictures, offered by the impolite side at once and filled by both. Later either
 * side may offer; where two offers cross, the polite one takes its own back ("perfect negotiation", W3C WebRTC, 10.7).
 * Descriptions carry all their candidates, so one signal is one step.
 */
export class Link {
  readonly #pc = new RTCPeerConnection({ iceServers: [] });
  readonly #lanes = new Map<Kind, RTCRtpTransceiver>();
  readonly #coming = new Map<Kind, MediaStreamTrack>();
  #tracks: Tracks = NO_TRACKS;
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
    this.#pc.onconnectionstatechange = () => this.#follow();
    this.#pc.ontrack = ({ track }) => this.#come(track);
    if (!polite) for (const kind of KINDS) this.#lanes.set(kind, this.#pc.addTransceiver(kind, { direction: "recvonly" }));
    this.#wait();
  }

  get view(): LinkView {
    // A lane on which nothing is sent mutes its track.
    const coming = (kind: Kind): MediaStreamTrack | null => {
      const track = this.#coming.get(kind);
      return track && !track.muted ? track : null;
    };
    const open = this.#pc.connectionState === "connected";
    const failed = this.#late || this.#pc.connectionState === "failed";
    const state = open ? "open" : failed ? "failed" : "connecting";
    return { state, audio: coming("audio"), video: coming("video") };
  }

  /** Sends these tracks from now on. */
  share(tracks: Tracks): void {
    this.#tracks = tracks;
    for (const [kind, lane] of this.#lanes) this.#fill(lane, tracks[kind]);
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

  #fill(lane: RTCRtpTransceiver, track: MediaStreamTrack | null): void {
    const direction = track ? "sendrecv" : "recvonly";
    if (lane.direction !== direction) lane.direction = direction;
    if (lane.sender.track === track) return;
    void lane.sender.replaceTrack(track).catch(() => undefined);
    if (track?.kind !== "video") return;
    const parameters = lane.sender.getParameters();
    for (const encoding of parameters.encodings) Object.assign(encoding, CAMERA);
    // A browser that can't be held to it sends more.
    void lane.sender.setParameters(parameters).catch(() => undefined);
  }

  #come(track: MediaStreamTrack): void {
    this.#coming.set(track.kind as Kind, track);
    track.onmute = track.onunmute = () => this.changed();
    this.changed();
  }

  async #offer(): Promise<void> {
    // The polite side fills the lanes that it is offered first.
    if (this.#pc.signalingState !== "stable" || !this.#lanes.size) return;
    await this.#pc.setLocalDescription();
    await this.#say("have-local-offer");
  }

  async #take(description: RTCSessionDescriptionInit): Promise<void> {
    const answer = description.type === "answer";
    if (answer && this.#pc.signalingState !== "have-local-offer") return;
    const crossed = !answer && this.#pc.signalingState !== "stable";
    if (crossed && !this.polite) return;
    await this.#pc.setRemoteDescription(description);
    if (answer) return;
    for (const lane of this.#pc.getTransceivers()) this.#lanes.set(lane.receiver.track.kind as Kind, lane);
    this.share(this.#tracks);
    await this.#pc.setLocalDescription();
    await this.#say("stable");
  }

  async #say(expected: RTCSignalingState): Promise<void> {
    await gathered(this.#pc);
    const description = this.#pc.localDescription;
    if (description && this.#pc.signalingState === expected) this.signal(JSON.stringify(description));
  }

  #follow(): void {
    const state = this.#pc.connectionState;
    if (state === "connected") clearTimeout(this.#patience);
    else if (state === "disconnected") this.#wait();
    this.changed();
  }

  #wait(): void {
    this.#late = false;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      this.#late = true;
      this.changed();
    }, LINK_PATIENCE_MS);
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
