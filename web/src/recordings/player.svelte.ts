/** Where in a recording its reader is: moved by the file that plays along, or by hand where there is none. */

const TICK_MS = 66;

export class Player {
  /** Seconds of media. */
  position = $state(0);
  playing = $state(false);
  /** The chosen file's address within this page. */
  url: string | null = $state(null);
  /** Whether the file has pictures; guessed from its name until it is known. */
  pictured = $state(false);
  failure: string | null = $state(null);
  #media: HTMLMediaElement | null = null;

  /** until: the end of the last utterance, past which there is nothing to see. */
  constructor(private readonly until: () => number) {}

  choose(file: File): void {
    this.close();
    this.failure = null;
    this.pictured = !file.type.startsWith("audio/");
    this.url = URL.createObjectURL(file);
  }

  close(): void {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
    this.playing = false;
  }

  seek(seconds: number): void {
    const media = this.#media;
    const end = media && media.duration > 0 ? media.duration : this.until();
    this.position = Math.max(0, Math.min(seconds, end));
    if (media) media.currentTime = this.position;
  }

  toggle(): void {
    const media = this.#media;
    if (!media) this.failure = "There is nothing to play yet: choose the recording’s file above.";
    else if (media.paused) void media.play().catch(() => undefined);
    else media.pause();
  }

  /** For the element that plays. */
  attach = (media: HTMLVideoElement): (() => void) => {
    this.#media = media;
    const follow = (): void => {
      this.position = media.currentTime;
      this.playing = !media.paused;
    };
    const timer = setInterval(() => this.playing && follow(), TICK_MS);
    const begin = (): void => {
      this.pictured = media.videoWidth > 0;
      media.currentTime = this.position;
      if (media.duration < this.until() - 1) {
        this.failure = "This file is shorter than the recording that was read: is it the same one?";
      }
    };
    const fail = (): void => {
      this.failure = "The browser can’t play this file. Transcript and timeline work without it.";
      this.close();
    };
    const heard = { loadedmetadata: begin, error: fail, play: follow, pause: follow, seeked: follow, timeupdate: follow };
    for (const [name, listen] of Object.entries(heard)) media.addEventListener(name, listen);
    return () => {
      clearInterval(timer);
      for (const [name, listen] of Object.entries(heard)) media.removeEventListener(name, listen);
      this.#media = null;
    };
  };
}
