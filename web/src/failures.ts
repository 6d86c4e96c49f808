/** Each way it can fail, as one clear sentence and one remedy. */

import type { Kind } from "./media/tracks";
import type { ErrorCode } from "./protocol";

export interface Failure {
  readonly title: string;
  readonly remedy: string;
  /** What one button beside it does. */
  readonly action?: Action;
}

export type Action = "watch" | "camera" | "microphone" | "recordings";

/** camera: with the microphone. picture: the camera alone. screen: a shared tab, window or screen. */
export type Source = "camera" | "microphone" | "picture" | "screen" | "watch";

export const INSECURE: Failure = {
  title: "This address may not use a microphone or camera.",
  remedy: "Browsers allow them only over HTTPS or on this machine: open http://localhost with the server's port.",
  action: "watch",
};

export const UNSUPPORTED_SHARE: Failure = {
  title: "This browser can't share a tab or a screen.",
  remedy: "Phones don't offer it. Use a desktop browser, or the camera and microphone.",
};

export const SILENT_SHARE: Failure = {
  title: "What you share has no sound.",
  remedy: "Only faces are analysed. For voices too: stop, share again, and tick “Also share tab audio”.",
};

export const SHARE_ENDED: Failure = {
  title: "The share has ended.",
  remedy: "It was stopped by the browser, or its tab or window was closed. Choose how to start again.",
};

export const UNREACHABLE: Failure = {
  title: "The server doesn't answer.",
  remedy: "Check that “undertone serve” is running.",
};

export const DISCONNECTED: Failure = {
  title: "The connection is lost.",
  remedy: "What was missed is fetched once it is back, and nothing is shown twice.",
};

export const UNFORGOTTEN: Failure = {
  title: "The conversation was not forgotten.",
  remedy: "The server could not be reached, or could not erase it just now. Try again.",
};

export const CLOSED: Failure = {
  title: "The conversation is not open any more.",
  remedy: "Nobody has been in it for some minutes. What is kept of it can be deleted among the recordings.",
  action: "recordings",
};

const REPLACED: Failure = {
  title: "You have joined again in another tab.",
  remedy: "Your place is there now, and this page sends nothing more. It can watch, or take the place back.",
  action: "watch",
};

const NAMES: Record<Kind, string> = { audio: "microphone", video: "camera" };

/**
 * A device that was lost while it was used. `denied`: the browser's permission was taken back. `left`: what goes on.
 * The conversation is kept in any case.
 */
export function lostFailure(kind: Kind, denied: boolean, left: Kind | null): Failure {
  const name = NAMES[kind];
  const title = denied ? `The permission to use the ${name} was taken back.` : `The ${name} is gone.`;
  const goesOn = left ? `The ${NAMES[left]} goes on.` : "Nothing of yours is sent now, and you stay in the conversation.";
  const remedy = denied ? "Allow it in the address bar's site settings to go on with it." : "Plug it in again, or go on with another one.";
  return { title, remedy: `${goesOn} ${remedy}`, action: kind === "video" ? "camera" : "microphone" };
}

/** The server's words as a sentence of their own: they begin small, as part of a longer one. */
export function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? "" : "."}`;
}

/** What the server refused, in its own words where there are no better ones. */
export function refusalFailure(code: ErrorCode, message: string): Failure {
  const remedy = sentence(message);
  switch (code) {
    case "conversation_full":
      return { title: "The conversation is full.", remedy: "You can watch, or come back once somebody has left.", action: "watch" };
    case "participant_taken":
      return { title: "Somebody here has that name.", remedy };
    case "replaced":
      return REPLACED;
    case "server_full":
      return { title: "The server is full.", remedy };
    case "session_too_long":
      return { title: "The session reached its longest time.", remedy };
  }
  return { title: "The server refused.", remedy };
}

/** What went wrong in getUserMedia or getDisplayMedia. `cameras` and `microphones`: how many this machine has. */
export function mediaFailure(name: string, source: Source, cameras: number, microphones: number): Failure {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return source === "screen" ? SHARE_REFUSED : DENIED;
    case "NotFoundError":
    case "OverconstrainedError":
      return missing(source, cameras, microphones);
    case "NotReadableError":
    case "AbortError":
      return BUSY;
  }
  return { title: "The browser could not start the recording.", remedy: `It says: ${name}. Try again, or another device.` };
}

const DENIED: Failure = {
  title: "The browser was not allowed to use the microphone or camera.",
  remedy: "Allow it in the address bar's site settings, then start again. You can also only watch.",
  action: "watch",
};

const SHARE_REFUSED: Failure = {
  title: "Nothing was shared.",
  remedy: "Press the button again and choose a tab, a window or a screen.",
};

const BUSY: Failure = {
  title: "Another program holds the microphone or camera.",
  remedy: "Close the other program or choose another device, then start again.",
};

function missing(source: Source, cameras: number, microphones: number): Failure {
  if (source !== "picture" && microphones === 0) {
    const remedy = cameras ? "Plug one in and start again, or start with the camera only." : "Plug one in and start again.";
    return { title: "No microphone was found.", remedy, action: "watch" };
  }
  if (source !== "microphone" && cameras === 0) {
    return { title: "No camera was found.", remedy: "Plug one in, or start with the microphone only." };
  }
  return { title: "The chosen device is gone.", remedy: "Choose another one from the list, then start again." };
}
