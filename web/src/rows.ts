/** Where the rows of a long list lie, so that only those in sight need be in the page. Pixels. */

const GUESS = 76;

export class Rows {
  readonly #tops: Float64Array;
  readonly #indices: ReadonlyMap<string, number>;

  /** Rows in this order; those not measured yet count as high as the others are on average. */
  constructor(
    readonly keys: readonly string[],
    heights: ReadonlyMap<string, number>,
  ) {
    let sum = 0;
    for (const height of heights.values()) sum += height;
    const guess = heights.size ? sum / heights.size : GUESS;
    this.#tops = new Float64Array(keys.length + 1);
    this.#indices = new Map(keys.map((key, index) => [key, index]));
    keys.forEach((key, index) => (this.#tops[index + 1] = this.top(index) + (heights.get(key) ?? guess)));
  }

  get height(): number {
    return this.top(this.keys.length);
  }

  /** Where a row begins; the number of rows is where the last one ends. */
  top(index: number): number {
    return this.#tops[index] ?? 0;
  }

  /** -1 where there is no such row. */
  index(key: string | null): number {
    return (key !== null ? this.#indices.get(key) : undefined) ?? -1;
  }

  /** The row at a height; the first or the last one beyond the ends. */
  at(y: number): number {
    let [low, high] = [0, Math.max(0, this.keys.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The rows between two heights, the one after the last included as a bound. */
  between(from: number, to: number): [first: number, end: number] {
    return [this.at(from), Math.min(this.keys.length, this.at(to) + 1)];
  }
}

/** `known` where it lists the same keys: what is derived from it then stays. */
export function same(known: readonly string[], keys: readonly string[]): readonly string[] {
  return known.length === keys.length && known.every((key, index) => key === keys[index]) ? known : keys;
}
