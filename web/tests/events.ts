/** Events as the server sends them, for tests. */

import { vi } from "vitest";
import type { Body, EmotionEvent, FaceBox, ServerEvent } from "../src/protocol";

/** Time goes on with no timer run, as in a hidden tab. With fake timers. */
export function sleep(ms: number): void {
  const awake = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => awake() + ms);
}

export const EPOCH = 1000;

export function event(seq: number, body: Body, time = EPOCH + seq): ServerEvent {
  return { seq, conversation: "talk", time, ...body };
}

export function hello(seq = 0, peer: string | null = null): ServerEvent {
  const told = { bundle: "b", labels: [], recogniser: "sphinx", draft: true, consented: true, kept: true, limits: {} };
  return event(seq, { type: "hello", version: 1, peer, ...told });
}

interface Said {
  utterance?: string;
  start?: number;
  final?: boolean;
  text?: string;
  participant?: string;
  voice?: string | null;
}

export function transcript(seq: number, said: Said = {}): ServerEvent {
  const { utterance = "ada-1", start = 1, final = true, text = "hello there", participant = "ada", voice = null } = said;
  const [end, draft] = [start + 1, true];
  const mixed = { voice, marks: [] };
  return event(seq, { type: "transcript", utterance, participant, start, end, final, draft, text, words: [], ...mixed });
}

export function emotion(seq: number, change: Partial<EmotionEvent> = {}): ServerEvent {
  const reading: EmotionEvent = {
    type: "emotion",
    utterance: "ada-1",
    participant: "ada",
    start: 1,
    end: 2,
    revision: 1,
    final: true,
    label: "joy",
    unsure: false,
    probabilities: { joy: 0.7, neutral: 0.3 },
    confidence: 0.7,
    valence: 0.5,
    arousal: 0.3,
    modalities: {},
    attended: [],
    voice: null,
    marks: [],
    latency_ms: {},
  };
  return event(seq, { ...reading, ...change });
}

export function box(id: number, x: number): FaceBox {
  const seen = { label: "joy", unsure: false, confidence: 0.6, speaking: false, speaker: null } as const;
  return { id, x, y: 0.2, width: 0.1, height: 0.2, ...seen };
}
