/** Notices when the browser has slowed the page down because its tab was in the background. */

export interface Away {
  /** For how long the tab was in the background. */
  readonly seconds: number;
}

const TICK_MS = 250;
/** Browsers let a hidden tab's timers run once a second, later once a minute. */
const LATE_MS = 900;
/** A glance at another tab is not worth a word. */
const LEAST_SECONDS = 5;

/** Tells when the tab is seen again, and the browser held its timers back meanwhile. */
export class Background {
  #since: number | null = null;
  #slowed = false;
  #last = performance.now();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);
  readonly #look = (): void => this.#turn();

  constructor(private readonly back: (away: Away) => void) {
    document.addEventListener("visibilitychange", this.#look);
  }

  close(): void {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#look);
  }

  #tick(): void {
    const now = performance.now();
    if (this.#since !== null && now - this.#last > LATE_MS) this.#slowed = true;
    this.#last = now;
  }

  #turn(): void {
    this.#tick();
    if (document.visibilityState === "hidden") {
      this.#since ??= performance.now();
      this.#slowed = false;
    } else if (this.#since !== null) {
      const seconds = (performance.now() - this.#since) / 1000;
      this.#since = null;
      if (this.#slowed && seconds >= LEAST_SECONDS) this.back({ seconds });
    }
  }
}
