/** What the overlay's address asks for. What it can't mean is said in a sentence, so that the address can be mended. */

import { identifier } from "./names";
import { listed } from "./emotions";

export const PARTS = ["name", "label", "bar", "words"] as const;
export type PartName = (typeof PARTS)[number];

export interface OverlayOptions {
  readonly show: readonly PartName[];
  /** Only this one's; null: whoever speaks. */
  readonly speaker: string | null;
  readonly side: "left" | "right";
  readonly size: number;
  readonly theme: "dark" | "light";
  /** A CSS colour behind it. */
  readonly background: string;
  /** Seconds after the last word until it goes. */
  readonly linger: number;
}

export interface Asked {
  readonly options: OverlayOptions;
  readonly complaints: readonly string[];
}

const DEFAULTS: OverlayOptions = {
  show: PARTS,
  speaker: null,
  side: "left",
  size: 1,
  theme: "dark",
  background: "transparent",
  linger: 8,
};

/** Gives the part of the options that a value means, or how the value should be. */
type Reader = (value: string) => Partial<OverlayOptions> | string;

const READERS: Record<keyof OverlayOptions, Reader> = {
  show: (value) => {
    const show = value.split(",").map((part) => part.trim());
    return show.every(isPart) ? { show } : `a list of ${listed(PARTS)}, separated by commas`;
  },
  speaker: (value) => {
    const name = value.replace(/:\d+$/, "");
    return name && identifier(name) === name ? { speaker: value } : "a participant's name, or a voice's such as call:1";
  },
  side: (value) => (value === "left" || value === "right" ? { side: value } : "left or right"),
  size: (value) => number("size", value, 0.5, 4),
  theme: (value) => (value === "dark" || value === "light" ? { theme: value } : "dark or light"),
  background: readBackground,
  linger: (value) => number("linger", value, 1, 3600),
};

export function readOverlay(query: URLSearchParams): Asked {
  const read = [...query].map(([name, value]): Partial<OverlayOptions> | string => {
    if (!isOption(name)) return `“${name}” is no option. There are ${listed(Object.keys(READERS))}.`;
    const meant = READERS[name](value);
    return typeof meant === "string" ? `“${name}=${value}” can't be: ${name} is ${meant}.` : meant;
  });
  const complaints = read.filter((one) => typeof one === "string");
  const options = Object.assign({}, DEFAULTS, ...read.filter((one) => typeof one !== "string")) as OverlayOptions;
  return { options, complaints };
}

/** `panel` is a plate in the theme's colour; else a colour in hexadecimal, the last two of eight digits how opaque. */
function readBackground(value: string): Partial<OverlayOptions> | string {
  if (value === "transparent") return { background: value };
  if (value === "panel") return { background: "color-mix(in srgb, var(--surface) 78%, transparent)" };
  const hex = /^#?((?:[0-9a-f]{2}){3,4})$/i.exec(value)?.[1];
  return hex ? { background: `#${hex}` } : "transparent, panel or a colour such as 1d2427 or 1d2427c0";
}

function number(name: "size" | "linger", value: string, least: number, most: number): Partial<OverlayOptions> | string {
  const meant = value.trim() ? Number(value) : NaN;
  return meant >= least && meant <= most ? { [name]: meant } : `a number from ${least} to ${most}`;
}

function isPart(part: string): part is PartName {
  return (PARTS as readonly string[]).includes(part);
}

function isOption(name: string): name is keyof OverlayOptions {
  return Object.hasOwn(READERS, name);
}
