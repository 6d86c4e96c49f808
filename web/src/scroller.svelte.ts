/** The scrolling of a list of which only the rows in sight are in the page. Pixels. */

import { untrack } from "svelte";
import { Rows } from "./rows";

/** So near to its end, a list is at its end. */
const NEAR_PX = 80;
/** Rows this far out of sight are there already when they are scrolled to. */
const SPARE_PX = 400;

/** What the list shows. */
export interface Listed {
  /** The rows' keys, in order. */
  keys(): readonly string[];
  /** The row to keep in sight; undefined to keep to the end. */
  target(): string | null | undefined;
  /** Rows that are being read closely: nothing moves by itself while one of them is in sight. */
  held(): Iterable<string>;
}

export class Scroller {
  top = $state(0);
  height = $state(0);
  /** Keeps to the end, or to the target, until its reader scrolls away. */
  following = $state(true);
  #measured = $state(0);
  readonly rows: Rows = $derived.by(() => (void this.#measured, new Rows(this.listed.keys(), this.#heights)));
  /** The first row to draw, and the one after the last. */
  readonly drawn = $derived(this.rows.between(this.top - SPARE_PX, this.top + this.height + SPARE_PX));
  /** What is followed is out of sight. */
  readonly away = $derived.by(() => {
    const target = this.listed.target();
    return target === undefined ? !this.#ended() : target !== null && !this.#partly(this.rows.index(target));
  });

  readonly #heights = new Map<string, number>();
  /** What stays where it is while rows above it come, go, or are measured. */
  #anchor: { key: string; offset: number } | null = null;
  #placed = 0;
  #box: HTMLElement | null = null;

  constructor(private readonly listed: Listed) {}

  /** Attaches to the box that scrolls. */
  readonly frame = (box: HTMLElement): (() => void) => {
    this.#box = box;
    const fit = new ResizeObserver(() => void (this.height = box.clientHeight));
    fit.observe(box);
    $effect(() => {
      void [this.rows, this.height, this.listed.target()];
      untrack(() => this.#settle());
    });
    return () => fit.disconnect();
  };

  /** Attaches to each row, to learn its height. */
  readonly measure = (row: HTMLElement): (() => void) => {
    this.#sizes.observe(row);
    return () => this.#sizes.unobserve(row);
  };

  readonly scrolled = (): void => {
    if (!this.#box) return;
    this.top = this.#box.scrollTop;
    const byReader = Math.abs(this.top - this.#placed) > 1;
    if (byReader) this.following = this.listed.target() === undefined && this.#ended();
    this.#keep();
  };

  /** Scrolls until a row is in sight. */
  show(key: string): void {
    const index = this.rows.index(key);
    if (index < 0) return;
    if (!this.#whole(index)) this.#place(this.rows.top(index) - this.height / 3);
    this.following = this.listed.target() !== undefined || index === this.rows.keys.length - 1;
  }

  /** Back to what is followed. */
  follow(): void {
    this.following = true;
    this.#place(this.#goal() ?? this.top);
  }

  /** The row at which the keyboard enters: the one given while it is drawn, else the last one in sight. */
  entry(key: string | null): number {
    const [first, end] = this.drawn;
    const index = this.rows.index(key);
    return index >= first && index < end ? index : this.rows.at(this.top + this.height - 1);
  }

  readonly #sizes = new ResizeObserver((entries) => {
    for (const { target, borderBoxSize } of entries) {
      const [key, height] = [(target as HTMLElement).dataset["utterance"], borderBoxSize[0]?.blockSize];
      if (!key || !height || this.#heights.get(key) === height) continue;
      this.#heights.set(key, height);
      this.#measured += 1;
    }
    this.#forget();
  });

  /** After each change of the rows: to what is followed, or so that what is in sight stays. */
  #settle(): void {
    const held = [...this.listed.held()].some((key) => this.#partly(this.rows.index(key)));
    const stay = this.#anchor && this.rows.index(this.#anchor.key) >= 0 ? this.#stay(this.#anchor) : null;
    this.#place((this.following && !held ? this.#goal() : null) ?? stay ?? this.top);
  }

  /** Where to scroll to see what is followed; null where that is in sight. */
  #goal(): number | null {
    const target = this.listed.target();
    if (target === undefined) return this.rows.height;
    const index = this.rows.index(target);
    return index < 0 || this.#whole(index) ? null : this.rows.top(index) - this.height / 3;
  }

  #stay({ key, offset }: { key: string; offset: number }): number {
    return this.rows.top(this.rows.index(key)) + offset;
  }

  #place(y: number): void {
    if (!this.#box) return;
    this.#box.scrollTop = y;
    this.#placed = this.top = this.#box.scrollTop;
    this.#keep();
  }

  #keep(): void {
    const index = this.rows.at(this.top);
    const key = this.rows.keys[index];
    this.#anchor = key === undefined ? null : { key, offset: this.top - this.rows.top(index) };
  }

  #ended(): boolean {
    return this.rows.height - this.top - this.height <= NEAR_PX;
  }

  #whole(index: number): boolean {
    return index >= 0 && this.rows.top(index) >= this.top && this.rows.top(index + 1) <= this.top + this.height;
  }

  #partly(index: number): boolean {
    return index >= 0 && this.rows.top(index + 1) > this.top && this.rows.top(index) < this.top + this.height;
  }

  #forget(): void {
    if (this.#heights.size <= 2 * this.rows.keys.length) return;
    for (const key of this.#heights.keys()) if (this.rows.index(key) < 0) this.#heights.delete(key);
  }
}
