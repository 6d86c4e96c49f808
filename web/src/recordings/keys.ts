/** The keys of a recording, as video editors and players have them. */

export type Action = "toggle" | "back" | "forward" | "farBack" | "farForward" | "previous" | "next" | "search" | "help";

export interface Pressed {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

export const STEP_SECONDS = 5;
export const FAR_SECONDS = 10;

/** For the list of them; the order is the list's. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Space or K", "play, pause"],
  ["← →", `${STEP_SECONDS} seconds back, on`],
  ["J L", `${FAR_SECONDS} seconds back, on`],
  ["Shift ← →", "the utterance before, the next one"],
  ["/", "search in the transcript; Enter goes to the next hit, Shift Enter to the one before"],
  ["?", "this list"],
];

const LETTERS: Readonly<Record<string, Action>> = { k: "toggle", j: "farBack", l: "farForward", "/": "search", "?": "help" };

/** What a key asks for. `letters`: whether keys that also write something are listened to. */
export function actionOf(pressed: Pressed, letters: boolean): Action | null {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return null;
  switch (pressed.key) {
    case " ":
      return "toggle";
    case "ArrowLeft":
      return pressed.shiftKey ? "previous" : "back";
    case "ArrowRight":
      return pressed.shiftKey ? "next" : "forward";
  }
  return (letters && LETTERS[pressed.key.toLowerCase()]) || null;
}
