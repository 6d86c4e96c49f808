/** A session with the server, whatever carries it. */

import type { Counters } from "./counters";
import { parseEvent, type ClientMessage, type ErrorCode, type ServerEvent } from "../protocol";

export interface Request {
  readonly conversation: string;
  /** null: only watch. */
  readonly participant: string | null;
  readonly consent: boolean;
  /** What the name is this browser's by; null: only watch. */
  readonly claim: string | null;
  /** "mixed": several people speak in its sound. */
  readonly speakers: "one" | "mixed";
  /** Whether the others' pages may link to this one directly. */
  readonly links: boolean;
  /** The last seq seen; 0 asks for all that is kept. */
  readonly resumeAfter: number;
  /** What is sent; null: nothing. Its sound stays the same one. The session doesn't own it. */
  readonly stream: MediaStream | null;
}

/** Why a session ended: the link broke, or the server said no and why. */
export type Ending = { readonly kind: "lost" } | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string };

export interface Listener {
  event(event: ServerEvent): void;
  /** Told once. Nothing follows. */
  ended(ending: Ending): void;
}

export interface Session {
  readonly transport: Transport;
  send(message: ClientMessage): void;
  /** What the link has carried so far, and how well. */
  counters(): Promise<Counters>;
  /** Sends this picture from now on; null: none. */
  picture(track: MediaStreamTrack | null): void;
  /** Ends it without waiting; the listener hears nothing more. */
  close(): void;
}

export type Transport = "rtc" | "socket";
export type Open = (request: Request, listener: Listener) => Session;

export const LOST: Ending = { kind: "lost" };

/** A listener that hears one ending at most, and nothing after it. */
export class Once implements Listener {
  #ended = false;
  #fatal: Ending = LOST;

  constructor(
    private readonly listener: Listener,
    private readonly release: () => void,
  ) {}

  get over(): boolean {
    return this.#ended;
  }

  /** Takes one message as it came. A fatal error is remembered as the reason of the ending that follows it. */
  message(text: unknown): void {
    const event = typeof text === "string" ? parseEvent(text) : null;
    if (event) this.event(event);
  }

  event(event: ServerEvent): void {
    if (this.#ended) return;
    if (event.type === "error" && event.fatal) {
      this.#fatal = { kind: "refused", code: event.code, message: event.message };
    }
    this.listener.event(event);
    if (event.type === "bye") this.ended();
  }

  ended(ending: Ending = this.#fatal): void {
    if (this.silence()) this.listener.ended(ending);
  }

  /** Ends it from this side. False if it had ended before. */
  silence(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.release();
    return true;
  }
}
