/** Reading the server's messages. */

import type { ServerEvent } from "./protocol.generated";

export * from "./protocol.generated";

/** The event in one message, or null where it is none: a newer server may send what this page doesn't know. */
export function parseEvent(text: string): ServerEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { seq, type, time } = value as Record<string, unknown>;
  const whole = typeof seq === "number" && typeof type === "string" && typeof time === "number";
  return whole ? (value as ServerEvent) : null;
}
