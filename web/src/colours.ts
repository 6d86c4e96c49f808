/** The scheme's colours for what is drawn on a canvas. */

import { colourOf } from "./emotions";
import { EMOTIONS, type Emotion } from "./protocol";

export type Colours = Readonly<Record<Emotion | "ink" | "line" | "soft" | "accent" | "surface", string>>;

const ROLES = ["ink", "line", "soft", "accent", "surface"] as const;

/** As they are at an element now. Asking for them is not free: ask again when the scheme has changed, not each frame. */
export function coloursAt(element: Element): Colours {
  const style = getComputedStyle(element);
  const names: [string, string][] = [
    ...ROLES.map((role): [string, string] => [role, `--${role}`]),
    ...EMOTIONS.map((label): [string, string] => [label, colourOf(label)]),
  ];
  return Object.fromEntries(names.map(([role, name]) => [role, style.getPropertyValue(name).trim()])) as Colours;
}

/** Notes at a drawing for which width and scheme it was made: it is behind for a moment after either has changed. */
export function sign(drawing: HTMLElement, colours: Colours): void {
  drawing.dataset["drawn"] = `${drawing.clientWidth} ${colours.ink}`;
}

/** Calls back whenever the system changes from light to dark or back, until what it gives is called. */
export function onScheme(changed: () => void): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", changed);
  return () => dark.removeEventListener("change", changed);
}
