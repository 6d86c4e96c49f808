/** A name in a conversation that is this browser's own: after a reload, or in another tab, it comes back to it at once. */

import { recall, remember } from "./kept";

const CLAIM_KEY = "undertone.claim";
const SEAT_KEY = "undertone.seat";

/** The secret that the server knows this browser by, for as long as it takes part; made on first use. */
export function claim(): string {
  const known = recall(CLAIM_KEY);
  if (known) return known;
  const made = crypto.randomUUID();
  remember(CLAIM_KEY, made);
  return made;
}

/** Remembers under which name this browser last took part, and where. */
export function sit(conversation: string, name: string): void {
  remember(SEAT_KEY, seat(conversation, name));
}

/** Whether that was here, under this name. */
export function isOwn(conversation: string, name: string): boolean {
  return recall(SEAT_KEY) === seat(conversation, name);
}

/** Names have no slash. */
function seat(conversation: string, name: string): string {
  return `${conversation}/${name}`;
}
