import { describe, expect, test } from "vitest";
import { Rows } from "../src/rows";

describe("rows of differing height", () => {
  const keys = ["a", "b", "c", "d", "e"];
  const rows = new Rows(keys, new Map([["a", 50], ["b", 150]]));

  test("lie below each other; those never seen count as high as the others on average", () => {
    expect(keys.map((_, index) => rows.top(index))).toEqual([0, 50, 200, 300, 400]);
    expect(rows.height).toBe(500);
  });

  test("are found by their key and by where they are", () => {
    expect([rows.index("c"), rows.index("x"), rows.index(null)]).toEqual([2, -1, -1]);
    expect([-10, 0, 49, 50, 199, 200, 9999].map((y) => rows.at(y))).toEqual([0, 0, 0, 1, 1, 2, 4]);
  });

  test("in sight are few, however many there are", () => {
    const many = new Rows(Array.from({ length: 5000 }, (_, index) => `u${index}`), new Map([["u0", 80]]));
    expect(many.between(200_000, 200_800)).toEqual([2500, 2511]);
    expect(many.between(399_900, 500_000)).toEqual([4998, 5000]);
  });

  test("may be none", () => {
    const none = new Rows([], new Map());
    expect([none.height, ...none.between(0, 500)]).toEqual([0, 0, 0]);
  });
});
