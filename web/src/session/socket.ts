/** A session over one WebSocket: JSON both ways, media as binary frames. Works with no network but this machine. */

import { capturePictures } from "../media/pictures";
import { captureSound } from "../media/sound";
import { PROTOCOL_VERSION, type ClientMessage } from "../protocol";
import type { Counters } from "./counters";
import { packFrame, type FrameKind } from "./frame";
import { Once, type Listener, type Request, type Session } from "./session";

/** Media is dropped while more than this waits to be sent: late media is worse than none. */
const MAX_WAITING_BYTES = 512 * 1024;

export class SocketSession implements Session {
  readonly transport = "socket";
  readonly #socket = new WebSocket(address(location));
  readonly #listener: Once;
  #began = 0;
  #wanted: MediaStreamTrack | null;
  #stopSound = nothing;
  #stopPictures = nothing;
  #hushed = false;
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(
    private readonly request: Request,
    listener: Listener,
  ) {
    this.#wanted = request.stream?.getVideoTracks()[0] ?? null;
    this.#listener = new Once(listener, () => this.#release());
    this.#socket.onopen = () => this.#greet();
    this.#socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string") this.#receivedBytes += data.length;
      this.#listener.message(data);
    };
    this.#socket.onclose = () => this.#listener.ended();
  }

  send(message: ClientMessage): void {
    // Media after a bye is an error.
    if (message.type === "bye") this.#hush();
    if (this.#socket.readyState === WebSocket.OPEN) this.#push(JSON.stringify(message));
  }

  counters(): Promise<Counters> {
    const [sentBytes, receivedBytes, waiting] = [this.#sentBytes, this.#receivedBytes, this.#socket.bufferedAmount];
    return Promise.resolve({ at: performance.now(), sentBytes, receivedBytes, roundTrip: null, lost: null, jitter: null, waiting });
  }

  picture(track: MediaStreamTrack | null): void {
    this.#wanted = track;
    this.#stopPictures();
    this.#stopPictures = nothing;
    if (!track || this.#hushed || this.#socket.readyState !== WebSocket.OPEN) return;
    const take = (at: number, jpeg: ArrayBuffer): void => this.#media("video", at, jpeg);
    this.#stopPictures = capturePictures(new MediaStream([track]), () => this.#now(), take);
  }

  close(): void {
    this.#listener.silence();
  }

  #greet(): void {
    const { conversation, participant, consent, claim, speakers, links, resumeAfter: resume_after, stream } = this.request;
    const version = PROTOCOL_VERSION;
    this.#began = performance.now();
    this.send({ type: "hello", version, conversation, participant, consent, claim, speakers, links, resume_after });
    if (stream) void this.#capture(stream);
  }

  async #capture(stream: MediaStream): Promise<void> {
    this.picture(this.#wanted);
    if (!stream.getAudioTracks().length) return;
    const stop = await captureSound(stream, () => this.#now(), (at, pcm) => this.#media("audio", at, pcm));
    if (this.#hushed) stop();
    else this.#stopSound = stop;
  }

  #now(): number {
    return (performance.now() - this.#began) / 1000;
  }

  #media(kind: FrameKind, seconds: number, payload: ArrayBuffer): void {
    const free = this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount < MAX_WAITING_BYTES;
    if (free) this.#push(packFrame(kind, seconds, payload));
  }

  #push(data: string | ArrayBuffer): void {
    this.#sentBytes += typeof data === "string" ? data.length : data.byteLength;
    this.#socket.send(data);
  }

  #hush(): void {
    this.#hushed = true;
    this.#stopSound();
    this.#stopPictures();
    this.#stopSound = this.#stopPictures = nothing;
  }

  #release(): void {
    this.#hush();
    this.#socket.close();
  }
}

const nothing = (): void => undefined;

function address(page: Location): string {
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}/v1/stream`;
}
