import { describe, expect, test } from "vitest";
import { SHAPES } from "../src/emotions";
import { EMOTIONS } from "../src/protocol";
import css from "../src/tokens.css?raw";

type Scheme = Record<string, string>;

const [light = {}, dark = {}] = css.split("@media").map(
  (part): Scheme => Object.fromEntries([...part.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, hex]) => [name, hex])),
);

/** Relative luminance and contrast, WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(scheme: Scheme, front: string, back: string): number {
  const [low = 0, high = 0] = [front, back].map((name) => luminance(scheme[name] ?? "")).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe.each([["light", light], ["dark", dark]])("the %s scheme", (_, scheme) => {
  test.each([
    ["ink", "ground"],
    ["ink", "surface"],
    ["ink", "sunken"],
    ["soft", "ground"],
    ["soft", "surface"],
    ["soft", "sunken"],
    ["accent", "ground"],
    ["accent", "surface"],
    ["on-accent", "accent"],
    ["alert", "ground"],
    ["alert", "alert-ground"],
    ["ink", "alert-ground"],
    ["ink", "notice-ground"],
    ["running", "surface"],
  ])("sets the text %s on %s at 4.5 : 1 at least", (front, back) => {
    expect(contrast(scheme, front, back)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(EMOTIONS)("draws the shape of %s at 3 : 1 at least", (label) => {
    for (const back of ["ground", "surface", "sunken"]) {
      expect(contrast(scheme, `emotion-${label}`, back)).toBeGreaterThanOrEqual(3);
    }
  });
});

test("the dark scheme is the same whether the system or the address asks for it", () => {
  const [, system = "", asked = ""] = css.split(/@media|\[data-theme="dark"\]/);
  const values = (part: string): string[] => [...part.matchAll(/--[\w-]+:[^;]+/g)].map(([value]) => value);
  expect(values(asked)).toEqual(values(system));
  expect(values(asked)).toHaveLength(Object.keys(dark).length);
});

test("no two emotions share a shape", () => {
  expect(new Set(Object.values(SHAPES)).size).toBe(EMOTIONS.length);
});
