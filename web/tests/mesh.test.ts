import { describe, expect, test } from "vitest";
import { NO_TRACKS, type Tracks } from "../src/media/tracks";
import type { ClientMessage, PeerSession } from "../src/protocol";
import { parseDescription, type LinkView } from "../src/session/link";
import { Mesh, type AnyLink, type Links } from "../src/session/mesh";
import { event, hello } from "./events";

const ADA = { id: "p1", participant: "ada" };
const BOB = { id: "p2", participant: "bob" };
const WATCHER = { id: "p0", participant: null };
const OTHER_WATCHER = { id: "p3", participant: null };
const VIEW: LinkView = { state: "open", audio: null, video: null };

class FakeLink implements AnyLink {
  readonly view = VIEW;
  readonly heard: string[] = [];
  readonly shared: Tracks[] = [];
  closed = false;

  constructor(
    readonly polite: boolean,
    readonly signal: (data: string) => void,
  ) {}

  share(tracks: Tracks): void {
    this.shared.push(tracks);
  }

  hear(data: string): void {
    this.heard.push(data);
  }

  close(): void {
    this.closed = true;
  }
}

class Bench {
  readonly opened: FakeLink[] = [];
  readonly sent: ClientMessage[] = [];
  links: Links = {};
  readonly mesh = new Mesh(
    (polite, signal) => {
      const link = new FakeLink(polite, signal);
      this.opened.push(link);
      return link;
    },
    (message) => this.sent.push(message),
    (links) => (this.links = links),
  );

  /** A session as `me`, and who is there. */
  join(me: string, ...peers: readonly PeerSession[]): void {
    this.mesh.take(hello(0, me));
    this.meet(...peers);
  }

  meet(...peers: readonly PeerSession[]): void {
    this.mesh.take(event(0, { type: "peers", peers }));
  }
}

describe("links", () => {
  test("go to everyone else for one who takes part, and are shown by participant", () => {
    const bench = new Bench();
    bench.join("p1", ADA, BOB, WATCHER);
    expect(bench.opened).toHaveLength(2);
    expect(bench.links).toEqual({ bob: VIEW });
  });

  test("go to those who take part for one who watches", () => {
    const bench = new Bench();
    bench.join("p0", WATCHER, OTHER_WATCHER, ADA);
    expect(bench.opened).toHaveLength(1);
    expect(bench.links).toEqual({ ada: VIEW });
  });

  test("have one polite side", () => {
    const [ada, bob] = [new Bench(), new Bench()];
    ada.join("p1", ADA, BOB);
    bob.join("p2", ADA, BOB);
    expect([ada.opened[0]?.polite, bob.opened[0]?.polite]).toEqual([true, false]);
  });

  test("pass signals both ways, each to its own", () => {
    const bench = new Bench();
    bench.join("p1", ADA, BOB, WATCHER);
    bench.mesh.take(event(0, { type: "signal", sender: "p2", data: "offer" }));
    bench.mesh.take(event(0, { type: "signal", sender: "nobody", data: "offer" }));
    bench.opened[0]?.signal("answer");
    expect(bench.opened.map((link) => link.heard)).toEqual([["offer"], []]);
    expect(bench.sent).toEqual([{ type: "signal", to: "p2", data: "answer" }]);
  });

  test("end with the other's session, and begin anew with one's own", () => {
    const bench = new Bench();
    bench.join("p1", ADA, BOB);
    bench.meet(ADA);
    expect(bench.opened[0]?.closed).toBe(true);
    expect(bench.links).toEqual({});
    bench.meet(ADA, BOB);
    bench.join("p9", { id: "p9", participant: "ada" }, BOB);
    expect(bench.opened.map((link) => link.closed)).toEqual([true, true, false]);
  });

  test("stay while the same people are told again", () => {
    const bench = new Bench();
    bench.join("p1", ADA, BOB);
    bench.meet(ADA, BOB, WATCHER);
    expect(bench.opened.map((link) => link.closed)).toEqual([false, false]);
  });

  test("carry what is shared, from the beginning and when it changes, and nothing after closing", () => {
    const bench = new Bench();
    const tracks = { ...NO_TRACKS };
    bench.mesh.share(tracks);
    bench.join("p1", ADA, BOB);
    expect(bench.opened[0]?.shared[0]).toBe(tracks);
    bench.mesh.close();
    expect(bench.opened[0]?.closed).toBe(true);
    bench.join("p0", WATCHER, BOB);
    expect(bench.opened[1]?.shared).toEqual([NO_TRACKS]);
  });
});

test("a signal that is no description is passed over", () => {
  const offer = { type: "offer", sdp: "v=0" };
  expect(parseDescription(JSON.stringify(offer))).toEqual(offer);
  expect(["", "null", "{}", '{"type":"rollback","sdp":""}', '{"type":"offer"}'].map(parseDescription)).toEqual(Array(5).fill(null));
});
