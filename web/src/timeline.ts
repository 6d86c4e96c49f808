/** What the timeline draws, as plain numbers: bars in lanes. */

import type { Emotion, EmotionEvent } from "./protocol";
import type { State, Utterance } from "./state";

export interface Bar {
  readonly said: Utterance;
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  readonly label: Emotion;
  /** Share of the lane: the confidence, but never so low that it can't be seen. */
  readonly height: number;
  readonly unsure: boolean;
  readonly final: boolean;
  /** What this speaker expressed until then, where this one is surely something else. */
  readonly shiftedFrom: Emotion | null;
}

/** All bars in order of their start; no bar is longer than `longest` seconds. */
export interface Track {
  readonly bars: readonly Bar[];
  readonly longest: number;
}

const LEAST_HEIGHT = 0.12;
const MOST_LANES = 1024;

/**
 * Who has a lane: everyone who was ever here. Of one whose sound is several people's these alone, once one is known, and as
 * long as something is thought to be theirs.
 */
export function speakersOf({ speakers, utterances }: Pick<State, "speakers" | "utterances">): readonly string[] {
  const [mixed, heard] = [new Set<string>(), new Set<string>()];
  for (const { participant, source, reading } of utterances) {
    if (participant !== source) mixed.add(source);
    if (participant !== source || reading?.final) heard.add(participant);
  }
  const voices = new Set(speakers.filter((name) => [...mixed].some((source) => name.startsWith(`${source}:`))));
  return mixed.size ? speakers.filter((name) => heard.has(name) || !(mixed.has(name) || voices.has(name))) : speakers;
}

/**
 * One bar for each utterance with a reading whose speaker has a lane. A shift is between two final readings that are not
 * unsure.
 */
export function track(utterances: readonly Utterance[], speakers: readonly string[]): Track {
  const lanes = new Map(speakers.map((name, lane) => [name, lane]));
  const expressed = new Map<string, Emotion>();
  const bars: Bar[] = [];
  let longest = 0;
  for (const said of utterances) {
    const { participant, start, end, reading } = said;
    const lane = lanes.get(participant);
    if (!reading || lane === undefined) continue;
    const { label, unsure, final, confidence } = reading;
    const before = expressed.get(participant) ?? label;
    const sure = final && !unsure;
    if (sure) expressed.set(participant, label);
    const shiftedFrom = sure && before !== label ? before : null;
    const height = Math.max(LEAST_HEIGHT, confidence);
    bars.push({ said, lane, start, end, label, height, unsure, final, shiftedFrom });
    longest = Math.max(longest, end - start);
  }
  return { bars, longest };
}

/** The bars that reach into a span of seconds. */
export function within({ bars, longest }: Track, from: number, to: number): Bar[] {
  return bars.slice(after(bars, from - longest), after(bars, to)).filter((bar) => bar.end >= from);
}

/** Rounded up to a power of two: what is chosen by it stays chosen while time goes on and the scale with it, and does not shimmer. */
export function coarse(seconds: number): number {
  return 2 ** Math.ceil(Math.log2(seconds));
}

/**
 * Fewer bars for less room: of those shorter than a cell, which has `least` seconds or a little more, one stands for each
 * lane and cell, the one that says most (confidence times length), as wide as the cell. Any shift in the cell is kept.
 */
export function thin(bars: readonly Bar[], least: number): Bar[] {
  const cell = coarse(least);
  const thinned: Bar[] = [];
  const cells = new Map<number, number>();
  for (const bar of bars) {
    if (bar.end - bar.start >= cell) {
      thinned.push(bar);
      continue;
    }
    const number = Math.floor(bar.start / cell);
    const place = number * MOST_LANES + bar.lane;
    const index = cells.get(place) ?? thinned.length;
    const known = thinned[index];
    const best = known && weight(known) >= weight(bar) ? known : bar;
    const shiftedFrom = known?.shiftedFrom ?? bar.shiftedFrom;
    thinned[index] = { ...best, start: number * cell, end: (number + 1) * cell, shiftedFrom };
    cells.set(place, index);
  }
  return thinned;
}

/** The bar of a lane at a time, or the nearest one within `reach` seconds. */
export function barAt(known: Track, lane: number, at: number, reach: number): Bar | null {
  const near = within(known, at - reach, at + reach).filter((bar) => bar.lane === lane);
  const distance = (bar: Bar): number => Math.max(bar.start - at, at - bar.end, 0);
  return near.reduce<Bar | null>((best, bar) => (best && distance(best) <= distance(bar) ? best : bar), null);
}

/** The bar to which a step of the keyboard leads: to the next in time, or to the nearest one of another lane. */
export function step({ bars }: Track, current: Bar, key: string): Bar | undefined {
  const index = bars.findIndex((bar) => bar.said.key === current.said.key);
  const other = key === "ArrowUp" ? current.lane - 1 : current.lane + 1;
  switch (key) {
    case "ArrowLeft":
      return bars[Math.max(0, index - 1)];
    case "ArrowRight":
      return bars[index + 1] ?? bars.at(-1);
    case "Home":
      return bars[0];
    case "End":
      return bars.at(-1);
    case "ArrowUp":
    case "ArrowDown":
      return nearest(bars.filter((bar) => bar.lane === other), current.start);
    default:
      return undefined;
  }
}

/** The index of the utterance that is being said at a time, or was last; -1 before the first. */
export function saidAt(utterances: readonly Utterance[], at: number): number {
  return after(utterances, at) - 1;
}

/** What a participant, or anyone in their sound, expressed last. */
export function latestReading(utterances: readonly Utterance[], name: string): EmotionEvent | null {
  return utterances.findLast((one) => one.source === name && one.reading)?.reading ?? null;
}

function weight(bar: Bar): number {
  return bar.height * (bar.said.end - bar.said.start);
}

function nearest(bars: readonly Bar[], at: number): Bar | undefined {
  const index = after(bars, at);
  const [before, next] = [bars[index - 1], bars[index]];
  if (!before || !next) return before ?? next;
  return at - before.start <= next.start - at ? before : next;
}

/** The index of the first that starts after a time; they are in order of their start. */
function after(started: readonly { readonly start: number }[], at: number): number {
  let [low, high] = [0, started.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((started[middle]?.start ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
