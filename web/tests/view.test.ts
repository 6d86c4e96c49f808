import { describe, expect, test } from "vitest";
import { conversationTime, formatTime, learn, UNSET } from "../src/clock";
import { FaceMotion, mirrored } from "../src/faces";
import { mediaFailure } from "../src/failures";
import { identifier, newConversation } from "../src/names";
import { MODALITIES, parseEvent, type Emotion, type EmotionEvent } from "../src/protocol";
import { EMPTY, reduce } from "../src/state";
import { duration, inWords, lookedBackAt, parts, ranked, signed, stages } from "../src/why";
import { box, emotion, transcript } from "./events";

describe("the conversation's time", () => {
  test("is learned from the least delayed event, on a machine whose clock is wrong", () => {
    // Here is 100 s ahead of there; the conversation began at 500 there; the second event was the quickest.
    let clock = learn(UNSET, 612.0, 510.5, 10);
    clock = learn(clock, 620.1, 520.05, 20);
    clock = learn(clock, 633.0, 531.0, 30);
    expect(conversationTime(clock, 640)).toBeCloseTo(39.9, 1);
  });

  test("is unknown before the first event", () => {
    expect(conversationTime(UNSET, 640)).toBeNull();
  });

  test("is written as people write it", () => {
    expect([0, 65.9, 3601].map(formatTime)).toEqual(["0:00", "1:05", "1:00:01"]);
  });
});

describe("a face box", () => {
  test("glides from where it is shown to where it was seen", () => {
    const motion = new FaceMotion(100);
    motion.tell([box(1, 0.2)], 0);
    motion.tell([box(1, 0.4)], 200);
    expect([200, 250, 300, 400].map((now) => motion.at(now)[0]?.x.toFixed(2))).toEqual(["0.20", "0.30", "0.40", "0.40"]);
  });

  test("goes when its face is gone, and when results stop", () => {
    const motion = new FaceMotion(100);
    motion.tell([box(1, 0.2), box(2, 0.6)], 0);
    motion.tell([box(2, 0.6)], 100);
    expect(motion.at(110).map((one) => one.id)).toEqual([2]);
    expect(motion.at(5000)).toEqual([]);
  });

  test("is mirrored about the picture's middle, as the own camera is", () => {
    expect(mirrored(box(1, 0.2)).x).toBeCloseTo(0.7, 6);
  });
});

describe("the reasons", () => {
  const reading = emotion(1, {
    modalities: { audio: { weight: 0.4, label: "anger", probabilities: { anger: 0.6 } } },
    latency_ms: { total: 500, hangover: 400, recognise: 60 },
  }) as EmotionEvent;

  test("list every emotion, most probable first", () => {
    expect(ranked(reading.probabilities).slice(0, 2)).toEqual([["joy", 0.7], ["neutral", 0.3]]);
    expect(ranked(reading.probabilities)).toHaveLength(7);
  });

  test("name only the modalities that were there, with what each alone would say", () => {
    expect(parts(reading)).toEqual([{ modality: "audio", name: "Voice", weight: 0.4, label: "anger", probability: 0.6 }]);
  });

  test("put the sum after its stages", () => {
    expect(stages(reading).map(([name]) => name).at(-1)).toBe("from the end of speech");
  });

  const said = (weights: [number, Emotion][]): string[] => {
    const shares = MODALITIES.map((name, index) => {
      const [weight, label] = weights[index] ?? [0, "joy" as Emotion];
      return [name, { weight, label, probabilities: { [label]: 0.6 } }] as const;
    });
    return inWords(emotion(1, { modalities: Object.fromEntries(shares.slice(0, weights.length)) }) as EmotionEvent);
  };

  test("say first, in words, what led and what disagreed", () => {
    expect(said([[0.7, "joy"], [0.2, "sadness"], [0.1, "joy"]])).toEqual([
      "Mostly from the words; the voice alone would have said sadness.",
    ]);
    expect(said([[0.4, "joy"], [0.35, "joy"], [0.25, "joy"]])).toEqual([
      "From the words and the voice about alike; words, voice and face agree.",
    ]);
    expect(said([[1, "joy"]])).toEqual(["Only from the words."]);
  });

  test("say how close it was where the reading is unsure", () => {
    const unsure = { unsure: true, probabilities: { joy: 0.41, neutral: 0.38 } };
    expect(inWords(emotion(1, unsure) as EmotionEvent)).toEqual(["Too close to be sure: joy 41 %, neutral 38 %."]);
  });

  test("name the turns looked back at that are still here, the most first", () => {
    const known = [transcript(1), transcript(2, { utterance: "bob-1", participant: "bob" })];
    const { utterances } = known.reduce((state, one) => reduce(state, one, 0), EMPTY);
    const attended = [{ utterance: "bob-1", weight: 0.5 }, { utterance: "gone-1", weight: 0.3 }, { utterance: "ada-1", weight: 0.1 }];
    const turns = lookedBackAt(emotion(3, { attended }) as EmotionEvent, utterances);
    expect(turns.map(({ said, weight }) => [said.participant, weight])).toEqual([["bob", 0.5], ["ada", 0.1]]);
  });

  test("give times as people read them", () => {
    expect([4.4, 482, 8976].map(duration)).toEqual(["4 ms", "482 ms", "9.0 s"]);
  });

  test("sign valence and arousal", () => {
    expect([0.5, -0.25].map(signed)).toEqual(["+0.50", "−0.25"]);
  });
});

describe("names", () => {
  test("made up for a conversation are allowed by the protocol", () => {
    expect(newConversation()).toMatch(/^[a-z]+-[a-z]+-\d{3}$/);
  });

  test("typed by people become ones that the protocol takes", () => {
    expect(["Zoë Müller", "  Ada! ", "-x-", "…"].map(identifier)).toEqual(["Zoe-Muller", "Ada", "x", ""]);
    expect(identifier("a".repeat(80))).toHaveLength(64);
  });
});

test("what is no event is passed over", () => {
  expect(["", "[]", "null", "{}", '{"type":"x"}'].map(parseEvent)).toEqual([null, null, null, null, null]);
});

describe("a capture that failed", () => {
  test.each([
    ["NotAllowedError", "camera", 1, 1, "allowed"],
    ["NotAllowedError", "screen", 1, 1, "shared"],
    ["NotFoundError", "camera", 0, 1, "camera"],
    ["NotFoundError", "microphone", 1, 0, "microphone"],
    ["NotReadableError", "camera", 1, 1, "Another program"],
    ["WeirdError", "camera", 1, 1, "could not start"],
  ] as const)("%s from the %s (%i cameras, %i microphones) says %s", (name, source, cameras, microphones, word) => {
    const { title, remedy } = mediaFailure(name, source, cameras, microphones);
    expect(title).toContain(word);
    expect(remedy.length).toBeGreaterThan(20);
  });
});
