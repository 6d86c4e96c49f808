/** Sums over a conversation, and the sentences that say them. streamer/exports/summary.py counts the same way. */

import { formatTime } from "./clock";
import { percent } from "./emotions";
import { disagreements, shifts, strongest, type Shift } from "./moments";
import { EMOTIONS, type Emotion } from "./protocol";
import type { Utterance } from "./state";

/** `seconds`: spoken in all; `share`: of what all spoke; `counts`: of sure readings; `unsure`: readings that were not. */
export interface SpeakerSummary {
  readonly speaker: string;
  readonly utterances: number;
  readonly seconds: number;
  readonly share: number;
  readonly counts: Readonly<Record<Emotion, number>>;
  readonly unsure: number;
}

/** A stretch of time: seconds that a speaker spoke in it, by what was expressed. */
export interface Slice {
  readonly start: number;
  readonly seconds: Readonly<Partial<Record<Emotion | "unsure", number>>>;
}

export interface Monologue {
  readonly speaker: string;
  readonly start: number;
  readonly end: number;
}

/** A longer silence ends a monologue. */
const MONOLOGUE_PAUSE = 5;
const QUOTED = 90;
const LIST = new Intl.ListFormat("en");
const NO_COUNTS = Object.fromEntries(EMOTIONS.map((label) => [label, 0])) as Record<Emotion, number>;

/** What is counted: the utterances that have their last reading. */
export function counted(utterances: readonly Utterance[]): Utterance[] {
  return utterances.filter((one) => one.reading?.final);
}

/** A summary for each speaker, in order of appearance. */
export function summarise(utterances: readonly Utterance[]): SpeakerSummary[] {
  const all = counted(utterances);
  const total = spoken(all);
  return [...grouped(all, (one) => one.participant)].map(([speaker, own]) => {
    const counts = { ...NO_COUNTS };
    for (const { reading } of own) if (reading && !reading.unsure) counts[reading.label] += 1;
    const unsure = own.filter((one) => one.reading?.unsure).length;
    const seconds = spoken(own);
    return { speaker, utterances: own.length, seconds, share: seconds / total, counts, unsure };
  });
}

/** One speaker's time in `count` slices of equal length from 0 to `until`. */
export function slices(utterances: readonly Utterance[], speaker: string, until: number, count: number): Slice[] {
  const width = until / count;
  const own = counted(utterances).filter((one) => one.participant === speaker);
  return Array.from({ length: count }, (_, index) => {
    const [start, end] = [index * width, (index + 1) * width];
    const seconds: Partial<Record<Emotion | "unsure", number>> = {};
    for (const one of own) {
      const inside = Math.min(one.end, end) - Math.max(one.start, start);
      const label = one.reading?.unsure ? "unsure" : one.reading?.label;
      if (label && inside > 0) seconds[label] = (seconds[label] ?? 0) + inside;
    }
    return { start, seconds };
  });
}

/** Where what a speaker expresses most in a slice begins to be another; slices of silence change nothing. */
export function turns(parts: readonly Slice[]): { readonly place: number; readonly kind: Emotion | "unsure" }[] {
  const found: { place: number; kind: Emotion | "unsure" }[] = [];
  for (const [place, { seconds }] of parts.entries()) {
    const [most] = Object.entries(seconds).sort(([, one], [, other]) => other - one);
    const kind = most?.[0] as Emotion | "unsure" | undefined;
    if (kind && kind !== found.at(-1)?.kind) found.push({ place, kind });
  }
  return found;
}

/** The longest time in which one spoke and nobody else began to. */
export function longestMonologue(utterances: readonly Utterance[]): Monologue | null {
  const runs: Monologue[] = [];
  for (const { participant: speaker, start, end } of counted(utterances)) {
    const last = runs.at(-1);
    if (last?.speaker === speaker && start - last.end <= MONOLOGUE_PAUSE) runs.push({ ...last, end: Math.max(last.end, end) });
    else runs.push({ speaker, start, end });
  }
  const length = (run: Monologue): number => run.end - run.start;
  return runs.reduce<Monologue | null>((best, run) => (best && length(best) >= length(run) ? best : run), null);
}

/** "Ada took 62 % of the talking time, mostly neutral; joy was strongest at 0:08: “…”" */
export function speakerSentence(one: SpeakerSummary, utterances: readonly Utterance[]): string {
  const share = `${one.speaker} took ${percent(one.share)} of the talking time`;
  const sure = one.utterances - one.unsure;
  if (sure === 0) return `${share}; no reading was sure enough to be named.`;
  const most = Math.max(...Object.values(one.counts));
  const often = LIST.format(EMOTIONS.filter((label) => one.counts[label] === most));
  const mostly = `${most * 2 > sure ? "mostly" : "most often"} ${often}`;
  const peak = strongest(utterances.filter((said) => said.participant === one.speaker))[0];
  if (!peak) return `${share}, ${mostly}; nothing else was sure.`;
  const words = peak.utterance.text ? `: “${quote(peak.utterance.text)}”` : ".";
  return `${share}, ${mostly}; ${peak.reading.label} was strongest at ${formatTime(peak.utterance.start)}${words}`;
}

/** "Ada’s expression shifted 3 times: twice after Ben spoke, once after an own turn." One sentence for each who shifted. */
export function shiftSentences(utterances: readonly Utterance[]): string[] {
  return [...grouped(shifts(utterances), (one) => one.utterance.participant)].map(([speaker, own]) => {
    return `${possessive(speaker)} expression shifted ${times(own.length)}${occasions(speaker, own)}.`;
  });
}

/** What is true of the conversation as a whole. */
export function generalSentences(utterances: readonly Utterance[]): string[] {
  const said: string[] = [];
  const monologue = longestMonologue(utterances);
  if (monologue) {
    const { speaker, start, end } = monologue;
    said.push(`The longest monologue was ${possessive(speaker)}, ${formatTime(start)} to ${formatTime(end)} (${seconds(end - start)}).`);
  }
  const apart = disagreements(utterances).length;
  if (apart) said.push(`Words and voice pointed to different emotions in ${apart} ${apart === 1 ? "utterance" : "utterances"}.`);
  return said;
}

/** A duration as people say it. */
export function seconds(duration: number): string {
  return duration < 60 ? `${Math.round(duration)} s` : `${formatTime(duration)} min`;
}

function spoken(utterances: readonly Utterance[]): number {
  return utterances.reduce((sum, one) => sum + one.end - one.start, 0);
}

function occasions(speaker: string, own: readonly Shift[]): string {
  const after = [...grouped(own, (one) => one.after)]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([who, some]) => ({ count: some.length, when: who === speaker ? "after an own turn" : `after ${who} spoke` }));
  const only = after.length === 1 ? after[0] : undefined;
  if (only) return `, ${only.count > 1 ? "always " : ""}${only.when}`;
  return `: ${after.map(({ count, when }) => `${times(count)} ${when}`).join(", ")}`;
}

function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;
}

function possessive(name: string): string {
  return name.endsWith("s") ? `${name}’` : `${name}’s`;
}

function quote(text: string): string {
  return text.length <= QUOTED ? text : `${text.slice(0, QUOTED).replace(/\s+\S*$/, "")} …`;
}

/** In order of each group's first. */
function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}
