/** What is analysed and kept, in sentences: before the start, and while it runs. */

import type { Source } from "./failures";
import type { Audience } from "./media/own.svelte";

/** What of this page's own runs now. */
export interface Running {
  readonly source: Source | null;
  readonly audience: Audience;
  readonly sound: boolean;
  readonly picture: boolean;
  readonly paused: boolean;
}

/** What is analysed at this moment. */
export function analysed({ source, audience, sound, picture, paused }: Running): string {
  if (paused) return `Paused: nothing of yours is analysed${stillShared(audience, sound, picture)}`;
  if (!sound && !picture) return "Muted: nothing is analysed";
  if (source === "screen") return sound ? "Analysing what you share" : "Analysing the faces in what you share";
  if (sound) return picture ? "Analysing voice, words and face" : "Analysing voice and words";
  return "Analysing your face";
}

function stillShared(audience: Audience, sound: boolean, picture: boolean): string {
  const heard = sound && audience !== "none";
  const seen = picture && audience === "all";
  if (!heard && !seen) return "";
  return `; the others still ${[seen && "see", heard && "hear"].filter(Boolean).join(" and ")} you`;
}

/** How long it is kept; null while the server has not said. */
export function keeping(kept: boolean | null): string {
  if (kept === null) return "Sound and pictures are never kept.";
  if (kept) return "Words and readings are kept in this server's library until they are deleted; sound and pictures never are.";
  return "Nothing is kept: neither words nor readings, sound nor pictures.";
}
