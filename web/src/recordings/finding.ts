/** Finding in a conversation: by speaker, by emotion, by words. */

import type { Emotion } from "../protocol";
import type { State, Utterance } from "../state";

export type Kind = Emotion | "unsure";

/** What is chosen; nothing chosen lets all pass. */
export interface Filter {
  readonly speakers: ReadonlySet<string>;
  readonly kinds: ReadonlySet<Kind>;
}

export const NO_FILTER: Filter = { speakers: new Set(), kinds: new Set() };

/** How a reading is filed: one that is unsure under no emotion. */
export function kindOf({ reading }: Utterance): Kind | null {
  return reading ? (reading.unsure ? "unsure" : reading.label) : null;
}

export function filtered(state: State, { speakers, kinds }: Filter): State {
  if (!speakers.size && !kinds.size) return state;
  const passes = (one: Utterance): boolean => {
    const kind = kindOf(one);
    return (!speakers.size || speakers.has(one.participant)) && (!kinds.size || (kind !== null && kinds.has(kind)));
  };
  return { ...state, utterances: state.utterances.filter(passes) };
}

/** The set with `one` if it was without, and without if it was with. */
export function toggled<T>(set: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const changed = new Set(set);
  if (!changed.delete(one)) changed.add(one);
  return changed;
}

/** The utterances in which a text is found, whatever its case and accents. */
export function hits(utterances: readonly Utterance[], text: string): Utterance[] {
  const wanted = fold(text.trim());
  return wanted ? utterances.filter((one) => fold(one.text).includes(wanted)) : [];
}

export interface Part {
  readonly text: string;
  readonly found: boolean;
}

/** A text cut where what is looked for begins and ends. */
export function marked(text: string, wanted: readonly string[]): Part[] {
  const folded = wanted.map((one) => fold(one.trim())).filter(Boolean);
  if (!folded.length) return [{ text, found: false }];
  // Where each letter of the folded text stands in the text itself: folding may change the number of letters.
  const letters = [...text];
  const places = letters.flatMap((letter, place) => [...fold(letter)].map((plain) => ({ plain, place })));
  const line = places.map(({ plain }) => plain).join("");
  const found = new Set<number>();
  for (const one of folded) {
    for (let at = line.indexOf(one); at >= 0; at = line.indexOf(one, at + 1)) {
      for (const { place } of places.slice(at, at + [...one].length)) found.add(place);
    }
  }
  return letters.reduce<Part[]>((parts, letter, place) => {
    const last = parts.at(-1);
    const here = found.has(place);
    if (last?.found === here) parts[parts.length - 1] = { text: last.text + letter, found: here };
    else parts.push({ text: letter, found: here });
    return parts;
  }, []);
}

/** The utterance that is heard at a time: of those that have begun, the last. */
export function heardAt(utterances: readonly Utterance[], position: number): Utterance | undefined {
  return utterances.findLast((one) => one.start <= position + 0.05);
}

/** Where to go from a time to the next (1) or previous (-1) utterance, or null where there is none. */
export function neighbour(utterances: readonly Utterance[], position: number, step: 1 | -1): Utterance | null {
  const heard = heardAt(utterances, position);
  const index = (heard ? utterances.indexOf(heard) : -1) + step;
  return utterances[index] ?? null;
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
