/** A second participant from the same page: the own microphone beside a shared call. */

import { refusalFailure, type Failure } from "./failures";
import { capture, type Chosen } from "./media/capture";
import type { ServerEvent } from "./protocol";
import { claim } from "./seat";
import { Connection, type Openers } from "./session/connection";

export class Beside {
  /** Under which it takes part; null while it doesn't. */
  name: string | null = $state(null);
  muted = $state(false);

  #connection: Connection | null = null;
  #stream: MediaStream | null = null;
  /** The events themselves come over the page's first connection; here they only say where to go on. */
  #lastSeq = 0;
  #left = false;
  #paused = false;

  /** Captures the microphone and joins with it. Gives what went wrong, which is the microphone's alone. */
  async start(conversation: string, name: string, chosen: Chosen, openers: Openers, failed: (why: Failure) => void): Promise<void> {
    [this.#left, this.#paused] = [false, false];
    const stream = await capture("microphone", chosen);
    if (!(stream instanceof MediaStream)) return failed(stream);
    // Stopped while the browser still asked.
    if (this.#left) return drop(stream);
    for (const track of stream.getTracks()) {
      track.onended = () => {
        this.leave();
        failed(MICROPHONE_ENDED);
      };
    }
    [this.#stream, this.name, this.muted] = [stream, name, false];
    const own = { participant: name, consent: true, claim: claim(), stream };
    const request = { ...own, conversation, speakers: "one" as const, links: false, resumeAfter: this.#lastSeq };
    this.#connection = new Connection(openers, request, () => this.#lastSeq, {
      phase: (phase) => this.#enter(phase === "live", phase === "ended"),
      failed: () => undefined,
      event: (event) => this.#follow(event),
      refused: (code, message) => failed(refusalFailure(code, message)),
    });
  }

  mute(muted: boolean): void {
    this.muted = muted;
    this.#quieten();
    this.#connection?.send({ type: "mute", muted });
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#quieten();
    this.#connection?.send({ type: "pause", paused });
  }

  /** Stops capture at once; the server still answers what was said last. */
  stop(): void {
    this.#letGo();
    this.#connection?.stop();
  }

  leave(): void {
    this.#letGo();
    this.#connection?.close();
  }

  #enter(live: boolean, ended: boolean): void {
    if (ended) this.#letGo();
    if (live && this.muted) this.#connection?.send({ type: "mute", muted: true });
    if (live && this.#paused) this.#connection?.send({ type: "pause", paused: true });
  }

  #quieten(): void {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !this.muted && !this.#paused;
  }

  #follow(event: ServerEvent): void {
    this.#lastSeq = event.type === "hello" ? event.seq : Math.max(this.#lastSeq, event.seq);
  }

  #letGo(): void {
    this.#left = true;
    if (this.#stream) drop(this.#stream);
    this.#stream = null;
    this.name = null;
  }
}

const MICROPHONE_ENDED: Failure = {
  title: "The microphone is gone.",
  remedy: "The call is still analysed. To speak too, stop and share again.",
};

function drop(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}
