/** What the screen of recordings lists: the library, or what a server without one holds in its memory. */

import type { Entry, RecordingProgress } from "../protocol";
import { list, PAGE_SIZE, Refusal, search, underWay } from "./library";

export class Shelf {
  /** null until the server has answered. */
  entries: readonly Entry[] | null = $state.raw(null);
  /** Whether the server has a library; null while that is unknown. */
  kept: boolean | null = $state(null);
  failure: string | null = $state(null);
  /** The words that the entries were searched for. */
  wanted: readonly string[] = $state.raw([]);
  /** Whether there may be earlier ones. */
  more = $state(false);
  #asked = 0;

  /** Lists the newest, or what is found by these words. */
  async load(typed = ""): Promise<void> {
    const words = typed.trim();
    const asked = ++this.#asked;
    try {
      const entries = words ? await search(words) : await list();
      if (asked !== this.#asked) return;
      this.#show(entries, true);
      this.wanted = words ? words.split(/\s+/) : [];
      this.more = !words && entries.length === PAGE_SIZE;
    } catch (error) {
      if (error instanceof Refusal && error.code === "not_found") await this.#loadHeld();
      else this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  async loadMore(): Promise<void> {
    const entries = this.entries ?? [];
    const earlier = await list(entries.at(-1)?.began ?? null).catch(() => []);
    this.entries = [...entries, ...earlier];
    this.more = earlier.length === PAGE_SIZE;
  }

  put(entry: Entry): void {
    this.entries = this.entries?.map((one) => (one.id === entry.id ? { ...entry, found: one.found } : one)) ?? null;
  }

  drop(entry: Entry): void {
    this.entries = this.entries?.filter((one) => one.id !== entry.id) ?? null;
  }

  /** Where the entry lies on the server. */
  addressOf(entry: Entry): string {
    return `/v1/${this.kept ? "library" : "recordings"}/${entry.id}`;
  }

  async #loadHeld(): Promise<void> {
    try {
      this.#show((await underWay()).filter(({ held }) => held).map(entryOf), false);
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  #show(entries: readonly Entry[], kept: boolean): void {
    this.entries = entries;
    this.kept = kept;
    this.failure = null;
  }
}

/** What is known of a reading that is held, in the form of the library. */
function entryOf({ id, name, began, at, utterances }: RecordingProgress): Entry {
  const unknown = { bundle: null, recogniser: null, found: [], speakers: [] };
  return { id, name, title: name, began: began ?? 0, duration: at, utterances, ...unknown };
}
