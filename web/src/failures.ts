/** Each way it can fail, as one clear sentence and one remedy. */

export interface Failure {
  readonly title: string;
  readonly remedy: string;
}

export type Source = "camera" | "microphone" | "screen" | "watch";

export const INSECURE: Failure = {
  title: "This address may not use a microphone or camera.",
  remedy: "Browsers allow them only over HTTPS or on this machine: open http://localhost with the server's port.",
};

export const UNSUPPORTED_SHARE: Failure = {
  title: "This browser can't share a tab or a screen.",
  remedy: "Phones don't offer it. Use a desktop browser, or the camera and microphone.",
};

export const SILENT_SHARE: Failure = {
  title: "What you share has no sound.",
  remedy: "Only faces are analysed. For voices too: stop, share again, and tick “Also share tab audio”.",
};

export const SOURCE_ENDED: Failure = {
  title: "The microphone, camera or share has ended.",
  remedy: "It was unplugged, or stopped by the browser. Choose how to start again.",
};

export const UNREACHABLE: Failure = {
  title: "The server doesn't answer.",
  remedy: "Check that “undertone serve” is running. The page keeps trying by itself.",
};

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
  if (microphones === 0) {
    return { title: "No microphone was found.", remedy: "Plug one in and start again. Without one you can only watch." };
  }
  if (source === "camera" && cameras === 0) {
    return { title: "No camera was found.", remedy: "Plug one in, or start with the microphone only." };
  }
  return { title: "The chosen device is gone.", remedy: "Choose another one from the list, then start again." };
}
