import { describe, expect, test } from "vitest";
import { current, sparks, timeNow } from "../src/current";
import type { ServerEvent } from "../src/protocol";
import { EMPTY, reduce, type State } from "../src/state";
import { emotion, event, transcript } from "./events";

function after(...events: ServerEvent[]): State {
  return events.reduce((state, one) => reduce(state, one, one.time), EMPTY);
}

const started = (seq: number, participant: string): ServerEvent =>
  event(seq, { type: "speech", participant, state: "started", at: seq });

describe("who has the word", () => {
  const talk = after(transcript(1), emotion(2), transcript(3, { utterance: "bob-1", participant: "bob", start: 5, text: "no" }));

  test("is who speaks now, with what that one expressed last", () => {
    const state = reduce(talk, started(4, "ada"), 0);
    expect(current(state)).toMatchObject({ speaker: "ada", speaking: true, reading: { label: "joy" }, text: "hello there" });
  });

  test("is who spoke last while all are silent", () => {
    expect(current(talk)).toMatchObject({ speaker: "bob", speaking: false, reading: null, text: "no", until: 6 });
  });

  test("is only ever the one that was asked for", () => {
    const state = reduce(talk, started(4, "bob"), 0);
    expect(current(state, "ada")).toMatchObject({ speaker: "ada", speaking: false });
    expect(current(state, "eve")).toBeNull();
  });

  test("is, of several in one sound, known by their words", () => {
    const call = { participant: "call", text: "so" };
    const talked = after(
      transcript(1, { ...call, utterance: "call-1", voice: "call:1" }),
      emotion(2, { participant: "call", utterance: "call-1", voice: "call:1", label: "fear" }),
      started(3, "call"),
    );
    expect(current(talked)).toMatchObject({ speaker: "call", source: "call", speaking: true, reading: { label: "fear" } });
    const known = reduce(talked, transcript(4, { ...call, utterance: "call-2", voice: "call:2", start: 5, final: false }), 0);
    expect(current(known)).toMatchObject({ speaker: "call:2", source: "call", speaking: true, reading: null });
    expect(sparks(known.utterances, "call", 10, 10, 0)).toHaveLength(1);
    expect(sparks(known.utterances, "call:2", 10, 10, 0)).toHaveLength(0);
  });

  test("is nobody before the first word", () => {
    expect(current(EMPTY)).toBeNull();
    expect(timeNow(EMPTY, 1000)).toBe(0);
  });
});

describe("the sparkline", () => {
  const said = (seq: number, start: number, change = {}): ServerEvent =>
    emotion(seq, { utterance: `ada-${seq}`, start, end: start + 6, confidence: 0.8, ...change });
  const { utterances } = after(said(1, 0), said(2, 60), said(3, 63), said(4, 100, { confidence: 0.01 }));

  test("has the last readings as shares of its width, the newest at the right", () => {
    const bars = sparks(utterances, "ada", 120, 100, 0);
    expect(bars.map(({ x, width }) => [x, width].map((part) => part.toFixed(2)))).toEqual([
      ["0.40", "0.06"], ["0.43", "0.06"], ["0.80", "0.06"],
    ]);
    expect(bars.at(-1)?.height).toBeGreaterThan(0.1);
  });

  test("leaves out a shape that would cover the one before, and other speakers", () => {
    expect(sparks(utterances, "ada", 120, 100, 0.1).map((bar) => bar.shape)).toEqual([true, false, true]);
    expect(sparks(utterances, "bob", 120, 100, 0.1)).toEqual([]);
  });
});
