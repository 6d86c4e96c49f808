/** The tiles of a conversation: one for each participant, and what stands in the place of a picture. */

import type { EmotionEvent } from "./protocol";
import type { LinkView } from "./session/link";
import type { State } from "./state";
import { latestReading } from "./timeline";

export interface TileView {
  readonly name: string;
  readonly own: boolean;
  readonly speaking: boolean;
  readonly muted: boolean;
  readonly paused: boolean;
  readonly reading: EmotionEvent | null;
}

/** Everyone who takes part, oneself first: the others in the order in which they came. */
export function tiles(state: State, me: string | null): TileView[] {
  const others = state.present.filter((name) => name !== me);
  const names = me === null ? others : [me, ...others];
  return names.map((name) => ({
    name,
    own: name === me,
    speaking: state.speaking.includes(name),
    muted: state.muted.includes(name),
    paused: state.paused.includes(name),
    reading: latestReading(state.utterances, name),
  }));
}

/** Why a participant's picture is not shown. `settled`: long enough here for a link to have begun. */
export function absence(link: LinkView | undefined, settled: boolean): string {
  if (link?.state === "open") return link.audio ? "Camera off" : "Keeps picture and voice to themselves";
  if (link?.state === "connecting") return "Connecting…";
  if (link?.state === "failed") {
    return "No direct way to this person's picture and voice: a firewall may be between you. Readings still come.";
  }
  return settled ? "Not on this page: only readings are shown" : "Joining…";
}

/** The columns of a grid of so many tiles, on a wide screen and on a narrow one. */
export function columns(count: number): { readonly wide: number; readonly narrow: number } {
  return { wide: count <= 1 ? 1 : count <= 4 ? 2 : 3, narrow: count <= 1 ? 1 : 2 };
}

/** What stands in a tile without a picture. */
export function initial(name: string): string {
  return (/[A-Za-z0-9]/.exec(name)?.[0] ?? "?").toUpperCase();
}
