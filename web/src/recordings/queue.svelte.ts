/** The recordings that are handed in, one after the other: each is sent, read by the server, and then in the library. */

import type { RecordingProgress } from "../protocol";
import { remember } from "./files";
import { follow, handIn, isUnderWay, Refusal, remove, sizeLimit, underWay } from "./library";

export type Stage = "queued" | "sending" | "reading" | "done" | "failed";

export class Item {
  stage: Stage = $state("queued");
  /** Share of the file that is sent. */
  sent = $state(0);
  progress: RecordingProgress | null = $state.raw(null);
  failure: string | null = $state(null);
  away = $state(false);
  readonly over = $derived(this.stage === "done" || this.stage === "failed");
  /** Where what was read is to be seen; null until then, and where nothing was said. */
  readonly id = $derived(this.progress?.library ?? (this.progress?.held ? this.progress.id : null));
  readonly #abort = new AbortController();

  /** file: null where another page handed it in. */
  constructor(
    readonly name: string,
    readonly file: File | null,
    progress: RecordingProgress | null = null,
  ) {
    if (progress) this.#take(progress);
  }

  async run(limit: number): Promise<void> {
    try {
      const { id } = this.progress ?? (await this.#send(limit));
      this.stage = "reading";
      this.#take(await follow(id, (told) => this.#take(told), (gone) => (this.away = gone), this.#abort.signal));
    } catch (error) {
      this.#fail(error instanceof Refusal ? error.message : String(error));
    }
  }

  /** Ends it wherever it is. Nothing of it is kept. */
  async cancel(): Promise<void> {
    this.#abort.abort();
    if (this.progress) await remove(`/v1/recordings/${this.progress.id}`).catch(() => undefined);
  }

  async #send(limit: number): Promise<RecordingProgress> {
    const { file } = this;
    if (!file) throw new Refusal("not_found", "The file is gone: choose it again.");
    this.stage = "sending";
    if (file.size > limit) {
      const message = `It is larger than the ${(limit / 1e9).toPrecision(3)} GB that the server takes. Cut it, or take only its sound.`;
      throw new Refusal("too_large", message);
    }
    this.progress = await handIn(file, (share) => (this.sent = share), this.#abort.signal);
    return this.progress;
  }

  #take(progress: RecordingProgress): void {
    this.progress = progress;
    if (progress.state === "failed") this.#fail(progress.error?.message ?? "");
    else if (progress.state === "cancelled") this.#fail("It was cancelled: nothing of it is kept.");
    else this.stage = progress.state === "done" ? "done" : "reading";
    if (this.id && this.file) remember(this.id, this.file);
  }

  #fail(message: string): void {
    this.failure = message;
    this.stage = "failed";
  }
}

export class Queue {
  items: readonly Item[] = $state.raw([]);
  readonly busy = $derived(this.items.some((item) => !item.over));
  #running = false;

  /** finished: told of each that is over, and whether others wait. */
  constructor(private readonly finished: (item: Item, last: boolean) => void) {}

  add(files: Iterable<File>): void {
    this.items = [...this.items, ...[...files].map((file) => new Item(file.name, file))];
    void this.#run();
  }

  /** Takes up what the server reads already, as after a reload. */
  async resume(): Promise<void> {
    const known = new Set(this.items.map((item) => item.progress?.id));
    const going = (await underWay()).filter(({ id, state }) => !known.has(id) && isUnderWay(state));
    this.items = [...going.map((progress) => new Item(progress.name, null, progress)), ...this.items];
    void this.#run();
  }

  /** Ends one, or puts away one that is over. */
  drop(item: Item): void {
    this.items = this.items.filter((one) => one !== item);
    if (!item.over) void item.cancel();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#next(); next; next = this.#next()) {
      await next.run(await sizeLimit().catch(() => Infinity));
      if (this.items.includes(next)) this.finished(next, !this.busy);
    }
    this.#running = false;
  }

  #next(): Item | undefined {
    return this.items.find((item) => !item.over);
  }
}

/** The page's one queue: it goes on while another of its screens is shown. */
export const queue = new Queue((item, last) => listener?.(item, last));
let listener: ((item: Item, last: boolean) => void) | null = null;

/** Hears of each that is over; gives what ends that. */
export function hear(heard: (item: Item, last: boolean) => void): () => void {
  listener = heard;
  return () => (listener = null);
}
