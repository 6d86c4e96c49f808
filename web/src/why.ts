/** Why a reading is as it is, in the order and words in which the page shows it. */

import { EMOTIONS, MODALITIES, type Emotion, type EmotionEvent, type Modality } from "./protocol";

export interface Part {
  readonly modality: Modality;
  readonly name: string;
  readonly weight: number;
  readonly label: Emotion;
  readonly probability: number;
}

export const MODALITY_NAMES: Record<Modality, string> = { text: "Words", audio: "Voice", video: "Face" };

/** Stages of `latency_ms` that are sums of others come last; the rest stay in the server's order. */
const SUMS = ["beyond_hangover", "total"];

const STAGE_NAMES: Record<string, string> = {
  hangover: "waiting for silence",
  recognise: "recognising words",
  encode: "reading words, voice and face",
  order: "waiting for earlier turns",
  fuse: "weighing them together",
  computed: "computing",
  beyond_hangover: "after the silence was sure",
  total: "from the end of speech",
};

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
