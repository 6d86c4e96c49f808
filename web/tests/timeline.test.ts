import { describe, expect, test } from "vitest";
import type { EmotionEvent } from "../src/protocol";
import { EMPTY, reduce, type State } from "../src/state";
import { barAt, latestReading, saidAt, speakersOf, step, thin, track, within } from "../src/timeline";
import { emotion, transcript } from "./events";

/** A conversation of utterances of a second each, one for each change, a second apart. */
function talk(...changes: Partial<EmotionEvent>[]): State {
  return changes
    .map((change, index) => emotion(index + 1, { utterance: `u${index}`, start: 2 * index, end: 2 * index + 1, ...change }))
    .reduce((state, one) => reduce(state, one, 0), EMPTY);
}

function tracked({ utterances, speakers }: State): ReturnType<typeof track> {
  return track(utterances, speakers);
}

const BOB = { participant: "bob" };

describe("the timeline", () => {
  test("has a bar for each utterance with a reading, as high as it is confident", () => {
    const state = reduce(talk({ confidence: 0.8 }), transcript(9, { utterance: "later", start: 4 }), 0);
    expect(tracked(state).bars).toMatchObject([{ lane: 0, start: 0, end: 1, label: "joy", height: 0.8, unsure: false, final: true }]);
  });

  test("gives what reaches into a span, a long utterance that began before it included", () => {
    const state = talk({ end: 30 }, {}, {}, { start: 50, end: 51 });
    expect(within(tracked(state), 20, 40).map((bar) => bar.said.key)).toEqual(["u0"]);
    expect(within(tracked(state), 3, 4.5).map((bar) => bar.said.key)).toEqual(["u0", "u1", "u2"]);
  });

  test("has a lane for each voice in one sound, and one for who shares it only where whose voice it is stayed unknown", () => {
    const call = { participant: "call" };
    const guessed = talk(BOB, { ...call, final: false });
    expect(speakersOf(guessed)).toEqual(["bob", "call"]);
    const known = talk(BOB, { ...call, voice: "call:1" }, { ...call, voice: "call:2" }, { ...call, final: false });
    expect(speakersOf({ ...known, speakers: ["call", ...known.speakers] })).toEqual(["bob", "call:1", "call:2"]);
    expect(track(known.utterances, speakersOf(known)).bars.map((bar) => bar.lane)).toEqual([0, 1, 2]);
    expect(speakersOf(talk({ ...call, voice: "call:1" }, call))).toEqual(["call:1", "call"]);
    expect(speakersOf({ ...known, speakers: [...known.speakers, "call:3"] })).not.toContain("call:3");
    expect(latestReading(known.utterances, "call")?.utterance).toBe("u3");
  });

  test("knows what each expressed last, and what is being said", () => {
    const state = talk({}, { ...BOB, label: "fear" }, {});
    expect(latestReading(state.utterances, "bob")?.label).toBe("fear");
    expect(latestReading(state.utterances, "eve")).toBeNull();
    expect([-1, 0, 3.5, 99].map((at) => saidAt(state.utterances, at))).toEqual([-1, 0, 1, 2]);
  });
});

describe("a shift", () => {
  const shifts = (...changes: Partial<EmotionEvent>[]): (string | null)[] => tracked(talk(...changes)).bars.map((bar) => bar.shiftedFrom);

  test("is where a speaker expresses something else than before", () => {
    expect(shifts({}, { label: "anger" }, { label: "anger" })).toEqual([null, "joy", null]);
  });

  test("is each speaker's own", () => {
    expect(shifts({}, { ...BOB, label: "anger" }, {})).toEqual([null, null, null]);
  });

  test("is neither to nor from what is unsure or provisional", () => {
    const guesses = [{ label: "anger", unsure: true }, { label: "fear", final: false }] as const;
    expect(shifts({}, ...guesses, { label: "sadness" })).toEqual([null, null, null, "joy"]);
  });
});

describe("bars narrower than a few pixels", () => {
  test("are drawn as one for each lane and cell: the one that says most", () => {
    const { bars } = tracked(talk({ confidence: 0.4 }, { label: "fear", confidence: 0.9 }, BOB, { label: "anger", confidence: 0.5 }));
    expect(thin(bars, 8)).toMatchObject([
      { lane: 0, label: "fear", start: 0, end: 8, shiftedFrom: "joy" },
      { lane: 1, label: "joy", start: 0, end: 8 },
    ]);
  });

  test("are the same ones while the scale changes a little, as it does with every second that passes", () => {
    const { bars } = tracked(talk(...Array.from({ length: 200 }, (_, n) => ({ confidence: ((n * 7) % 10) / 10 }))));
    expect(thin(bars, 5)).toEqual(thin(bars, 8));
    expect(thin(bars, 8.1)).not.toEqual(thin(bars, 8));
  });

  test("leave those that are wide enough as they are", () => {
    const { bars } = tracked(talk({}, {}, {}));
    expect(thin(bars, 0.5)).toEqual(bars);
  });

  test("are never more than there are cells, however long the conversation", () => {
    const { bars } = tracked(talk(...Array.from({ length: 2000 }, () => ({}))));
    expect(thin(bars, 10).length).toBeLessThanOrEqual(400);
  });
});

describe("pointing", () => {
  const known = tracked(talk({}, BOB, {}, { ...BOB, start: 20, end: 21 }));

  test("finds the bar under the pointer, or the nearest in its lane within reach", () => {
    expect(barAt(known, 0, 4.5, 1)?.said.key).toBe("u2");
    expect(barAt(known, 1, 3.5, 1)?.said.key).toBe("u1");
    expect(barAt(known, 1, 12, 1)).toBeNull();
  });

  test("walks by keys in time and between lanes, and stays at the ends", () => {
    const [first, bob, , last] = known.bars;
    const go = (from: typeof first, key: string): string | undefined => from && step(known, from, key)?.said.key;
    expect(go(first, "ArrowRight")).toBe("u1");
    expect(go(first, "ArrowLeft")).toBe("u0");
    expect(go(last, "ArrowRight")).toBe("u3");
    expect(go(bob, "ArrowUp")).toBe("u0");
    expect(go(first, "ArrowDown")).toBe("u1");
    expect(go(first, "ArrowUp")).toBeUndefined();
    expect([go(bob, "Home"), go(bob, "End")]).toEqual(["u0", "u3"]);
  });
});
