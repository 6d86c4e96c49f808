/** How an emotion is drawn: never by colour alone, always with its shape and its word beside it. */

import type { Emotion } from "./protocol.generated";

/** Outlines in a box of 16 by 16, filled; they differ in silhouette so that they are told apart without colour. */
export const SHAPES: Record<Emotion, string> = {
  neutral: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zm0 2.6a2.9 2.9 0 1 1 0 5.8a2.9 2.9 0 0 1 0-5.8z",
  joy: "M8 .8l2.1 4.7 5.1.5-3.8 3.4 1.1 5-4.5-2.6-4.5 2.6 1.1-5L.8 6l5.1-.5z",
  surprise: "M8 .8L15.2 8 8 15.2.8 8z",
  anger: "M8 1.6l7.2 12.8H.8z",
  sadness: "M8 .8c2.6 3.8 5 6.3 5 9.2a5 5 0 0 1-10 0c0-2.9 2.4-5.4 5-9.2z",
  fear: "M4.6 2h6.8l3.4 6-3.4 6H4.6L1.2 8z",
  disgust: "M3.6 1.2L8 5.6l4.4-4.4 2.4 2.4L10.4 8l4.4 4.4-2.4 2.4L8 10.4l-4.4 4.4-2.4-2.4L5.6 8 1.2 3.6z",
};

/** The name of the CSS custom property that holds an emotion's colour for the present scheme. */
export function colourOf(label: Emotion): string {
  return `--emotion-${label}`;
}

/** The word to show. An unsure reading says so instead of posing as a sure one. */
export function wordFor(label: Emotion, unsure: boolean): string {
  return unsure ? `unsure, perhaps ${label}` : label;
}

/** The same where there is little room: which one it might be, the outlined shape says. */
export function shortWord(label: Emotion, unsure: boolean): string {
  return unsure ? "unsure" : label;
}

/** A probability as whole per cent. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Words as a sentence lists them: "a, b and c". */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
