import { describe, expect, test } from "vitest";
import { ALL, centre, LAST_MINUTE, pan, reveal, span, zoom, type Extent } from "../src/zoom";

const live = (length: number): Extent => ({ length, position: null });
const HOUR = live(3600);

describe("the timeline of a live conversation", () => {
  test("stands still until its minute is full, then moves with the time", () => {
    expect(span(LAST_MINUTE, live(12))).toEqual([0, 60]);
    expect(span(LAST_MINUTE, live(75))).toEqual([15, 75]);
  });

  test("shows all, and goes on to when there is more", () => {
    expect(span(ALL, live(30))).toEqual([0, 60]);
    expect(span(ALL, HOUR)).toEqual([0, 3600]);
  });

  test("stays where it was dragged to, and follows again at the newest", () => {
    const back = pan(LAST_MINUTE, -100, HOUR);
    expect(span(back, live(3700))).toEqual([3440, 3500]);
    expect(pan(back, 100, HOUR)).toEqual(LAST_MINUTE);
  });

  test("can't be dragged over either end", () => {
    expect(span(pan(LAST_MINUTE, -9999, HOUR), HOUR)).toEqual([0, 60]);
    expect(span(pan(LAST_MINUTE, 9999, HOUR), HOUR)).toEqual([3540, 3600]);
  });

  test("zooms around the pointer, whose time stays under it", () => {
    const view = zoom(pan(LAST_MINUTE, -100, HOUR), 0.5, HOUR, 3455);
    const [from, to] = span(view, HOUR);
    expect(to - from).toBe(30);
    expect((3455 - from) / (to - from)).toBeCloseTo((3455 - 3440) / 60, 6);
  });

  test("zooms by keys without leaving the newest", () => {
    expect(span(zoom(LAST_MINUTE, 2, HOUR), HOUR)).toEqual([3480, 3600]);
    expect(span(zoom(LAST_MINUTE, 0.5, HOUR), HOUR)).toEqual([3570, 3600]);
  });

  test("zooms no nearer than five seconds and no further than all", () => {
    expect(zoom(LAST_MINUTE, 0.001, HOUR).seconds).toBe(5);
    expect(zoom(LAST_MINUTE, 1000, HOUR)).toEqual(ALL);
  });

  test("moves only as far as an utterance out of sight needs", () => {
    expect(reveal(LAST_MINUTE, 3590, HOUR)).toBe(LAST_MINUTE);
    expect(span(reveal(LAST_MINUTE, 1000, HOUR), HOUR)).toEqual([970, 1030]);
    expect(span(centre(LAST_MINUTE, 10, HOUR), HOUR)).toEqual([0, 60]);
  });
});

describe("the timeline of a recording", () => {
  const at = (position: number): Extent => ({ length: 600, position });

  test("keeps what is played in sight, with what comes next", () => {
    expect(span(LAST_MINUTE, at(300))).toEqual([255, 315]);
    expect(span(LAST_MINUTE, at(2))).toEqual([0, 60]);
    expect(span(LAST_MINUTE, at(600))).toEqual([540, 600]);
  });

  test("stays where it was dragged to while it plays", () => {
    const back = pan(LAST_MINUTE, -100, at(300));
    expect(span(back, at(310))).toEqual([155, 215]);
  });
});
