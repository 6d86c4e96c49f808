/** Moments of a conversation that are worth a look: all of them are settled readings, and sure ones. */

import type { Emotion, EmotionEvent } from "./protocol";
import type { Utterance } from "./state";

export interface Moment {
  readonly utterance: Utterance;
  readonly reading: EmotionEvent;
}

/** One speaker's reading that differs from that speaker's last sure one. `after`: who spoke before, the same speaker too. */
export interface Shift extends Moment {
  readonly from: Emotion;
  readonly after: string;
}

/** Words alone and voice alone would have said different things, each for sure. */
export interface Disagreement extends Moment {
  readonly words: Emotion;
  readonly voice: Emotion;
}

/** What one modality alone says counts as sure from this probability on. */
export const SURE_ALONE = 0.5;

/** The utterances whose reading is final and not unsure, in order. */
export function sure(utterances: readonly Utterance[]): Moment[] {
  return utterances.flatMap((utterance) => {
    const { reading } = utterance;
    return reading?.final && !reading.unsure ? [{ utterance, reading }] : [];
  });
}

/** What was expressed with most confidence, neutral apart; the strongest first. */
export function strongest(utterances: readonly Utterance[]): Moment[] {
  const told = sure(utterances).filter(({ reading }) => reading.label !== "neutral");
  return told.sort((one, other) => other.reading.confidence - one.reading.confidence);
}

/** In order of time. */
export function shifts(utterances: readonly Utterance[]): Shift[] {
  const last = new Map<string, Emotion>();
  const found: Shift[] = [];
  for (const { utterance, reading } of sure(utterances)) {
    const who = utterance.participant;
    const from = last.get(who);
    if (from !== undefined && from !== reading.label) {
      found.push({ utterance, reading, from, after: before(utterances, utterance)?.participant ?? who });
    }
    last.set(who, reading.label);
  }
  return found;
}

/** The clearest first: by the less sure of the two. */
export function disagreements(utterances: readonly Utterance[]): Disagreement[] {
  const found = utterances.flatMap((utterance) => {
    const { reading } = utterance;
    const { text, audio } = reading?.modalities ?? {};
    if (!reading?.final || !text || !audio || text.label === audio.label) return [];
    const least = Math.min(text.probabilities[text.label] ?? 0, audio.probabilities[audio.label] ?? 0);
    return least < SURE_ALONE ? [] : [{ utterance, reading, words: text.label, voice: audio.label, least }];
  });
  return found.sort((one, other) => other.least - one.least);
}

/** The utterance that began before this one. */
function before(utterances: readonly Utterance[], one: Utterance): Utterance | undefined {
  return utterances[utterances.indexOf(one) - 1];
}
