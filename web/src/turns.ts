/** The conversation around an utterance, for parts deep inside its transcript. */

import { getContext, setContext } from "svelte";
import type { Utterance } from "./state";

type Turns = () => readonly Utterance[];
const KEY = Symbol("turns");

/** Told by whatever shows a conversation; call it while the component is made. */
export function tellTurns(turns: Turns): void {
  setContext(KEY, turns);
}

/** The conversation's utterances at any time; none where nobody tells them. */
export function askTurns(): Turns {
  return getContext<Turns | undefined>(KEY) ?? (() => []);
}
