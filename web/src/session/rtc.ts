/** A session over WebRTC: the browser's own codecs and clock for media, a data channel for the protocol's JSON. */

import type { ClientMessage, ErrorCode } from "../protocol";
import { readReports, type Counters } from "./counters";
import { gathered } from "./gather";
import { CAMERA, sendFor, SHARE } from "./pictures";
import { LOST, Once, type Ending, type Listener, type Request, type Session } from "./session";

const DISCONNECTED_MS = 5000;

interface Answer {
  readonly session: string;
  readonly sdp: string;
  readonly type: "answer";
}

export class RtcSession implements Session {
  readonly transport = "rtc";
  readonly #peer = new RTCPeerConnection({ iceServers: [] });
  readonly #channel = this.#peer.createDataChannel("events");
  readonly #listener: Once;
  #video: RTCRtpSender | null = null;
  #session: string | null = null;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly request: Request,
    listener: Listener,
  ) {
    this.#listener = new Once(this.#overheard(listener), () => this.#release());
    this.#channel.onmessage = ({ data }) => this.#listener.message(data);
    this.#channel.onclose = () => this.#listener.ended();
    this.#peer.onconnectionstatechange = () => this.#watch();
    void this.#connect().catch(() => this.#listener.ended(LOST));
  }

  send(message: ClientMessage): void {
    if (this.#channel.readyState === "open") this.#channel.send(JSON.stringify(message));
  }

  picture(track: MediaStreamTrack | null): void {
    void this.#video?.replaceTrack(track).catch(() => undefined);
  }

  async counters(): Promise<Counters> {
    const reports = [...(await this.#peer.getStats()).values()] as Record<string, unknown>[];
    return readReports(reports, performance.now());
  }

  close(): void {
    this.#listener.silence();
  }

  async #connect(): Promise<void> {
    const [[sound], [picture]] = [this.request.stream?.getAudioTracks() ?? [], this.request.stream?.getVideoTracks() ?? []];
    if (sound) this.#peer.addTransceiver(sound, { direction: "sendonly" });
    // Offered without a picture too, so that a camera can be switched on later.
    const sendEncodings = [this.request.speakers === "mixed" ? SHARE : CAMERA];
    this.#video = this.#peer.addTransceiver(picture ?? "video", { direction: "sendonly", sendEncodings }).sender;
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    // The server takes no candidates after the offer.
    await gathered(this.#peer);
    // Given up meanwhile: what took its place must not be replaced by it.
    if (this.#listener.over) return;
    const response = await this.#offer();
    if (!response.ok) return this.#listener.ended(await refusal(response));
    const answer = (await response.json()) as Answer;
    this.#session = answer.session;
    if (this.#listener.over) return this.#forget();
    await this.#peer.setRemoteDescription(answer);
  }

  #offer(): Promise<Response> {
    const { conversation, participant, consent, claim, speakers, links, resumeAfter: resume_after } = this.request;
    const { sdp, type } = this.#peer.localDescription as RTCSessionDescription;
    return fetch("/v1/offer", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ conversation, participant, consent, claim, speakers, links, resume_after, sdp, type }),
    });
  }

  /** After the server's bye there is no session left to end. */
  #overheard(listener: Listener): Listener {
    return {
      event: (event) => {
        if (event.type === "bye") this.#session = null;
        // A browser that cannot change it goes on as before.
        if (event.type === "lag" && event.faces_per_second !== null && this.#video)
          void sendFor(event.faces_per_second, this.#video).catch(() => undefined);
        listener.event(event);
      },
      ended: (ending) => listener.ended(ending),
    };
  }

  /** A link that is only interrupted often comes back by itself; one that failed does not. */
  #watch(): void {
    clearTimeout(this.#patience);
    const state = this.#peer.connectionState;
    if (state === "failed") this.#listener.ended();
    if (state === "disconnected") this.#patience = setTimeout(() => this.#listener.ended(), DISCONNECTED_MS);
  }

  #release(): void {
    clearTimeout(this.#patience);
    this.#peer.close();
    this.#forget();
  }

  /** Takes the participant out at once, also while the page is being left. */
  #forget(): void {
    if (this.#session === null) return;
    const path = `/v1/sessions/${encodeURIComponent(this.#session)}`;
    this.#session = null;
    void fetch(path, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }
}

/** The protocol's error in a response's body; a response without one is a broken link. */
async function refusal(response: Response): Promise<Ending> {
  try {
    const { code, message } = (await response.json()) as { code?: ErrorCode; message?: string };
    if (code && message) return { kind: "refused", code, message };
  } catch {
    // A proxy's page, not the server's answer.
  }
  return LOST;
}
