/** How well it runs: how soon answers come, what was dropped, how good the connection is. Words before figures. */

import { listed } from "./emotions";
import type { Flow } from "./session/counters";
import type { Behind, State, Utterance } from "./state";
import { duration, STAGE_NAMES } from "./why";

export interface StageTimes {
  readonly stage: string;
  readonly name: string;
  /** Milliseconds, oldest first. */
  readonly times: readonly number[];
  readonly median: number;
  readonly p95: number;
}

/** Grades of a sentence: nothing to do, worth knowing, worth acting on. */
export type Grade = "good" | "fair" | "poor";

export interface Finding {
  readonly grade: Grade;
  readonly sentence: string;
}

const ANSWERS = 60;
const STAGES = ["hangover", "recognise", "encode", "order", "fuse", "total"];
const PROMPT_MS = 1000;
const SLOW_MS = 3000;
/** So long it is said that the server is behind, or that it no longer is. */
const RECENT_SECONDS = 15;

/** One of a kind, and several. */
const KINDS: Record<string, [one: string, several: string]> = {
  audio: ["piece of sound", "pieces of sound"],
  video: ["picture", "pictures"],
  faces: ["reading of faces", "readings of faces"],
  provisional: ["early guess", "early guesses"],
  words: ["utterance read without its words", "utterances read without their words"],
  kept: ["utterance not kept in the library", "utterances not kept in the library"],
  events: ["event", "events"],
};

/** The times of the last answers, stage by stage in the order in which they follow each other, the sum last. */
export function stageTimes(utterances: readonly Utterance[]): StageTimes[] {
  const finals = utterances.filter((one) => one.reading?.final).slice(-ANSWERS);
  return STAGES.flatMap((stage) => {
    const times = finals.map((one) => one.reading?.latency_ms[stage]).filter((ms) => ms !== undefined);
    if (!times.length) return [];
    const name = STAGE_NAMES[stage] ?? stage;
    return [{ stage, name, times, median: quantile(times, 0.5), p95: quantile(times, 0.95) }];
  });
}

/** The value below which this share lies, between the nearest two. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low = 0, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** How soon answers come. `own`: the reader is who speaks. */
export function promptness(stages: readonly StageTimes[], own: boolean): Finding {
  const total = stages.find((one) => one.stage === "total");
  if (!total) return { grade: "good", sentence: "Nothing has been said yet, so no time has been measured." };
  const wait = stages.find((one) => one.stage === "hangover");
  const grade = total.median < PROMPT_MS ? "good" : total.median < SLOW_MS ? "fair" : "poor";
  const first = `Answers come ${inSeconds(total.median)} after ${own ? "you stop" : "a speaker stops"} speaking.`;
  const part = wait && (wait.median > 0.9 * total.median ? "Nearly all" : inSeconds(wait.median));
  const second = part && ` ${part} of it is waiting to be sure of the silence.`;
  return { grade, sentence: first + (second ?? "") };
}

/** What was dropped since the page was opened. */
export function drops(dropped: State["dropped"]): Finding {
  const told = counted(dropped);
  return told ? { grade: "fair", sentence: `Dropped so far: ${told}.` } : { grade: "good", sentence: "Nothing was dropped." };
}

/** Whether the server keeps up; `now` is our steady clock. */
export function pace(state: State, now: number): Finding {
  const { behind } = state;
  if (behind && behind.seconds > 0 && isNews(behind, now)) {
    const sentence = `The server is ${inSeconds(1000 * behind.seconds)} behind. If that goes on, give it fewer conversations or a faster machine.`;
    return { grade: "poor", sentence };
  }
  const less = givenUp(state);
  if (less.length) return { grade: "fair", sentence: `The server is busy and does less for now: ${listed(less)}.` };
  return { grade: "good", sentence: "The server keeps up." };
}

/** What the server last said of being behind, or of being so no more, in a few words; null once that is old. */
export function lagInWords(state: State, now: number): Finding | null {
  const { behind } = state;
  if (!behind || !isNews(behind, now)) return null;
  const [late, lost, less] = [behind.seconds > 0, counted(behind.dropped), givenUp(state)];
  const worse = [...(late ? [`${inSeconds(1000 * behind.seconds)} behind`] : []), ...(lost ? [`dropped ${lost}`] : [])];
  if (!worse.length && !less.length) return { grade: "good", sentence: "All as usual again" };
  return { grade: worse.length ? "poor" : "fair", sentence: [...worse, ...less].join(", ") };
}

function isNews(behind: Behind, now: number): boolean {
  return now - behind.told <= RECENT_SECONDS;
}

/** What the server does less of than it would, to keep up. */
function givenUp({ behind, hello }: State): string[] {
  const usual = hello?.limits["faces_per_second"] ?? 0;
  const { faces_per_second: pictures, provisional } = behind ?? { faces_per_second: null, provisional: null };
  return [
    ...(pictures !== null && pictures < usual ? [`${pictures} pictures a second`] : []),
    ...(provisional === false ? ["no early guesses"] : []),
  ];
}

/** How much of what; empty where it is nothing. */
function counted(dropped: State["dropped"]): string {
  const counts = Object.entries(dropped).filter(([, count]) => count > 0);
  return listed(counts.map(([kind, count]) => `${count} ${KINDS[kind]?.[count === 1 ? 0 : 1] ?? kind}`));
}

/** The connection in a sentence; null: there is none, or it has not been measured. */
export function quality(flow: Flow | null): Finding {
  if (!flow) return { grade: "fair", sentence: "The connection has not been measured yet." };
  const { roundTrip, lost, waiting } = flow;
  const far = grade(roundTrip, 150, 400);
  const lossy = grade(lost, 0.02, 0.08);
  const jammed = grade(waiting, 64_000, 256_000);
  if (lossy === "poor") return { grade: "poor", sentence: `The connection is poor: ${share(lost)} of what you send is lost. Try a cable, or come closer to the network.` };
  if (jammed === "poor") return { grade: "poor", sentence: "The connection is too slow for what you send: leave the camera out, or try a cable." };
  if (far === "poor") return { grade: "poor", sentence: `The connection is slow: ${duration(roundTrip ?? 0)} there and back. Answers come late by that much.` };
  if ([far, lossy, jammed].includes("fair")) return { grade: "fair", sentence: "The connection is fair: it holds, with little to spare." };
  return { grade: "good", sentence: "The connection is good." };
}

function grade(value: number | null, fair: number, poor: number): Grade {
  return value === null || value < fair ? "good" : value < poor ? "fair" : "poor";
}

/** The connection's figures, by name, as far as it tells them. */
export function figures(flow: Flow): [name: string, value: string][] {
  const told: [string, string | null][] = [
    ["Sent", bitRate(flow.up)],
    ["Received", bitRate(flow.down)],
    ["There and back", flow.roundTrip === null ? null : duration(flow.roundTrip)],
    ["Lost", flow.lost === null ? null : share(flow.lost)],
    ["Unevenness", flow.jitter === null ? null : duration(flow.jitter)],
    ["Waiting to be sent", flow.waiting === null ? null : `${Math.round(flow.waiting / 1024)} KiB`],
  ];
  return told.filter((one): one is [string, string] => one[1] !== null);
}

function bitRate(bits: number): string {
  return bits < 1e6 ? `${Math.round(bits / 1000)} kbit/s` : `${(bits / 1e6).toFixed(1)} Mbit/s`;
}

function share(part: number | null): string {
  return `${(100 * (part ?? 0)).toFixed(1)} %`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
