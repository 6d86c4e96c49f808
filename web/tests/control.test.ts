import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Background, type Away } from "../src/background";
import { analysed, keeping, type Running } from "../src/consent";
import { lostFailure, refusalFailure } from "../src/failures";
import type { LinkState, LinkView } from "../src/session/link";
import { EMPTY, forget, reduce } from "../src/state";
import { readStatus } from "../src/status";
import { absence, columns, initial, tiles } from "../src/tiles";
import { emotion, event, hello, sleep, transcript } from "./events";

describe("what is analysed", () => {
  const all: Running = { source: "camera", audience: "all", sound: true, picture: true, paused: false };
  test.each<[Partial<Running>, string]>([
    [{}, "Analysing voice, words and face"],
    [{ picture: false }, "Analysing voice and words"],
    [{ sound: false }, "Analysing your face"],
    [{ sound: false, picture: false }, "Muted: nothing is analysed"],
    [{ source: "screen" }, "Analysing what you share"],
    [{ paused: true }, "Paused: nothing of yours is analysed; the others still see and hear you"],
    [{ paused: true, audience: "voice" }, "Paused: nothing of yours is analysed; the others still hear you"],
    [{ paused: true, audience: "none" }, "Paused: nothing of yours is analysed"],
  ])("with %o is said as %s", (change, sentence) => {
    expect(analysed({ ...all, ...change })).toBe(sentence);
  });

  test("is kept or not as the server says, and sound and pictures never", () => {
    expect([true, false, null].map(keeping).every((sentence) => /pictures/.test(sentence))).toBe(true);
    expect(keeping(true)).toContain("library until they are deleted");
    expect(keeping(false)).toContain("Nothing is kept");
  });
});

describe("what the server says before the start", () => {
  const conversations = [{ id: "talk", participants: ["ada", "bob"] }];
  const server = { limits: { max_participants: 2 } };

  test("is who is here, whether there is room, and whether it is kept", () => {
    expect(readStatus({ kept: true, conversations, server }, "talk")).toEqual({ kept: true, here: ["ada", "bob"], full: true });
    expect(readStatus({ kept: false, conversations, server }, "other")).toEqual({ kept: false, here: [], full: false });
  });

  test("is nothing where something else answers", () => {
    expect([null, "hello", {}, { kept: true }].map((body) => readStatus(body, "talk"))).toEqual([null, null, null, null]);
  });
});

describe("a conversation that is forgotten", () => {
  const before = [hello(), transcript(1), emotion(2), event(3, { type: "participants", present: ["ada"], muted: [], paused: ["ada"] })];

  test("leaves nothing of what was said, and everyone who is here", () => {
    const state = [...before, event(4, { type: "forgotten" })].reduce((known, one) => reduce(known, one, 0), EMPTY);
    expect(state).toMatchObject({ utterances: [], present: ["ada"], paused: ["ada"], speakers: ["ada"], lastSeq: 4 });
    expect(state.hello?.kept).toBe(false);
    expect(state.notices[0]?.message).toContain("forgotten");
  });

  test("takes in what is said afterwards", () => {
    const state = reduce(forget(EMPTY), transcript(9), 0);
    expect(state.utterances).toHaveLength(1);
  });
});

describe("a tile", () => {
  const state = [event(1, { type: "participants", present: ["bob", "ada"], muted: ["bob"], paused: [] }), emotion(2)].reduce(
    (known, one) => reduce(known, one, 0),
    EMPTY,
  );

  test("is there for everyone, one's own first, with what they expressed last", () => {
    expect(tiles(state, "ada").map((tile) => [tile.name, tile.own, tile.muted, tile.reading?.label])).toEqual([
      ["ada", true, false, "joy"],
      ["bob", false, true, undefined],
    ]);
    expect(tiles(state, null).map((tile) => tile.name)).toEqual(["bob", "ada"]);
  });

  test("says why it has no picture", () => {
    const link = (state: LinkState): LinkView => ({ state, audio: null, video: null });
    expect(absence({ ...link("open"), audio: {} as MediaStreamTrack }, true)).toBe("Camera off");
    expect(absence(link("open"), true)).toContain("to themselves");
    expect(absence(link("connecting"), false)).toContain("Connecting");
    expect(absence(link("failed"), true)).toContain("firewall");
    expect(absence(undefined, true)).toContain("Not on this page");
    expect(absence(undefined, false)).toBe("Joining…");
  });

  test("has a place in a grid for one to eight", () => {
    expect([1, 2, 3, 4, 5, 8].map((count) => columns(count).wide)).toEqual([1, 2, 3, 2, 3, 4]);
    expect([1, 2, 8].map((count) => columns(count).narrow)).toEqual([1, 2, 2]);
  });

  test("has an initial", () => {
    expect(["ada", "9lives", "-"].map(initial)).toEqual(["A", "9", "?"]);
  });
});

describe("a failure", () => {
  test("of a device says what goes on, and how to go on with another", () => {
    expect(lostFailure("video", false, "audio")).toMatchObject({ title: "The camera is gone.", action: "camera" });
    expect(lostFailure("video", false, "audio").remedy).toContain("The microphone goes on.");
    expect(lostFailure("audio", true, null)).toMatchObject({ action: "microphone" });
    expect(lostFailure("audio", true, null).title).toContain("taken back");
  });

  test("of a full conversation offers to watch", () => {
    expect(refusalFailure("conversation_full", "…")).toMatchObject({ remedy: expect.stringContaining("You can watch"), action: "watch" });
    expect(refusalFailure("participant_taken", "…").title).toContain("that name");
    expect(refusalFailure("internal", "it is broken; try again")).toEqual({ title: "The server refused.", remedy: "It is broken; try again." });
  });
});

describe("a tab in the background", () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const told: Away[] = [];
  let background: Background;
  const turn = (to: string): void => {
    page.visibilityState = to;
    page.dispatchEvent(new Event("visibilitychange"));
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("document", page);
    told.length = 0;
    background = new Background((away) => told.push(away));
  });
  afterEach(() => {
    background.close();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  test("is spoken of once it is seen again, if its timers were held back", () => {
    turn("hidden");
    sleep(59_000);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([]);
    turn("visible");
    expect(told).toEqual([{ seconds: 60 }]);
  });

  test("is not worth a word while its timers ran on", () => {
    turn("hidden");
    vi.advanceTimersByTime(60_000);
    turn("visible");
    expect(told).toEqual([]);
  });
});
