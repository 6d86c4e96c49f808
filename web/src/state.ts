/** What the page knows of a conversation, as a pure function of the events that it has received. */

import { compare, learn, UNSET, type Clock } from "./clock";
import type { EmotionEvent, FaceBox, Participants, ServerEvent, ServerHello, TranscriptEvent } from "./protocol";

/** Utterances beyond this many, some hours, are forgotten, oldest first: memory does not grow with the length of a call. */
export const KEPT_UTTERANCES = 5000;
const KEPT_NOTICES = 3;
const FORGOTTEN = "This conversation was forgotten: what was said before is erased, and nothing more is kept.";
const BEGAN_ANEW = "The server no longer had this conversation, so it began anew.";

export interface Utterance {
  readonly key: string;
  /** Who says it: a participant, or a voice in a participant's mixed sound. */
  readonly participant: string;
  /** The participant in whose sound it was heard. */
  readonly source: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly textFinal: boolean;
  readonly draft: boolean;
  readonly reading: EmotionEvent | null;
}

export interface Faces {
  readonly at: number;
  readonly boxes: readonly FaceBox[];
}

export interface Notice {
  readonly id: number;
  readonly kind: "warning" | "error";
  readonly message: string;
}

export interface Behind {
  /** 0: it is not, or not any more. */
  readonly seconds: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** What the server does since it last said so, to keep up, or since it can again; null: as always. */
  readonly faces_per_second: number | null;
  readonly provisional: boolean | null;
  /** Our steady clock, seconds. */
  readonly told: number;
}

export interface State {
  /** The last seq taken in: what a reconnection resumes after. */
  readonly lastSeq: number;
  /** Events that a resume came too late for. Numbers skipped in between are faces, which are not sent again. */
  readonly missed: number;
  readonly hello: ServerHello | null;
  readonly clock: Clock;
  /** In order of their start. */
  readonly utterances: readonly Utterance[];
  /** Everyone who was ever here, in order of appearance: the lanes of the timeline. */
  readonly speakers: readonly string[];
  readonly present: readonly string[];
  readonly muted: readonly string[];
  readonly paused: readonly string[];
  readonly speaking: readonly string[];
  readonly faces: Readonly<Record<string, Faces>>;
  readonly behind: Behind | null;
  /** All that was dropped so far, by kind. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly notices: readonly Notice[];
}

export const EMPTY: State = {
  lastSeq: 0,
  missed: 0,
  hello: null,
  clock: UNSET,
  utterances: [],
  speakers: [],
  present: [],
  muted: [],
  paused: [],
  speaking: [],
  faces: {},
  behind: null,
  dropped: {},
  notices: [],
};

/** The state after an event that was received at `received`, our steady clock in seconds. */
export function reduce(state: State, event: ServerEvent, received: number): State {
  switch (event.type) {
    case "hello":
      return greet({ ...state, clock: compare(state.clock, received, event.time) }, event);
    case "pong":
    case "bye":
    case "peers":
    case "signal":
      return state;
    case "error":
      // A fatal one ends the session, which says it; what is gone was counted when the hello said where to go on.
      if (event.fatal || event.code === "resume_gone") return state;
      return notify(state, "error", event.message);
    case "warning":
      return notify(follow(state, event.seq), "warning", event.message);
    case "lag": {
      const { seconds, dropped } = event;
      const faces_per_second = event.faces_per_second ?? state.behind?.faces_per_second ?? null;
      const provisional = event.provisional ?? state.behind?.provisional ?? null;
      // When it was said, not when it came: one who comes late is not told that of long ago as news.
      const told = event.time + (state.clock.skew ?? received - event.time);
      const behind: Behind = { seconds, dropped, faces_per_second, provisional, told };
      return { ...follow(state, event.seq), behind, dropped: added(state.dropped, event.dropped) };
    }
  }
  if (event.seq <= state.lastSeq) return state;
  return numbered({ ...state, lastSeq: event.seq }, event, received);
}

type Numbered = Exclude<ServerEvent, { type: "hello" | "pong" | "bye" | "peers" | "signal" | "error" | "warning" | "lag" }>;

function numbered(state: State, event: Numbered, received: number): State {
  switch (event.type) {
    case "participants":
      return gather(state, event);
    case "forgotten":
      return forget(state);
    case "speech":
      return speech(timed(state, event, event.at, received), event.participant, event.state === "started", event.at);
    case "transcript":
      return transcript(timed(state, event, event.end, received), event);
    case "emotion":
      return emotion(timed(state, event, event.end, received), event);
    case "speakers":
      return correct(state, event.utterances);
    case "faces": {
      const seen: Faces = { at: event.at, boxes: event.faces };
      const known = timed(met(state, event.participant), event, event.at, received);
      return { ...known, faces: { ...state.faces, [event.participant]: seen } };
    }
  }
}

/** A hello's number is what the stream continues from; a lower one than ours is another conversation. */
function greet(state: State, hello: ServerEvent & ServerHello): State {
  if (hello.seq < state.lastSeq) return notify({ ...EMPTY, hello, lastSeq: hello.seq }, "warning", BEGAN_ANEW);
  const missed = state.lastSeq ? state.missed + hello.seq - state.lastSeq : 0;
  return { ...state, hello, missed, lastSeq: hello.seq };
}

/** Warnings and lag are numbered when they are for everyone, and carry the last number when for one session. */
function follow(state: State, seq: number): State {
  return seq === state.lastSeq + 1 ? { ...state, lastSeq: seq } : state;
}

function added(counts: State["dropped"], more: State["dropped"]): State["dropped"] {
  const sums = Object.entries(more).map(([kind, count]) => [kind, (counts[kind] ?? 0) + count]);
  return { ...counts, ...Object.fromEntries(sums) };
}

function notify(state: State, kind: Notice["kind"], message: string): State {
  const others = state.notices.filter((notice) => notice.message !== message);
  const id = 1 + Math.max(0, ...state.notices.map((notice) => notice.id));
  return { ...state, notices: [...others, { id, kind, message }].slice(-KEPT_NOTICES) };
}

/** The state without one notice, which its reader has put away. */
export function dismiss(state: State, id: number): State {
  return { ...state, notices: state.notices.filter((notice) => notice.id !== id) };
}

function timed(state: State, event: ServerEvent, media: number, received: number): State {
  return { ...state, clock: learn(state.clock, received, event.time, media) };
}

function met(state: State, ...names: readonly string[]): State {
  const fresh = names.filter((name) => !state.speakers.includes(name));
  return fresh.length ? { ...state, speakers: [...state.speakers, ...fresh] } : state;
}

/** Nothing of what was said, and who is here: the conversation was forgotten, and nothing more of it is kept. */
export function forget(state: State): State {
  const { lastSeq, clock, present, muted, paused, faces } = state;
  const hello = state.hello && { ...state.hello, kept: false };
  const blank = { ...EMPTY, lastSeq, hello, clock, speakers: present, present, muted, paused, faces, notices: state.notices };
  // To a page that had nothing to forget it is no news.
  return state.utterances.length || state.hello?.kept ? notify(blank, "warning", FORGOTTEN) : blank;
}

function gather(state: State, { present, muted, paused }: Participants): State {
  const here = new Set(present);
  return {
    ...met(state, ...present),
    present,
    muted,
    paused,
    speaking: state.speaking.filter((name) => here.has(name)),
    faces: Object.fromEntries(Object.entries(state.faces).filter(([name]) => here.has(name))),
  };
}

/** An end at the very start says that it was no speech after all: what was guessed of it goes. */
function speech(state: State, who: string, started: boolean, at: number): State {
  const others = state.speaking.filter((name) => name !== who);
  const utterances = started ? state.utterances : withoutBlips(state.utterances, who, at);
  return { ...met(state, who), utterances, speaking: started ? [...others, who] : others };
}

/** The same array where there is none, so that what is derived from it stays. */
function withoutBlips(utterances: readonly Utterance[], who: string, at: number): readonly Utterance[] {
  const since = utterances.findLastIndex((one) => one.start < at) + 1;
  const recent = utterances.slice(since);
  const kept = recent.filter((one) => one.source !== who || one.textFinal);
  return kept.length === recent.length ? utterances : [...utterances.slice(0, since), ...kept];
}

function transcript(state: State, event: TranscriptEvent): State {
  return amend(state, event, (known) => {
    if (known.textFinal && !event.final) return known;
    return { ...known, end: event.end, text: event.text, textFinal: event.final, draft: event.draft };
  });
}

function emotion(state: State, event: EmotionEvent): State {
  return amend(state, event, (known) => {
    if (known.reading && known.reading.revision >= event.revision) return known;
    return { ...known, end: Math.max(known.end, event.end), reading: event };
  });
}

/** Earlier utterances of a mixed track are somebody else's than was thought. */
function correct(state: State, whose: Readonly<Record<string, string>>): State {
  const utterances = state.utterances.map((one) => ({ ...one, participant: whose[one.key] ?? one.participant }));
  return { ...met(state, ...Object.values(whose)), utterances };
}

function amend(state: State, event: EmotionEvent | TranscriptEvent, change: (known: Utterance) => Utterance): State {
  const { utterance: key, participant: source, start, end } = event;
  const participant = event.voice ?? source;
  const blank: Utterance = { key, participant, source, start, end, text: "", textFinal: false, draft: false, reading: null };
  const index = state.utterances.findLastIndex((one) => one.key === key);
  const before = state.utterances[index];
  const known = before ?? blank;
  const changed = change(event.voice && event.voice !== known.participant ? { ...known, participant } : known);
  if (changed === before) return state;
  const after = state.utterances.findLastIndex((one) => one.start <= start) + 1;
  const utterances =
    index < 0 ? state.utterances.toSpliced(after, 0, changed) : state.utterances.with(index, changed);
  const kept = utterances.length > KEPT_UTTERANCES ? utterances.slice(-KEPT_UTTERANCES) : utterances;
  return { ...met(state, participant), utterances: kept };
}
