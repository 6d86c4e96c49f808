/** The utterance that the reader last pointed at in the timeline: the transcript scrolls to it, both mark it. */

class Pointed {
  key: string | null = $state(null);
  /** Rises with each time, so that pointing at the same one again shows it again. */
  times = $state(0);

  at(key: string): void {
    this.key = key;
    this.times += 1;
  }
}

export const pointed = new Pointed();
