/** Who has the word, what that one expressed last, and how it went in the last minutes. */

import { conversationTime } from "./clock";
import type { Emotion, EmotionEvent } from "./protocol";
import type { State, Utterance } from "./state";

export interface Current {
  readonly speaker: string;
  /** The participant in whose sound they are heard. */
  readonly source: string;
  readonly speaking: boolean;
  readonly reading: EmotionEvent | null;
  /** The last words, maybe provisional. */
  readonly text: string;
  readonly final: boolean;
  /** When the last of it was said, in the conversation's time; 0: never. */
  readonly until: number;
}

export interface Spark {
  readonly key: string;
  /** Shares of the width and height, the newest at the right. */
  readonly x: number;
  readonly width: number;
  readonly height: number;
  readonly label: Emotion;
  readonly unsure: boolean;
  readonly final: boolean;
  /** There is room for its shape: it would not cover the one before. */
  readonly shape: boolean;
}

const LEAST_HEIGHT = 0.15;
const LEAST_WIDTH = 0.01;

/**
 * Who speaks now, or spoke last; of `only` one speaker if given. Null while nobody has. Of several in one sound it is not
 * known who begins to speak until their words are there.
 */
export function current(state: State, only: string | null = null): Current | null {
  const speaking = state.speaking.findLast((name) => only === null || name === only);
  const wanted = speaking ?? only;
  const last = state.utterances.findLast((one) => wanted === null || isOf(one, wanted));
  const speaker = speaking !== undefined && last?.textFinal ? speaking : (last?.participant ?? speaking);
  if (speaker === undefined) return null;
  return {
    speaker,
    source: last?.source ?? speaker,
    speaking: speaking !== undefined,
    reading: state.utterances.findLast((one) => isOf(one, speaker) && one.reading)?.reading ?? null,
    text: last?.text ?? "",
    final: last?.textFinal ?? false,
    until: last?.end ?? 0,
  };
}

function isOf({ participant, source }: Utterance, name: string): boolean {
  return name === participant || name === source;
}

/** The conversation's time at our steady clock, and never before what was heard last. */
export function timeNow(state: State, steady: number): number {
  const last = Math.max(0, ...state.utterances.slice(-8).map((one) => one.end));
  return Math.max(last, conversationTime(state.clock, steady) ?? 0);
}

/** A bar for each reading of a speaker in the last `seconds`, as high as it is confident. `gap`: the room that a shape takes. */
export function sparks(utterances: readonly Utterance[], speaker: string, now: number, seconds: number, gap: number): Spark[] {
  const from = now - seconds;
  let taken = -Infinity;
  return utterances.flatMap((one) => {
    const { key, start, end, reading } = one;
    if (!reading || !isOf(one, speaker) || end < from) return [];
    const x = Math.max(0, (start - from) / seconds);
    const width = Math.max(LEAST_WIDTH, (end - from) / seconds - x);
    const { label, unsure, final, confidence } = reading;
    const shape = x + width / 2 - taken >= gap;
    if (shape) taken = x + width / 2;
    return [{ key, x, width, height: Math.max(LEAST_HEIGHT, confidence), label, unsure, final, shape }];
  });
}
