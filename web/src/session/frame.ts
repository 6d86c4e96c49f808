/** The binary frames of the socket. */

export const KINDS = { audio: 1, video: 2 } as const;
export type FrameKind = keyof typeof KINDS;

/** One byte of kind, eight of little-endian media time in microseconds, then the payload. */
export function packFrame(kind: FrameKind, seconds: number, payload: ArrayBuffer): ArrayBuffer {
  const frame = new Uint8Array(9 + payload.byteLength);
  const view = new DataView(frame.buffer);
  view.setUint8(0, KINDS[kind]);
  view.setBigUint64(1, BigInt(Math.round(seconds * 1e6)), true);
  frame.set(new Uint8Array(payload), 9);
  return frame.buffer;
}
