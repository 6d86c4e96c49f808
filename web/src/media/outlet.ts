/** The sound that the server gets: one track for as long as the session lasts, whatever is plugged into it. */

/**
 * Without a track, Chromium's RTP time stamps stand still, and all that is said afterwards would be placed too early.
 * So the track is never taken away: with nothing plugged in it carries silence.
 */
export class Outlet {
  readonly #context = new AudioContext();
  readonly #end = new MediaStreamAudioDestinationNode(this.#context, { channelCount: 1 });
  readonly #silence = new ConstantSourceNode(this.#context, { offset: 0 });
  #source: MediaStreamAudioSourceNode | null = null;

  constructor() {
    this.#silence.connect(this.#end);
    this.#silence.start();
    void this.#context.resume();
  }

  get track(): MediaStreamTrack {
    const [track] = this.#end.stream.getAudioTracks();
    if (!track) throw new Error("an audio destination always has its track");
    return track;
  }

  /** From now on this is heard; null: nothing. */
  plug(track: MediaStreamTrack | null): void {
    this.#source?.disconnect();
    this.#source = track && this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source?.connect(this.#end);
  }

  close(): void {
    void this.#context.close();
  }
}
