/** What the library keeps of a conversation, as the state that a live page would have reached. */

import { EMOTIONS, PROTOCOL_VERSION, type EmotionEvent, type Kept, type ServerHello, type UtteranceRecord } from "./protocol";
import { EMPTY, type State, type Utterance } from "./state";

/** The whole conversation, however long: nothing more comes that would make it grow. */
export function recorded({ entry, record }: Kept): State {
  return {
    ...EMPTY,
    hello: greeting(entry.bundle, entry.recogniser, record.utterances),
    utterances: record.utterances.map(settled),
    speakers: entry.speakers,
  };
}

function settled(kept: UtteranceRecord): Utterance {
  const { utterance: key, speaker: participant, start, end, text, draft, words: _, ...read } = kept;
  const told = { type: "emotion", utterance: key, participant, start, end, revision: 1, final: true } as const;
  const reading: EmotionEvent = { ...told, voice: null, ...read };
  return { key, participant, source: participant, start, end, text, textFinal: true, draft, reading };
}

function greeting(bundle: string | null, recogniser: string | null, said: readonly UtteranceRecord[]): ServerHello {
  return {
    type: "hello",
    version: PROTOCOL_VERSION,
    bundle: bundle ?? "unknown",
    labels: EMOTIONS,
    recogniser: recogniser ?? "unknown",
    draft: said.some((one) => one.draft),
    consented: false,
    kept: true,
    peer: null,
    limits: {},
  };
}
