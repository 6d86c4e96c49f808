/** The direct links to everyone else in the conversation, signalled through the server. */

import { NO_TRACKS, type Tracks } from "../media/tracks";
import type { ClientMessage, PeerSession, ServerEvent } from "../protocol";
import type { LinkView } from "./link";

/** By participant: what comes from whom. One who has no page, as an encoder or a bot, is not among them. */
export type Links = Readonly<Record<string, LinkView>>;

/** What the mesh needs of a link. */
export interface AnyLink {
  readonly view: LinkView;
  share(tracks: Tracks): void;
  hear(data: string): void;
  close(): void;
}

export type OpenLink = (polite: boolean, signal: (data: string) => void, changed: () => void) => AnyLink;

interface Known {
  readonly participant: string | null;
  readonly link: AnyLink;
}

export class Mesh {
  #me: string | null = null;
  #tracks: Tracks = NO_TRACKS;
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly open: OpenLink,
    private readonly send: (message: ClientMessage) => void,
    private readonly changed: (links: Links) => void,
  ) {}

  /** Follows the server's events. Links outlive a server that is away: only a new session begins them anew. */
  take(event: ServerEvent): void {
    if (event.type === "hello") this.#begin(event.peer);
    if (event.type === "peers") this.#meet(event.peers);
    if (event.type === "signal") this.#known.get(event.sender)?.link.hear(event.data);
  }

  /** What the others get from now on. */
  share(tracks: Tracks): void {
    this.#tracks = tracks;
    for (const { link } of this.#known.values()) link.share(tracks);
  }

  close(): void {
    this.#tracks = NO_TRACKS;
    this.#begin(null);
  }

  #begin(me: string | null): void {
    this.#me = me;
    for (const peer of [...this.#known.keys()]) this.#part(peer);
    this.#tell();
  }

  #meet(peers: readonly PeerSession[]): void {
    const me = peers.find((one) => one.id === this.#me);
    if (!me) return;
    const here = new Set(peers.map((one) => one.id));
    for (const peer of [...this.#known.keys()].filter((one) => !here.has(one))) this.#part(peer);
    for (const { id, participant } of peers) {
      const needed = participant !== null || me.participant !== null;
      if (id !== me.id && needed && !this.#known.has(id)) this.#link(me.id, id, participant);
    }
    this.#tell();
  }

  #link(me: string, peer: string, participant: string | null): void {
    const signal = (data: string): void => this.send({ type: "signal", to: peer, data });
    const link = this.open(me < peer, signal, () => this.#tell());
    this.#known.set(peer, { participant, link });
    link.share(this.#tracks);
  }

  #part(peer: string): void {
    this.#known.get(peer)?.link.close();
    this.#known.delete(peer);
  }

  #tell(): void {
    const named = [...this.#known.values()].flatMap(({ participant, link }) =>
      participant === null ? [] : [[participant, link.view] as const],
    );
    this.changed(Object.fromEntries(named));
  }
}
