/** What the timeline draws, as plain numbers: bars in lanes. */

import type { Emotion, EmotionEvent } from "./protocol";
import type { Utterance } from "./state";

export interface Bar {
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  readonly label: Emotion;
  /** Share of the lane: the confidence, but never so low that it can't be seen. */
  readonly height: number;
  readonly unsure: boolean;
  readonly final: boolean;
}

const LEAST_HEIGHT = 0.12;

/** One bar for each utterance with a reading that reaches into the span. */
export function bars(utterances: readonly Utterance[], speakers: readonly string[], from: number, to: number): Bar[] {
  const seen = utterances.filter((one) => one.reading && one.end >= from && one.start <= to);
  return seen.flatMap(({ participant, start, end, reading }) => {
    if (!reading) return [];
    const { label, unsure, final, confidence } = reading;
    const height = Math.max(LEAST_HEIGHT, confidence);
    return [{ lane: speakers.indexOf(participant), start, end, label, height, unsure, final }];
  });
}

/** The span of seconds shown: the last `width` of them, or from the beginning while there are fewer. */
export function span(now: number, width: number): [from: number, to: number] {
  const to = Math.max(width, now);
  return [to - width, to];
}

/** What a participant expressed last. */
export function latestReading(utterances: readonly Utterance[], name: string): EmotionEvent | null {
  return utterances.findLast((one) => one.participant === name && one.reading)?.reading ?? null;
}
