import { describe, expect, test } from "vitest";
import { drops, figures, lagInWords, pace, promptness, quality, quantile, stageTimes } from "../src/health";
import { flow, readReports, type Counters } from "../src/session/counters";
import type { ServerEvent } from "../src/protocol";
import { EMPTY, reduce, type Behind, type State } from "../src/state";
import { emotion, EPOCH, event, hello } from "./events";

type Effort = Partial<Pick<Behind, "faces_per_second" | "provisional">>;

const answered = Array.from({ length: 70 }, (_, index) => {
  const latency_ms = { total: 450 + index, hangover: 400, recognise: 20, beyond_hangover: 50 };
  return emotion(index + 1, { utterance: `ada-${index}`, latency_ms });
}).reduce((state, one) => reduce(state, one, 0), EMPTY);

describe("the time by stage", () => {
  test("is that of the last sixty answers, in the order of the stages, the sum last", () => {
    const stages = stageTimes(answered.utterances);
    expect(stages.map((one) => one.stage)).toEqual(["hangover", "recognise", "total"]);
    expect(stages[2]).toMatchObject({ name: "from the end of speech", median: 489.5 });
    expect(stages[2]?.times).toHaveLength(60);
  });

  test("is not of provisional readings", () => {
    const guess = reduce(EMPTY, emotion(1, { final: false, latency_ms: { computed: 5 } }), 0);
    expect(stageTimes(guess.utterances)).toEqual([]);
  });

  test("lies between the nearest two where a share falls between them", () => {
    expect([0, 0.5, 0.95, 1].map((share) => quantile([4, 1, 3, 2], share))).toEqual([1, 2.5, 3.8499999999999996, 4]);
  });
});

describe("in words", () => {
  test("it says how soon answers come, and how much of it is waiting", () => {
    expect(promptness(stageTimes(answered.utterances), true)).toEqual({
      grade: "good",
      sentence: "Answers come 0.5 s after you stop speaking. 0.4 s of it is waiting to be sure of the silence.",
    });
    const quick = stageTimes(reduce(EMPTY, emotion(1, { latency_ms: { total: 410, hangover: 400 } }), 0).utterances);
    expect(promptness(quick, false).sentence).toContain("after a speaker stops speaking. Nearly all of it is waiting");
    expect(promptness([], false).sentence).toContain("Nothing has been said yet");
  });

  test("it says what was dropped, by kind", () => {
    expect(drops({})).toEqual({ grade: "good", sentence: "Nothing was dropped." });
    expect(drops({ audio: 3, words: 1 }).sentence).toBe("Dropped so far: 3 pieces of sound and 1 utterance read without its words.");
  });

  test("it says when the server is behind, and forgets it after a while", () => {
    const state = reduce(EMPTY, event(1, { type: "lag", seconds: 2.1, dropped: {}, faces_per_second: null, provisional: null }), 100);
    expect(pace(state, 105)).toMatchObject({ grade: "poor", sentence: expect.stringContaining("2.1 s behind") });
    expect(pace(state, 200)).toMatchObject({ grade: "good" });
  });

  test("it says for a moment what is given up, and that all is as usual again", () => {
    const greeted = reduce(EMPTY, { ...hello(), limits: { faces_per_second: 10 } } as ServerEvent, 100);
    const lag = (state: State, seconds: number, effort: Effort = {}, dropped = {}): State =>
      reduce(state, event(1, { type: "lag", seconds, dropped, faces_per_second: null, provisional: null, ...effort }, EPOCH), 100);
    const less = lag(greeted, 0.52, { faces_per_second: 2, provisional: false });
    expect(lagInWords(less, 101)).toEqual({ grade: "poor", sentence: "0.5 s behind, 2 pictures a second, no early guesses" });
    const more = lag(less, 0, { faces_per_second: 5, provisional: true });
    expect(lagInWords(more, 101)).toEqual({ grade: "fair", sentence: "5 pictures a second" });
    expect(pace(more, 200)).toMatchObject({ grade: "fair", sentence: expect.stringContaining("5 pictures a second") });
    const lost = lag(more, 0, {}, { kept: 1 });
    expect(lagInWords(lost, 101)).toMatchObject({ sentence: "dropped 1 utterance not kept in the library, 5 pictures a second" });
    const usual = lag(lost, 0, { faces_per_second: 10, provisional: true });
    expect(lagInWords(usual, 101)).toEqual({ grade: "good", sentence: "All as usual again" });
    expect(lagInWords(usual, 200)).toBeNull();
    expect(pace(usual, 101)).toMatchObject({ grade: "good" });
  });

  test.each([
    [{}, "good"],
    [{ roundTrip: 200 }, "fair"],
    [{ roundTrip: 900 }, "poor"],
    [{ lost: 0.2 }, "poor"],
    [{ waiting: 500_000 }, "poor"],
  ] as const)("the connection with %o is %s", (change, grade) => {
    expect(quality({ up: 1, down: 1, roundTrip: 20, lost: 0, jitter: 2, waiting: null, ...change }).grade).toBe(grade);
  });
});

describe("the connection's figures", () => {
  const reports = [
    { type: "transport", selectedCandidatePairId: "b" },
    { type: "candidate-pair", id: "a", bytesSent: 9, bytesReceived: 9, currentRoundTripTime: 9 },
    { type: "candidate-pair", id: "b", bytesSent: 5000, bytesReceived: 700, currentRoundTripTime: 0.012 },
    { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0, jitter: 0.002 },
    { type: "remote-inbound-rtp", kind: "video", fractionLost: 0.04, jitter: 0.005 },
  ];

  test("are those of the pair in use, and the worst that the server reports", () => {
    const told = readReports(reports, 1000);
    expect(told).toMatchObject({ sentBytes: 5000, receivedBytes: 700, roundTrip: 12, lost: 0.04, jitter: 5, waiting: null });
    expect(readReports([], 0)).toMatchObject({ sentBytes: 0, roundTrip: null, lost: null });
  });

  test("are rates between two readings, and only what the link tells", () => {
    const before: Counters = { at: 0, sentBytes: 0, receivedBytes: 0, roundTrip: null, lost: null, jitter: null, waiting: 2048 };
    const now = { ...before, at: 2000, sentBytes: 500_000, receivedBytes: 1000, roundTrip: 3 };
    expect(figures(flow(before, now))).toEqual([
      ["Sent", "2.0 Mbit/s"],
      ["Received", "4 kbit/s"],
      ["There and back", "3 ms"],
      ["Waiting to be sent", "2 KiB"],
    ]);
  });
});
