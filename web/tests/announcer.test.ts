import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Announcer } from "../src/announcer";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function announcing(): { announcer: Announcer; told: string[] } {
  const told: string[] = [];
  return { announcer: new Announcer((sentence) => void told.push(sentence)), told };
}

describe("a screen reader", () => {
  test("is told the newest utterance once", () => {
    const { announcer, told } = announcing();
    announcer.offer("u1", "Ada: hello joy");
    vi.advanceTimersByTime(0);
    announcer.offer("u1", "Ada: hello joy");
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(["Ada: hello joy"]);
  });

  test("is not flooded: what comes too fast is counted, and only the newest of it told", () => {
    const { announcer, told } = announcing();
    announcer.offer("u1", "one");
    vi.advanceTimersByTime(0);
    for (const key of ["u2", "u3", "u4"]) announcer.offer(key, key);
    vi.advanceTimersByTime(4999);
    expect(told).toEqual(["one"]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(["one", "2 more, then u4"]);
  });

  test("is told the last one even where the clock runs behind the timers", () => {
    vi.setSystemTime(0);
    const { announcer, told } = announcing();
    announcer.offer("u1", "one");
    vi.advanceTimersByTime(0);
    announcer.offer("u2", "two");
    vi.setSystemTime(0);
    vi.advanceTimersByTime(5000);
    expect(told).toEqual(["one", "two"]);
  });

  test("is told at once after a silence", () => {
    const { announcer, told } = announcing();
    announcer.offer("u1", "one");
    vi.advanceTimersByTime(60_000);
    announcer.offer("u2", "two");
    vi.advanceTimersByTime(0);
    expect(told).toEqual(["one", "two"]);
  });

  test("is told nothing once it is stopped", () => {
    const { announcer, told } = announcing();
    announcer.offer("u1", "one");
    announcer.stop();
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
  });
});
