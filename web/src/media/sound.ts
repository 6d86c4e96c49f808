/** The sound of a stream, as chunks for the socket. */

import workletUrl from "./pcm.worklet.ts?worker&url";

export type TakeSound = (seconds: number, pcm: ArrayBuffer) => void;

const CHUNK_SECONDS = 0.02;
const LATE_SECONDS = 0.5;

/** Gives 20 ms of PCM16 at a time with its media time on `now`'s clock, until the returned function is called. */
export async function captureSound(stream: MediaStream, now: () => number, take: TakeSound): Promise<() => void> {
  const context = new AudioContext();
  await context.audioWorklet.addModule(workletUrl);
  const node = new AudioWorkletNode(context, "pcm", { numberOfOutputs: 0 });
  const timing = new SampleTime();
  node.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => take(timing.next(now()), data);
  context.createMediaStreamSource(stream).connect(node);
  await context.resume();
  return () => {
    node.port.onmessage = null;
    void context.close();
  };
}

/** Times by counting samples, which is exact, and by the clock only after a pause; it never goes back. */
export class SampleTime {
  #next: number | null = null;

  /** The media time of the chunk that has come at `arrived`. */
  next(arrived: number): number {
    const start = Math.max(0, arrived - CHUNK_SECONDS);
    if (this.#next === null || start - this.#next > LATE_SECONDS) this.#next = start;
    const time = this.#next;
    this.#next += CHUNK_SECONDS;
    return time;
  }
}
