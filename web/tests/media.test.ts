import { describe, expect, test } from "vitest";
import { Resampler, toPcm16 } from "../src/media/resample";
import { SampleTime } from "../src/media/sound";
import { packFrame } from "../src/session/frame";

function tone(rate: number, hertz: number, seconds: number): Float32Array {
  return Float32Array.from({ length: rate * seconds }, (_, index) => Math.sin((2 * Math.PI * hertz * index) / rate));
}

function resampled(rate: number, input: Float32Array, block: number): Float32Array {
  const resampler = new Resampler(rate);
  const out: number[] = [];
  for (let from = 0; from < input.length; from += block) out.push(...resampler.push(input.slice(from, from + block)));
  return Float32Array.from(out);
}

function loudness(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

describe.each([48_000, 44_100, 16_000, 8000])("sound at %i Hz", (rate) => {
  test("comes out at 16 kHz, as long as it was, a tone as loud as it was", () => {
    const out = resampled(rate, tone(rate, 440, 1), 128);
    expect(out.length).toBeGreaterThan(15_900);
    expect(out.length).toBeLessThanOrEqual(16_001);
    expect(loudness(out.slice(400, -400))).toBeCloseTo(Math.SQRT1_2, 2);
  });

  test("is the same in whatever blocks it comes", () => {
    const input = tone(rate, 440, 0.25);
    const whole = resampled(rate, input, input.length);
    const pieces = resampled(rate, input, 128);
    expect(pieces.length).toBe(whole.length);
    expect(Math.max(...pieces.map((sample, index) => Math.abs(sample - (whole[index] ?? 9))))).toBeLessThan(1e-4);
  });
});

test("a tone that 16 kHz can't hold is taken out, not folded down", () => {
  expect(loudness(resampled(48_000, tone(48_000, 12_000, 0.5), 128).slice(200))).toBeLessThan(0.01);
});

test("samples are clipped, not wrapped", () => {
  expect([...toPcm16(Float32Array.of(0, 1, -1, 3, -3))]).toEqual([0, 32767, -32767, 32767, -32767]);
});

describe("media time", () => {
  test("counts samples, whatever the jitter of their coming", () => {
    const time = new SampleTime();
    const times = [0.02, 0.041, 0.1, 0.1].map((arrived) => time.next(arrived));
    times.forEach((value, index) => expect(value).toBeCloseTo(index * 0.02, 6));
  });

  test("jumps forward after a pause and never back", () => {
    const time = new SampleTime();
    time.next(0.02);
    expect(time.next(2)).toBeCloseTo(1.98, 6);
    expect(time.next(1)).toBeCloseTo(2, 6);
  });
});

test("a frame is a byte of kind, eight of microseconds, and the payload", () => {
  const frame = new Uint8Array(packFrame("video", 1.5, Uint8Array.of(7, 8).buffer));
  expect([...frame]).toEqual([2, 0x60, 0xe3, 0x16, 0, 0, 0, 0, 0, 7, 8]);
});
