/** The conversation's time as seen from here: its "now" between events, without asking the server. */

/** Both are seconds; null until the first event that carries a media time. */
export interface Clock {
  /** Least difference between the receipt of an event here and its sending there. */
  readonly skew: number | null;
  /** Least difference between the server's wall clock and the conversation's media time. */
  readonly origin: number | null;
}

export const UNSET: Clock = { skew: null, origin: null };

/**
 * Learns from an event sent at `sent` (server's wall clock), received at `received` (ours), about media time `media`.
 * Delays are never negative, so the least difference seen is the closest to the truth.
 */
export function learn(clock: Clock, received: number, sent: number, media: number): Clock {
  const skew = least(clock.skew, received - sent);
  const origin = least(clock.origin, sent - media);
  return skew === clock.skew && origin === clock.origin ? clock : { skew, origin };
}

/** The same from an event about no media time. */
export function compare(clock: Clock, received: number, sent: number): Clock {
  return { ...clock, skew: least(clock.skew, received - sent) };
}

/** The conversation's time at our wall-clock second `wall`, or null while nothing is known. */
export function conversationTime(clock: Clock, wall: number): number | null {
  return clock.skew === null || clock.origin === null ? null : Math.max(0, wall - clock.skew - clock.origin);
}

/**
 * Our wall clock, seconds since 1970, as it was when the page was opened and steady since: setting the machine's clock
 * meanwhile moves nothing on the page.
 */
export function steadyTime(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}

/** Seconds as m:ss, or h:mm:ss from an hour on. */
export function formatTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${hours ? String(minutes).padStart(2, "0") : minutes}:${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
}

function least(known: number | null, seen: number): number {
  return known === null ? seen : Math.min(known, seen);
}
