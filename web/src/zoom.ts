/** Which part of a conversation the timeline shows: how many seconds, and up to where. */

export interface View {
  /** As wide as this; Infinity is all that there is. */
  readonly seconds: number;
  /** Up to this time; null follows what is newest, or what is being played. */
  readonly end: number | null;
}

/** What there is to show. Seconds. */
export interface Extent {
  readonly length: number;
  /** Where a recording is being played; null for what happens now. */
  readonly position: number | null;
}

export const MINUTE = 60;
export const LAST_MINUTE: View = { seconds: MINUTE, end: null };
export const ALL: View = { seconds: Infinity, end: null };
const LEAST_SECONDS = 5;
/** Of a recording, this share of what is shown lies after the position. */
const AHEAD = 0.25;
/** So near to the newest, as a share of what is shown, a view follows it again. */
const NEAR = 0.02;

/** The seconds of all that there is. A conversation that goes on has a minute at least. */
export function whole({ length, position }: Extent): number {
  return Math.max(position === null ? MINUTE : LEAST_SECONDS, length);
}

/** The seconds shown. */
export function span(view: View, extent: Extent): [from: number, to: number] {
  const most = whole(extent);
  const seconds = within(LEAST_SECONDS, view.seconds, most);
  const followed = extent.position === null ? extent.length : extent.position + AHEAD * seconds;
  const to = within(seconds, view.end ?? followed, most);
  return [to - seconds, to];
}

/** Shows `factor` times as many seconds; the time `at` stays where it is, or what is followed if left out. */
export function zoom(view: View, factor: number, extent: Extent, at?: number): View {
  const [from, to] = span(view, extent);
  const seconds = Math.max(LEAST_SECONDS, (to - from) * factor);
  if (seconds >= whole(extent)) return ALL;
  if (view.end === null && at === undefined) return { seconds, end: null };
  const fixed = at ?? (from + to) / 2;
  return settle({ seconds, end: fixed + ((to - fixed) / (to - from)) * seconds }, extent);
}

/** Moves so many seconds towards the newest, or back where they are negative. */
export function pan(view: View, seconds: number, extent: Extent): View {
  const [from, to] = span(view, extent);
  return settle({ seconds: to - from, end: to + seconds }, extent);
}

/** Shows the time in the middle, as wide as before. */
export function centre(view: View, at: number, extent: Extent): View {
  const [from, to] = span(view, extent);
  return pan(view, at - (from + to) / 2, extent);
}

/** As `view`, moved no further than needed for a time to be seen. */
export function reveal(view: View, at: number, extent: Extent): View {
  const [from, to] = span(view, extent);
  return at >= from && at <= to ? view : centre(view, at, extent);
}

function settle(view: View, extent: Extent): View {
  const [, to] = span(view, extent);
  const follows = extent.position === null && to >= extent.length - NEAR * view.seconds;
  return { seconds: view.seconds, end: follows ? null : to };
}

function within(low: number, value: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
