import { describe, expect, test } from "vitest";
import { readOverlay, type Asked } from "../src/overlay";

const read = (query: string): Asked => readOverlay(new URLSearchParams(query));

describe("the overlay's address", () => {
  test("asks for everything by default, over nothing", () => {
    expect(read("")).toMatchObject({
      options: { show: ["name", "label", "bar", "words"], speaker: null, side: "left", theme: "dark", background: "transparent" },
      complaints: [],
    });
  });

  test("says what to show, of whom, where, how large and for how long", () => {
    expect(read("speaker=call:1").options.speaker).toBe("call:1");
    const { options, complaints } = read("show=label,bar&speaker=ann&side=right&size=1.2&theme=light&linger=20");
    expect(options).toMatchObject({ show: ["label", "bar"], speaker: "ann", side: "right", size: 1.2, theme: "light", linger: 20 });
    expect(complaints).toEqual([]);
  });

  test.each([["panel", "color-mix"], ["1d2427", "#1d2427"], ["%231d2427c0", "#1d2427c0"]])("takes %s as a ground", (value, css) => {
    expect(read(`background=${value}`)).toMatchObject({ options: { background: expect.stringContaining(css) }, complaints: [] });
  });

  test.each([
    ["sise=2", "“sise” is no option"],
    ["size=huge", "“size=huge” can't be: size is a number from 0.5 to 4"],
    ["size=", "size is a number"],
    ["show=label,faces", "show is a list of name, label, bar and words"],
    ["side=top", "side is left or right"],
    ["theme=blue", "theme is dark or light"],
    ["speaker=", "speaker is a participant's name"],
    ["speaker=:1", "or a voice's such as call:1"],
    ["background=url(x)", "background is transparent, panel or a colour"],
    ["toString=1", "is no option"],
  ])("that says %s is told what is wrong with it, and the rest still holds", (query, complaint) => {
    const asked = read(`side=right&${query}`);
    expect(asked.complaints.join()).toContain(complaint);
    if (!query.startsWith("side")) expect(asked.options.side).toBe("right");
  });
});
