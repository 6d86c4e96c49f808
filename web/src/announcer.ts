/** What a screen reader is told of a conversation: the newest utterance, and no more often than it can be heard. */

const LEAST_MS = 5000;

export class Announcer {
  readonly #tell: (sentence: string) => void;
  #key = "";
  #sentence = "";
  #waiting = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (sentence: string) => void) {
    this.#tell = tell;
  }

  /** Takes a final utterance. A later one takes the place of one that was not told yet. */
  offer(key: string, sentence: string): void {
    if (key !== this.#key) this.#waiting += 1;
    this.#key = key;
    this.#sentence = sentence;
    this.#timer ??= setTimeout(this.#due, 0);
  }

  /** Nothing is told any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  // One timer after the other, and no clock: a timer may fire a little before the clock says that it is due.
  readonly #due = (): void => {
    this.#timer = undefined;
    if (!this.#waiting) return;
    const passedOver = this.#waiting - 1;
    this.#waiting = 0;
    this.#timer = setTimeout(this.#due, LEAST_MS);
    this.#tell(passedOver ? `${passedOver} more, then ${this.#sentence}` : this.#sentence);
  };
}
