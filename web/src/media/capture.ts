/** Asking the browser for a microphone, a camera or a share. */

import { INSECURE, mediaFailure, UNSUPPORTED_SHARE, type Failure, type Source } from "../failures";

export interface Devices {
  readonly microphones: readonly MediaDeviceInfo[];
  readonly cameras: readonly MediaDeviceInfo[];
}

export interface Chosen {
  readonly microphone: string;
  readonly camera: string;
}

/** The browser's own choice. */
export const ANY: Chosen = { microphone: "", camera: "" };

export const NO_DEVICES: Devices = { microphones: [], cameras: [] };

/** Pictures are read ten times a second at 640 wide: more would only be thrown away. */
const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 30 } };
/** Nine faces share this picture, so it is wider; more than the server looks at would only be thrown away. */
const SHARED_PICTURE = { width: { max: 1280 }, height: { max: 1280 }, frameRate: { max: 15 } };
/** A call's sound is already clean, and cleaning it again would take the other voices out. */
const SHARED_SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** The stream for a source, or why there is none. */
export async function capture(source: Exclude<Source, "watch">, chosen: Chosen): Promise<MediaStream | Failure> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (!media) return INSECURE;
  try {
    return source === "screen" ? await share(media) : await media.getUserMedia(wish(source, chosen));
  } catch (error) {
    if (error === UNSUPPORTED_SHARE) return UNSUPPORTED_SHARE;
    const { cameras, microphones } = await listDevices();
    return mediaFailure(error instanceof Error ? error.name : String(error), source, cameras.length, microphones.length);
  }
}

/** What may be chosen. Browsers give the names only after a first permission. */
export async function listDevices(): Promise<Devices> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  const all = (await media?.enumerateDevices().catch(() => [])) ?? [];
  return {
    microphones: all.filter((device) => device.kind === "audioinput"),
    cameras: all.filter((device) => device.kind === "videoinput"),
  };
}

function wish(source: "camera" | "microphone" | "picture", { microphone, camera }: Chosen): MediaStreamConstraints {
  const exactly = (deviceId: string): MediaTrackConstraints => (deviceId ? { deviceId: { exact: deviceId } } : {});
  return {
    audio: source !== "picture" && exactly(microphone),
    video: source !== "microphone" && { ...PICTURE, ...exactly(camera) },
  };
}

async function share(media: MediaDevices): Promise<MediaStream> {
  if (!("getDisplayMedia" in media)) throw UNSUPPORTED_SHARE;
  return media.getDisplayMedia({ audio: SHARED_SOUND, video: SHARED_PICTURE });
}
