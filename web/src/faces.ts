/** Face boxes between results: they glide to each new place, and keep their label until another one is sure. */

import type { FaceBox } from "./protocol";
import { steady, type Held } from "./steady";

const GLIDE_MS = 90;
const STALE_MS = 900;
/** Longer than any frame takes, so that the last one of a movement is not missed. */
const FRAME_MS = 250;

interface Glide {
  readonly from: FaceBox;
  readonly to: FaceBox;
  readonly since: number;
  readonly held: Held;
}

/** Follows the faces of one picture. Times are milliseconds of any steady clock. */
export class FaceMotion {
  #glides = new Map<number, Glide>();
  #told = -Infinity;

  constructor(private readonly glideMs: number = GLIDE_MS) {}

  /** A new result: known faces glide from where they are shown now, new ones appear, missing ones go. */
  tell(boxes: readonly FaceBox[], now: number): void {
    const shown = new Map(this.at(now).map((box) => [box.id, box]));
    const before = shown.size ? this.#glides : new Map<number, Glide>();
    this.#glides = new Map(
      boxes.map((seen) => {
        const held = steady(before.get(seen.id)?.held ?? null, seen, now);
        const to = { ...seen, label: held.label, unsure: held.unsure, confidence: held.confidence };
        return [seen.id, { from: shown.get(seen.id) ?? to, to, since: now, held }];
      }),
    );
    this.#told = now;
  }

  /** Whether `at` gives anything else than a frame ago. */
  moving(now: number): boolean {
    const since = now - this.#told;
    return since < this.glideMs + FRAME_MS || (since > STALE_MS && since < STALE_MS + FRAME_MS);
  }

  /** Where to draw the faces now; none once results have stopped coming. */
  at(now: number): FaceBox[] {
    if (now - this.#told > STALE_MS) return [];
    return [...this.#glides.values()].map(({ from, to, since }) => {
      const share = this.glideMs > 0 ? Math.min(1, (now - since) / this.glideMs) : 1;
      return between(from, to, share);
    });
  }
}

/** The box as seen in a mirror: the own camera is shown so. */
export function mirrored(box: FaceBox): FaceBox {
  return { ...box, x: 1 - box.x - box.width };
}

function between(from: FaceBox, to: FaceBox, share: number): FaceBox {
  const mix = (a: number, b: number): number => a + (b - a) * share;
  return {
    ...to,
    x: mix(from.x, to.x),
    y: mix(from.y, to.y),
    width: mix(from.width, to.width),
    height: mix(from.height, to.height),
  };
}
