import { describe, expect, test } from "vitest";
import { FaceMotion } from "../src/faces";
import type { Emotion } from "../src/protocol";
import { MARGIN, PERSIST_MS, steady, type Held, type Seen } from "../src/steady";
import { box } from "./events";

const seen = (label: Emotion, confidence = 0.5, unsure = false): Seen => ({ label, confidence, unsure });

/** What is shown after these, one every 100 ms. */
function shown(...all: readonly Seen[]): Held[] {
  let held: Held | null = null;
  return all.map((one, index) => (held = steady(held, one, index * 100)));
}

describe("a label", () => {
  test("is shown from the first reading on", () => {
    expect(shown(seen("joy"))[0]).toMatchObject({ label: "joy", unsure: false, confidence: 0.5 });
  });

  test("does not flicker while two readings take turns", () => {
    const labels = shown(...Array.from({ length: 40 }, (_, index) => seen(index % 2 ? "anger" : "joy"))).map((one) => one.label);
    expect(new Set(labels)).toEqual(new Set(["joy"]));
  });

  test("gives way to another that lasts, and not before", () => {
    const all = shown(seen("joy"), ...Array.from({ length: 8 }, () => seen("anger")));
    const first = all.findIndex((one) => one.label === "anger");
    // The rival came at 100 ms.
    expect(first * 100 - 100).toBe(PERSIST_MS);
  });

  test("gives way at once to one that is clearly surer", () => {
    expect(shown(seen("joy", 0.4), seen("anger", 0.4 + MARGIN))[1]?.label).toBe("anger");
  });

  test("says that it is unsure once that lasts, however sure the numbers", () => {
    const all = shown(seen("joy", 0.3), seen("joy", 0.9, true), seen("joy", 0.3), ...Array.from({ length: 6 }, () => seen("joy", 0.2, true)));
    expect(all.map((one) => one.unsure)).toEqual([false, false, false, false, false, false, false, true, true]);
  });

  test("has a confidence that moves, but doesn't jump", () => {
    const [, second, third] = shown(seen("joy", 0.5), seen("joy", 0.6), seen("joy", 0.6));
    expect(second?.confidence).toBeCloseTo(0.53);
    expect(third?.confidence).toBeGreaterThan(second?.confidence ?? 1);
  });
});

describe("the box of a face", () => {
  test("keeps its label through one stray result, and its place follows every result", () => {
    const motion = new FaceMotion(0);
    motion.tell([box(1, 0.2)], 0);
    motion.tell([{ ...box(1, 0.4), label: "anger" }], 100);
    expect(motion.at(150)[0]).toMatchObject({ label: "joy", x: 0.4 });
    motion.tell([{ ...box(1, 0.4), label: "anger" }], 100 + PERSIST_MS);
    expect(motion.at(600)[0]?.label).toBe("anger");
  });

  test("of somebody new begins with its own label", () => {
    const motion = new FaceMotion(0);
    motion.tell([box(1, 0.2)], 0);
    motion.tell([{ ...box(2, 0.4), label: "anger" }], 100);
    expect(motion.at(150)[0]?.label).toBe("anger");
  });

  test("is drawn again only while something moves", () => {
    const motion = new FaceMotion(100);
    motion.tell([box(1, 0.2)], 0);
    expect([10, 340, 500, 890, 910, 1300].map((now) => motion.moving(now))).toEqual([true, true, false, false, true, false]);
  });
});
