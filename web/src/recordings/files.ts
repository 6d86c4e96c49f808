/** The files that were chosen on this page, so that they can be played along. The browser's own: nothing is stored or sent. */

const chosen = new Map<string, File>();

/** id: as the recording is called in its address. */
export function remember(id: string, file: File): void {
  chosen.set(id, file);
}

export function fileOf(id: string): File | null {
  return chosen.get(id) ?? null;
}

/** What `accept` of a file field says: phones offer nothing of an unknown kind otherwise. */
export const MEDIA = "audio/*,video/*,.mkv,.mka,.opus,.flac,.m4a,.w64,.caf,.amr,.ts,.mts";
