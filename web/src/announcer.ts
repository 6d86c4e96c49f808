/** What a screen reader is told of a conversation: the newest utterance, and no more often than it can be heard. */

const LEAST_SECONDS = 5;

export class Announcer {
  #key = "";
  #sentence = "";
  #waiting = 0;
  #due = 0;

  /** Takes a final utterance. A later one takes the place of one that was not told yet. */
  offer(key: string, sentence: string): void {
    if (key !== this.#key) this.#waiting += 1;
    this.#key = key;
    this.#sentence = sentence;
  }

  /** What to say at the second `now`; null while there is nothing new, or what was said last may still be spoken. */
  take(now: number): string | null {
    if (!this.#waiting || this.wait(now)) return null;
    const passedOver = this.#waiting - 1;
    this.#waiting = 0;
    this.#due = now + LEAST_SECONDS;
    return passedOver ? `${passedOver} more, then ${this.#sentence}` : this.#sentence;
  }

  /** Seconds until something may be said again. */
  wait(now: number): number {
    return Math.max(0, this.#due - now);
  }
}
