/** Why a reading is as it is, in the order and words in which the page shows it. */

import { listed, percent } from "./emotions";
import { EMOTIONS, MODALITIES, type Emotion, type EmotionEvent, type Modality } from "./protocol";
import type { Utterance } from "./state";

export interface Part {
  readonly modality: Modality;
  readonly name: string;
  readonly weight: number;
  readonly label: Emotion;
  readonly probability: number;
}

export const MODALITY_NAMES: Record<Modality, string> = { text: "Words", audio: "Voice", video: "Face" };

/** One modality leads when it weighs so much more than the next. */
const LEADS = 1.5;
const SHOWN_TURNS = 4;

/** Stages of `latency_ms` that are sums of others come last; the rest stay in the server's order. */
const SUMS = ["beyond_hangover", "total"];

export const STAGE_NAMES: Record<string, string> = {
  hangover: "waiting for silence",
  recognise: "recognising words",
  encode: "reading words, voice and face",
  order: "waiting for earlier turns",
  fuse: "weighing them together",
  computed: "computing",
  beyond_hangover: "after the silence was sure",
  total: "from the end of speech",
};

export interface Turn {
  readonly said: Utterance;
  readonly weight: number;
}

/** The reasons as sentences, before any figure: what led, what disagreed, and how close it was. */
export function inWords(reading: EmotionEvent): string[] {
  const known = parts(reading);
  if (!known.length) return closeness(reading);
  const sentence = [origin(known), agreement(known, reading.label)].filter(Boolean).join("; ");
  return [`${sentence}.`, ...closeness(reading)];
}

function origin(known: readonly Part[]): string {
  const [first, second] = known.toSorted((a, b) => b.weight - a.weight);
  if (!first) return "";
  if (!second) return `Only from the ${noun(first)}`;
  if (first.weight >= LEADS * second.weight) return `Mostly from the ${noun(first)}`;
  return `From the ${noun(first)} and the ${noun(second)} about alike`;
}

function agreement(known: readonly Part[], label: Emotion): string {
  const others = known.filter((part) => part.label !== label);
  if (others.length) return others.map((part) => `the ${noun(part)} alone would have said ${part.label}`).join(", ");
  return known.length > 1 ? `${listed(known.map(noun))} agree` : "";
}

function closeness({ unsure, probabilities }: EmotionEvent): string[] {
  const [first, second] = ranked(probabilities);
  if (!unsure || !first || !second) return [];
  return [`Too close to be sure: ${first[0]} ${percent(first[1])}, ${second[0]} ${percent(second[1])}.`];
}

function noun(part: Part): string {
  return part.name.toLowerCase();
}

/** The earlier turns that it looked back at and that are still here, the most first. */
export function lookedBackAt(reading: EmotionEvent, utterances: readonly Utterance[]): Turn[] {
  // A server of an older version does not tell them.
  const attended = (reading.attended as EmotionEvent["attended"] | undefined) ?? [];
  const turns = attended.flatMap(({ utterance, weight }) => {
    const said = utterances.findLast((one) => one.key === utterance);
    return said ? [{ said, weight }] : [];
  });
  return turns.slice(0, SHOWN_TURNS);
}

/** All emotions, most probable first. */
export function ranked(probabilities: EmotionEvent["probabilities"]): [label: Emotion, share: number][] {
  const all = EMOTIONS.map((label): [Emotion, number] => [label, probabilities[label] ?? 0]);
  return all.sort(([, a], [, b]) => b - a);
}

/** What each modality that was there weighed, and what it alone would say. */
export function parts(reading: EmotionEvent): Part[] {
  return MODALITIES.flatMap((modality) => {
    const share = reading.modalities[modality];
    if (!share) return [];
    const { weight, label, probabilities } = share;
    return [{ modality, name: MODALITY_NAMES[modality], weight, label, probability: probabilities[label] ?? 0 }];
  });
}

/** The stages of the latency with names that people can read, sums last. */
export function stages(reading: EmotionEvent): [name: string, ms: number][] {
  const entries = Object.entries(reading.latency_ms);
  const last = (stage: string): number => SUMS.indexOf(stage) + 1;
  return entries
    .sort(([a], [b]) => last(a) - last(b))
    .map(([stage, ms]) => [STAGE_NAMES[stage] ?? stage.replaceAll("_", " "), ms]);
}

/** Milliseconds below a second, else seconds. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** -1 to 1 with its sign, as valence and arousal are given. */
export function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}
