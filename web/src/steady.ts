/** Labels that don't flicker: another one is shown once it has lasted, or at once where it is clearly surer. */

import type { Emotion } from "./protocol";

/** What is read at one moment. */
export interface Seen {
  readonly label: Emotion;
  readonly unsure: boolean;
  readonly confidence: number;
}

/** What is shown, and what would replace it. */
export interface Held extends Seen {
  readonly rival: { readonly label: Emotion; readonly unsure: boolean; readonly since: number } | null;
}

/** For so long another label must be read without a break before it is shown. */
export const PERSIST_MS = 400;
/** So much surer than what is shown, it is shown at once. */
export const MARGIN = 0.25;
/** How much of a new confidence shows at once: numbers that jump can't be read either. */
const SHARE = 0.3;

/** What to show after one more reading at `now`, milliseconds of any steady clock. */
export function steady(held: Held | null, seen: Seen, now: number): Held {
  if (!held) return shown(seen);
  if (same(held, seen)) {
    return { ...held, confidence: held.confidence + SHARE * (seen.confidence - held.confidence), rival: null };
  }
  // A reading that is unsure of itself is never clearly surer.
  if (!seen.unsure && seen.confidence >= held.confidence + MARGIN) return shown(seen);
  const { label, unsure } = seen;
  const rival = held.rival && same(held.rival, seen) ? held.rival : { label, unsure, since: now };
  return now - rival.since >= PERSIST_MS ? shown(seen) : { ...held, rival };
}

function shown({ label, unsure, confidence }: Seen): Held {
  return { label, unsure, confidence, rival: null };
}

type Kind = Pick<Seen, "label" | "unsure">;

function same(one: Kind, other: Kind): boolean {
  return one.label === other.label && one.unsure === other.unsure;
}
