import { describe, expect, test } from "vitest";
import { disagreements, shifts, strongest } from "../src/moments";
import type { Emotion, EmotionEvent, Kept, Modality, ModalityShare } from "../src/protocol";
import { recorded } from "../src/record";
import { filtered, hits, marked, neighbour, NO_FILTER, toggled } from "../src/recordings/finding";
import { actionOf } from "../src/recordings/keys";
import { EMPTY, type State, type Utterance } from "../src/state";
import { generalSentences, longestMonologue, shiftSentences, slices, speakerSentence, summarise, turns } from "../src/summary";
import { emotion } from "./events";
import fixture from "./summary.fixture.json";

interface Said {
  unsure?: boolean;
  final?: boolean;
  confidence?: number;
  end?: number;
  modalities?: Partial<Record<Modality, ModalityShare>>;
}

function said(participant: string, start: number, label: Emotion, text = "so it is", more: Said = {}): Utterance {
  const { end = start + 1, ...change } = more;
  const key = `${participant}-${start}`;
  const reading = emotion(1, { utterance: key, participant, start, end, label, ...change }) as EmotionEvent;
  return { key, participant, source: participant, start, end, text, textFinal: true, draft: false, reading };
}

function alone(label: Emotion, most: number): ModalityShare {
  return { weight: 0.5, label, probabilities: { [label]: most } };
}

const TALK = [
  said("ada", 0, "neutral"),
  said("ben", 1, "joy", "I got the job", { confidence: 0.9 }),
  said("ada", 2, "joy", "That is wonderful", { confidence: 0.8 }),
  said("ada", 4, "sadness", "And now you leave", { unsure: true }),
  said("ada", 5.5, "anger", "You never told me", { confidence: 0.6, end: 9 }),
  said("ben", 9, "joy"),
];
const STATE: State = { ...EMPTY, utterances: TALK, speakers: ["ada", "ben"] };

describe("a record of the library", () => {
  const kept = fixture.kept as unknown as Kept;
  const state = recorded(kept);

  test("becomes the state that a live page would have reached", () => {
    expect(state.speakers).toEqual(["Ada", "Ben"]);
    expect(state.utterances).toHaveLength(4);
    expect(state.utterances[2]).toMatchObject({
      key: "Ada-3.5", participant: "Ada", start: 3.5, end: 6.5, text: "Oh, I can hardly believe it", textFinal: true,
      reading: { type: "emotion", final: true, label: "surprise", unsure: true, participant: "Ada" },
    });
    expect(state.hello).toMatchObject({ bundle: "undertone-base", recogniser: "sphinx", draft: false });
  });

  test("is counted as the report of the server counts it", () => {
    const counts = summarise(state.utterances);
    expect(counts.map(({ share, ...rest }) => rest)).toEqual(fixture.summaries.map(({ share, ...rest }) => rest));
    counts.forEach((one, place) => expect(one.share).toBeCloseTo(fixture.summaries[place]?.share ?? -1, 12));
  });
});

describe("the moments", () => {
  test("begin with the strongest, without neutral, unsure and provisional ones", () => {
    const guess = said("ben", 11, "fear", "who", { final: false, confidence: 1 });
    expect(strongest([...TALK, guess]).map(({ reading }) => reading.confidence)).toEqual([0.9, 0.8, 0.7, 0.6]);
  });

  test("have a shift where a speaker's sure reading differs from the last sure one, and after whose turn", () => {
    expect(shifts(TALK).map(({ from, reading, after }) => [from, reading.label, after])).toEqual([
      ["neutral", "joy", "ben"],
      ["joy", "anger", "ada"],
    ]);
  });

  test("have a disagreement only where words and voice are each sure of something else, the clearest first", () => {
    const by = (words: number, voice: number, other: Emotion = "anger"): Said => ({
      modalities: { text: alone("joy", words), audio: alone(other, voice) },
    });
    const told = [
      said("ada", 0, "joy", "a", by(0.6, 0.7)),
      said("ada", 1, "joy", "b", by(0.9, 0.4)),
      said("ada", 2, "joy", "c", by(0.9, 0.9, "joy")),
      said("ada", 3, "joy", "d", by(0.8, 0.9)),
      said("ada", 4, "joy", "e", { modalities: { text: alone("joy", 0.9) } }),
    ];
    expect(disagreements(told).map(({ utterance, words, voice }) => [utterance.text, words, voice])).toEqual([
      ["d", "joy", "anger"],
      ["a", "joy", "anger"],
    ]);
  });
});

describe("the summary", () => {
  test("says in words what each expressed", () => {
    const [ada, ben] = summarise(TALK);
    expect(ada && speakerSentence(ada, TALK)).toBe(
      "ada took 76 % of the talking time, most often neutral, joy, and anger; joy was strongest at 0:02: “That is wonderful”",
    );
    expect(ben && speakerSentence(ben, TALK)).toBe(
      "ben took 24 % of the talking time, mostly joy; joy was strongest at 0:01: “I got the job”",
    );
  });

  test("says so where nothing was sure", () => {
    const doubt = [said("ada", 0, "joy", "well", { unsure: true })];
    const [ada] = summarise(doubt);
    expect(ada && speakerSentence(ada, doubt)).toContain("no reading was sure enough");
  });

  test("says after whose turn an expression shifted", () => {
    expect(shiftSentences(TALK)).toEqual(["ada’s expression shifted twice: once after ben spoke, once after an own turn."]);
    expect(shiftSentences(TALK.slice(0, 3))).toEqual(["ada’s expression shifted once, after ben spoke."]);
  });

  test("finds the longest monologue, which another's turn and a long silence end", () => {
    expect(longestMonologue(TALK)).toEqual({ speaker: "ada", start: 2, end: 9 });
    expect(longestMonologue([said("ada", 0, "joy"), said("ada", 7, "joy", "x", { end: 9 })])).toMatchObject({ start: 7 });
    expect(longestMonologue([])).toBeNull();
    expect(generalSentences(TALK)[0]).toBe("The longest monologue was ada’s, 0:02 to 0:09 (7 s).");
  });

  test("shares a speaker's time among slices, an utterance over a border to both", () => {
    const parts = slices([said("ada", 1, "joy", "x", { end: 3 }), said("ada", 3, "fear", "y", { unsure: true })], "ada", 4, 2);
    expect(parts).toEqual([
      { start: 0, seconds: { joy: 1 } },
      { start: 2, seconds: { joy: 1, unsure: 1 } },
    ]);
  });

  test("says where what is expressed most begins to be another, over silence too", () => {
    const parts = [{ joy: 1 }, {}, { joy: 1 }, { joy: 0.2, fear: 0.5 }, { unsure: 1 }].map((seconds, start) => ({ start, seconds }));
    expect(turns(parts)).toEqual([{ place: 0, kind: "joy" }, { place: 3, kind: "fear" }, { place: 4, kind: "unsure" }]);
  });

  test("counts nothing twice while a reading is provisional", () => {
    expect(summarise([said("ada", 0, "joy", "x", { final: false })])).toEqual([]);
  });
});

describe("finding", () => {
  test("leaves only what is chosen, and everything where nothing is", () => {
    expect(filtered(STATE, NO_FILTER)).toBe(STATE);
    const starts = (speakers: string[], kinds: (Emotion | "unsure")[]): number[] =>
      filtered(STATE, { speakers: new Set(speakers), kinds: new Set(kinds) }).utterances.map((one) => one.start);
    expect(starts(["ben"], [])).toEqual([1, 9]);
    expect(starts([], ["joy"])).toEqual([1, 2, 9]);
    expect(starts(["ada"], ["joy", "unsure"])).toEqual([2, 4]);
    expect([...toggled(toggled(new Set(["a"]), "b"), "a")]).toEqual(["b"]);
  });

  test("finds words whatever their case and accents, and marks them as they are written", () => {
    expect(hits(TALK, " YOU ").map((one) => one.start)).toEqual([4, 5.5]);
    expect(hits(TALK, "  ")).toEqual([]);
    expect(marked("Où est Zoë, zoe?", ["zoe"])).toEqual([
      { text: "Où est ", found: false },
      { text: "Zoë", found: true },
      { text: ", ", found: false },
      { text: "zoe", found: true },
      { text: "?", found: false },
    ]);
    expect(marked("so", [""])).toEqual([{ text: "so", found: false }]);
  });

  test("goes from utterance to utterance, from wherever one is", () => {
    expect(neighbour(TALK, 1.5, 1)?.start).toBe(2);
    expect(neighbour(TALK, 1.5, -1)?.start).toBe(0);
    expect(neighbour(TALK, 0, -1)).toBeNull();
    expect(neighbour(TALK, 20, 1)).toBeNull();
    expect(neighbour([said("ada", 3, "joy")], 1, 1)?.start).toBe(3);
  });
});

describe("the keys", () => {
  const press = (key: string, held: Partial<Parameters<typeof actionOf>[0]> = {}, letters = true) =>
    actionOf({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held }, letters);

  test("are those of players and editors", () => {
    expect([" ", "k", "j", "l", "ArrowLeft", "ArrowRight", "/", "?"].map((key) => press(key))).toEqual([
      "toggle", "toggle", "farBack", "farForward", "back", "forward", "search", "help",
    ]);
    expect(press("ArrowRight", { shiftKey: true })).toBe("next");
  });

  test("leave the browser's own alone, and letters where they are turned off", () => {
    expect(press("l", { ctrlKey: true })).toBeNull();
    expect(press("ArrowLeft", { altKey: true })).toBeNull();
    expect(["k", "/", "?"].map((key) => press(key, {}, false))).toEqual([null, null, null]);
    expect(press(" ", {}, false)).toBe("toggle");
  });
});
