/** The server's library and its readings over HTTP. What it refuses is thrown as `Refusal`, in its own words. */

import { sentence, UNREACHABLE } from "../failures";
import type { Entry, Kept, RecordingProgress } from "../protocol";

/** `code`: of the protocol's list, or "away" where the server gave no answer. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Formats of an export as people look for them. */
export const FORMATS: readonly (readonly [name: string, title: string, use: string])[] = [
  ["html", "Report", "one page to read, print or send"],
  ["vtt", "Captions, WebVTT", "browsers, VLC, YouTube"],
  ["srt", "Captions, SRT", "any player, video editors"],
  ["csv", "Table, CSV", "spreadsheets, pandas, R"],
  ["jsonl", "Table, JSON lines", "programs"],
  ["eaf", "ELAN", "annotation, with a tier for each modality"],
  ["textgrid", "Praat TextGrid", "phonetics"],
  ["emotionml", "EmotionML", "W3C’s exchange format"],
  ["rttm", "RTTM", "who spoke when"],
];

export const PAGE_SIZE = 50;
const AWAY = new Refusal("away", `${UNREACHABLE.title} Check that “undertone serve” is running, then load this page again.`);

/** The newest of what is kept, those before `before` (an entry's `began`). */
export async function list(before: number | null = null): Promise<readonly Entry[]> {
  const page = before === null ? "" : `&before=${before}`;
  return (await ask<{ conversations: readonly Entry[] }>(`/v1/library?limit=${PAGE_SIZE}${page}`)).conversations;
}

export async function search(words: string): Promise<readonly Entry[]> {
  const query = new URLSearchParams({ search: words, limit: String(PAGE_SIZE) });
  return (await ask<{ conversations: readonly Entry[] }>(`/v1/library?${query}`)).conversations;
}

/** What was read, and where it lies on the server. `held`: in its memory only. */
export interface Opened {
  readonly kept: Kept;
  readonly base: string;
  readonly held: boolean;
}

export async function open(id: string): Promise<Opened> {
  const name = encodeURIComponent(id);
  try {
    return { kept: await ask<Kept>(`/v1/library/${name}`), base: `/v1/library/${name}`, held: false };
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "not_found") throw error;
  }
  return { kept: await ask<Kept>(`/v1/recordings/${name}/record`), base: `/v1/recordings/${name}`, held: true };
}

export async function rename(id: string, title: string): Promise<Entry> {
  return ask<Entry>(`/v1/library/${encodeURIComponent(id)}`, { method: "PATCH", body: JSON.stringify({ title }) });
}

/** `base`: as `open` gives it, or that of an upload, whose reading ends then. */
export async function remove(base: string): Promise<void> {
  await ask(base, { method: "DELETE" });
}

/** Whether more is to come of it. */
export function isUnderWay(state: RecordingProgress["state"]): boolean {
  return state === "waiting" || state === "listening" || state === "reading";
}

/** The recordings that the server reads now or has read last. */
export async function underWay(): Promise<readonly RecordingProgress[]> {
  return (await ask<{ recordings: readonly RecordingProgress[] }>("/v1/recordings")).recordings;
}

/** The most bytes of a recording that the server takes. */
export async function sizeLimit(): Promise<number> {
  const { server } = await ask<{ server: { limits: Record<string, number> } }>("/v1/status");
  return server.limits["max_recording_bytes"] ?? Infinity;
}

/** Hands a file in. `sent`: told how much of it is there, as a share. */
export function handIn(file: File, sent: (share: number) => void, signal: AbortSignal): Promise<RecordingProgress> {
  return new Promise((resolve, reject) => {
    // fetch does not tell how much of a body is sent.
    const request = new XMLHttpRequest();
    request.open("POST", `/v1/recordings?${new URLSearchParams({ name: file.name })}`);
    request.upload.onprogress = ({ loaded, total }) => sent(total ? loaded / total : 1);
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as RecordingProgress);
      else reject(refusal(request.responseText));
    };
    request.onerror = () => reject(AWAY);
    request.onabort = () => reject(new Refusal("cancelled", ""));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

/** Follows a reading to its end. `away`: told when the server doesn't answer, and when it does again. */
export function follow(
  id: string,
  told: (progress: RecordingProgress) => void,
  away: (gone: boolean) => void,
  signal: AbortSignal,
): Promise<RecordingProgress> {
  return new Promise((resolve, reject) => {
    const events = new EventSource(`/v1/recordings/${id}/events`);
    signal.addEventListener("abort", () => {
      events.close();
      reject(new Refusal("cancelled", ""));
    });
    events.onopen = () => away(false);
    events.onmessage = ({ data }: MessageEvent<string>) => {
      const progress = JSON.parse(data) as RecordingProgress;
      told(progress);
      if (isUnderWay(progress.state)) return;
      events.close();
      resolve(progress);
    };
    events.onerror = () => {
      away(true);
      if (events.readyState !== EventSource.CLOSED) return;
      reject(new Refusal("not_found", "The server was started anew and no longer has this recording: hand it in again."));
    };
  });
}

async function ask<T>(address: string, request: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address, request);
  } catch {
    throw AWAY;
  }
  const text = await answer.text();
  if (!answer.ok) throw refusal(text);
  return (text ? JSON.parse(text) : undefined) as T;
}

function refusal(text: string): Refusal {
  try {
    const { code, message } = JSON.parse(text) as { code: string; message: string };
    return new Refusal(code, sentence(message));
  } catch {
    return AWAY;
  }
}
