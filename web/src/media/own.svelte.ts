/** What this page captures: one sound and one picture at most, that may be switched off, lost and replaced. */

import { Outlet } from "./outlet";
import { NO_TRACKS, type Kind, type Tracks } from "./tracks";

/** What the others in the conversation get directly; the server gets all in any case. */
export type Audience = "all" | "voice" | "none";

export interface Listener {
  /** A device was unplugged, or its permission taken back. */
  lost(kind: Kind): void;
  /** What goes to the server or to the others is another one. */
  changed(): void;
}

export class Own {
  /** For the own tile: exactly what runs now. */
  stream: MediaStream = $state.raw(new MediaStream());
  muted = $state(false);
  paused = $state(false);
  readonly #outlet = new Outlet();
  #tracks = NO_TRACKS;

  constructor(
    stream: MediaStream,
    readonly audience: Audience,
    private readonly listener: Listener,
  ) {
    this.#set({ audio: stream.getAudioTracks()[0] ?? null, video: stream.getVideoTracks()[0] ?? null });
  }

  has(kind: Kind): boolean {
    return this.stream.getTracks().some((track) => track.kind === kind);
  }

  /** For the server: sound always, silent while there is none to be analysed; a picture unless paused. */
  get analysed(): MediaStream {
    const picture = this.paused ? null : this.#tracks.video;
    return new MediaStream(picture ? [this.#outlet.track, picture] : [this.#outlet.track]);
  }

  /** For the others. */
  get shared(): Tracks {
    const { audio, video } = this.#tracks;
    return { audio: this.audience === "none" ? null : audio, video: this.audience === "all" ? video : null };
  }

  mute(muted: boolean): void {
    this.muted = muted;
    if (this.#tracks.audio) this.#tracks.audio.enabled = !muted;
  }

  /** Pauses the analysis alone: the others go on hearing and seeing. */
  pause(paused: boolean): void {
    this.paused = paused;
    this.#outlet.plug(paused ? null : this.#tracks.audio);
    this.listener.changed();
  }

  /** Another device, or none: what ran before is let go of. */
  replace(kind: Kind, track: MediaStreamTrack | null): void {
    const before = this.#tracks[kind];
    if (before) drop(before);
    this.#set({ ...this.#tracks, [kind]: track });
    this.listener.changed();
  }

  close(): void {
    for (const track of this.stream.getTracks()) drop(track);
    this.#outlet.close();
  }

  #set(tracks: Tracks): void {
    this.#tracks = tracks;
    const running = [tracks.audio, tracks.video].filter((track) => track !== null);
    this.stream = new MediaStream(running);
    for (const track of running) track.onended = () => this.#ended(track);
    if (tracks.audio) tracks.audio.enabled = !this.muted;
    this.#outlet.plug(this.paused ? null : tracks.audio);
  }

  #ended(track: MediaStreamTrack): void {
    const kind = track.kind as Kind;
    this.replace(kind, null);
    this.listener.lost(kind);
  }
}

function drop(track: MediaStreamTrack): void {
  track.onended = null;
  track.stop();
}
