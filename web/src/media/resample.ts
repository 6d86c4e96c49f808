/** Sound of any rate to 16 kHz, a block at a time, with nothing lost or doubled between blocks. */

export const RATE = 16_000;
const LOBES = 12;

/**
 * Windowed-sinc resampling (Smith and Gossett, ICASSP 1984), the filter's cut-off a little under the lower of the two
 * Nyquist rates. Holds only the filter's length of the past.
 */
export class Resampler {
  readonly #step: number;
  readonly #cutoff: number;
  readonly #half: number;
  #held: Float32Array<ArrayBuffer>;
  /** Place of the next output sample, in samples of `#held`. */
  #next: number;

  constructor(rate: number) {
    this.#step = rate / RATE;
    this.#cutoff = 0.92 * Math.min(1, RATE / rate);
    this.#half = Math.ceil(LOBES / this.#cutoff);
    this.#held = new Float32Array(this.#half);
    this.#next = this.#half;
  }

  push(block: Float32Array): Float32Array {
    const all = new Float32Array(this.#held.length + block.length);
    all.set(this.#held);
    all.set(block, this.#held.length);
    const count = Math.max(0, Math.ceil((all.length - this.#half - this.#next) / this.#step));
    const out = Float32Array.from({ length: count }, (_, index) => this.#sample(all, this.#next + index * this.#step));
    this.#next += count * this.#step;
    const passed = Math.max(0, Math.floor(this.#next) - this.#half);
    this.#held = all.slice(passed);
    this.#next -= passed;
    return out;
  }

  #sample(all: Float32Array, place: number): number {
    const first = Math.max(0, Math.ceil(place - this.#half));
    const last = Math.min(all.length - 1, Math.floor(place + this.#half));
    let sum = 0;
    for (let index = first; index <= last; index++) sum += (all[index] ?? 0) * this.#weight(index - place);
    return sum;
  }

  #weight(distance: number): number {
    const x = Math.PI * distance * this.#cutoff;
    const sinc = Math.abs(x) < 1e-9 ? 1 : Math.sin(x) / x;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / this.#half);
    return this.#cutoff * sinc * window;
  }
}

/** Floats of -1 to 1 as 16-bit samples; what is louder is clipped. */
export function toPcm16(samples: Float32Array): Int16Array<ArrayBuffer> {
  return Int16Array.from(samples, (sample) => Math.round(32767 * Math.max(-1, Math.min(1, sample))));
}
