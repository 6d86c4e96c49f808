import { describe, expect, test } from "vitest";
import type { ServerEvent } from "../src/protocol";
import { dismiss, EMPTY, KEPT_UTTERANCES, reduce, type State } from "../src/state";
import { box, emotion, event, hello, transcript } from "./events";

function after(...events: ServerEvent[]): State {
  return events.reduce((state, one) => reduce(state, one, one.time + 0.01), EMPTY);
}

describe("an utterance", () => {
  test("is shown provisionally, then final words and reading replace what was guessed", () => {
    const guessed = after(transcript(1, { final: false, text: "hell" }), emotion(2, { final: false, label: "anger" }));
    expect(guessed.utterances).toMatchObject([{ text: "hell", textFinal: false, reading: { label: "anger" } }]);
    const state = reduce(reduce(guessed, transcript(3), 0), emotion(4, { revision: 2 }), 0);
    expect(state.utterances).toMatchObject([{ text: "hello there", textFinal: true, reading: { label: "joy", final: true } }]);
  });

  test("keeps its final words and its highest revision when older ones come late", () => {
    const late = [transcript(3, { final: false, text: "hell" }), emotion(4, { revision: 2, final: false, label: "fear" })];
    const state = after(transcript(1), emotion(2, { revision: 3 }), ...late);
    expect(state.utterances).toMatchObject([{ text: "hello there", textFinal: true, reading: { revision: 3, label: "joy" } }]);
  });

  test("stands where it began, also when a shorter one of another speaker was final first", () => {
    const second = transcript(1, { utterance: "bob-1", participant: "bob", start: 3 });
    const state = after(second, transcript(2, { start: 1 }), transcript(3, { utterance: "ada-2", start: 2 }));
    expect(state.utterances.map((one) => one.start)).toEqual([1, 2, 3]);
    expect(state.speakers).toEqual(["bob", "ada"]);
  });

  test("is its voice's in a mixed track, and another's once that is known better", () => {
    const first = emotion(1, { participant: "tab", utterance: "tab-1", voice: "tab:1" });
    const second = emotion(2, { participant: "tab", utterance: "tab-2", voice: "tab:1", start: 3, end: 4 });
    const state = after(first, second);
    expect(state.utterances.map((one) => one.participant)).toEqual(["tab:1", "tab:1"]);
    const corrected = event(3, { type: "speakers", participant: "tab", utterances: { "tab-2": "tab:2" } });
    expect(reduce(state, corrected, 0).utterances.map((one) => one.participant)).toEqual(["tab:1", "tab:2"]);
    expect(reduce(state, corrected, 0).speakers).toEqual(["tab:1", "tab:2"]);
  });

  test("goes when it was no speech after all", () => {
    const guess = transcript(1, { start: 5, final: false });
    const ended = { type: "speech", participant: "ada", state: "ended" } as const;
    expect(after(guess, event(2, { ...ended, at: 5 })).utterances).toEqual([]);
    expect(after(guess, event(2, { ...ended, at: 6.5 })).utterances).toHaveLength(1);
  });

  test("is forgotten, oldest first, beyond the bound", () => {
    const many = Array.from({ length: KEPT_UTTERANCES + 5 }, (_, index) =>
      transcript(index + 1, { utterance: `ada-${index}`, start: index }),
    );
    const { utterances } = after(...many);
    expect(utterances).toHaveLength(KEPT_UTTERANCES);
    expect(utterances[0]?.start).toBe(5);
  });
});

describe("the sequence", () => {
  test("leaves a duplicate without effect", () => {
    const once = after(transcript(1), emotion(2));
    expect(reduce(once, emotion(2, { revision: 9, label: "fear" }), 0)).toBe(once);
    expect(reduce(once, transcript(1, { text: "again" }), 0)).toBe(once);
  });

  test("goes on over the numbers of faces, which a resume leaves out", () => {
    const state = after(hello(0), transcript(1), emotion(5));
    expect(state).toMatchObject({ lastSeq: 5, missed: 0 });
    expect(state.utterances).toHaveLength(1);
  });

  test("goes on after a resume as if nothing had happened", () => {
    const events = [transcript(1, { final: false }), transcript(2), emotion(3), transcript(4, { utterance: "ada-2", start: 4 })];
    const broken = after(hello(0), ...events.slice(0, 2), hello(2), ...events.slice(1));
    expect({ ...broken, hello: null }).toEqual({ ...after(hello(0), ...events), hello: null });
    expect(broken.missed).toBe(0);
  });

  test("says how much was missed when a resume came too late, and keeps what there was", () => {
    const state = after(hello(0), transcript(1), hello(40), transcript(41, { utterance: "ada-9", start: 90 }));
    expect(state).toMatchObject({ missed: 39, lastSeq: 41 });
    expect(state.utterances).toHaveLength(2);
  });

  test("begins with the first event of a conversation joined late, without calling the rest missed", () => {
    expect(after(hello(700), transcript(701))).toMatchObject({ missed: 0, lastSeq: 701 });
  });

  test("empties the page, and says so, when the server has begun the conversation anew", () => {
    const state = after(hello(0), transcript(1), emotion(2), hello(0));
    expect(state).toMatchObject({ utterances: [], lastSeq: 0, notices: [{ kind: "warning" }] });
  });

  test("is not moved by what is for this session alone", () => {
    const error = event(9, { type: "error", code: "bad_frame", message: "too short", fatal: false });
    const state = after(transcript(1), error, event(9, { type: "pong", nonce: 1 }), emotion(2));
    expect(state).toMatchObject({ lastSeq: 2, missed: 0, notices: [{ kind: "error", message: "too short" }] });
  });

  test("counts a lag told to everyone, so that the event after it is no gap", () => {
    const lag = event(2, {
      type: "lag",
      seconds: 1.5,
      dropped: { audio: 3 },
      faces_per_second: null,
      provisional: null,
    });
    expect(after(transcript(1), lag, emotion(3))).toMatchObject({ lastSeq: 3, missed: 0, behind: { seconds: 1.5 } });
  });
});

test("what was dropped is counted by kind over all that was told", () => {
  const lag = (seq: number, dropped: Record<string, number>): ServerEvent => event(seq, { type: "lag", seconds: 1, dropped, faces_per_second: null, provisional: null });
  expect(after(lag(1, { audio: 3 }), lag(2, { audio: 1, words: 2 })).dropped).toEqual({ audio: 4, words: 2 });
});

test("a greeting tells the server's clock, also to who comes long after the last word", () => {
  const late = [transcript(1), hello(1)].reduce((state, one) => reduce(state, one, 1500), EMPTY);
  expect(late.clock.skew).toBe(499);
});

describe("people", () => {
  test("who leave are no longer speaking nor seen, but keep their lane", () => {
    const faces = event(2, { type: "faces", participant: "ada", at: 1, faces: [box(1, 0.4)], latency_ms: 20 });
    const here = after(
      event(1, { type: "participants", present: ["ada", "bob"], muted: ["bob"], paused: [] }),
      faces,
      event(3, { type: "speech", participant: "ada", state: "started", at: 1 }),
    );
    expect(here).toMatchObject({ speaking: ["ada"], muted: ["bob"], faces: { ada: { boxes: [{ id: 1 }] } } });
    const gone = reduce(here, event(4, { type: "participants", present: ["bob"], muted: [], paused: [] }), 0);
    expect(gone).toMatchObject({ speaking: [], faces: {}, speakers: ["ada", "bob"], muted: [] });
  });
});

test("a notice that repeats stands once, and goes when it is put away", () => {
  const warning = (seq: number): ServerEvent => event(seq, { type: "warning", message: "no camera" });
  const state = after(warning(1), warning(2));
  expect(state.notices).toHaveLength(1);
  expect(dismiss(state, state.notices[0]?.id ?? -1).notices).toEqual([]);
});
