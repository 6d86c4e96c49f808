/** Runs on the audio thread: whatever comes in, as mono 16 kHz PCM16 in chunks of 20 ms. */

import { RATE, Resampler, toPcm16 } from "./resample";

// The scope of a worklet is not in TypeScript's DOM library.
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const CHUNK = RATE / 50;
const QUANTUM = 128;

class Pcm extends AudioWorkletProcessor {
  readonly #resampler = new Resampler(sampleRate);
  readonly #chunk = new Float32Array(CHUNK);
  #filled = 0;

  process([channels]: Float32Array[][]): boolean {
    for (const sample of this.#resampler.push(mono(channels ?? []))) {
      this.#chunk[this.#filled++] = sample;
      if (this.#filled === CHUNK) this.#emit();
    }
    return true;
  }

  #emit(): void {
    const { buffer } = toPcm16(this.#chunk);
    this.port.postMessage(buffer, [buffer]);
    this.#filled = 0;
  }
}

/** No channels (a muted or ended track) is silence: time goes on. */
function mono(channels: readonly Float32Array[]): Float32Array {
  const [first] = channels;
  if (!first) return new Float32Array(QUANTUM);
  if (channels.length === 1) return first;
  return first.map((_, index) => channels.reduce((sum, one) => sum + (one[index] ?? 0), 0) / channels.length);
}

registerProcessor("pcm", Pcm);
