/** What a link has carried and how well, read from the browser now and then. */

export interface Counters {
  /** Milliseconds of the page's steady clock. */
  readonly at: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Milliseconds there and back; null where the link doesn't tell. */
  readonly roundTrip: number | null;
  /** Share of our packets that the server missed lately; null over a socket, which sends again what is lost. */
  readonly lost: number | null;
  /** Milliseconds by which packets come unevenly. */
  readonly jitter: number | null;
  /** Bytes that wait to be sent; null over WebRTC, which drops instead. */
  readonly waiting: number | null;
}

/** The figures of a link between two readings. */
export interface Flow extends Pick<Counters, "roundTrip" | "lost" | "jitter" | "waiting"> {
  /** Bits a second. */
  readonly up: number;
  readonly down: number;
}

export function flow(before: Counters, now: Counters): Flow {
  const { roundTrip, lost, jitter, waiting } = now;
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const rate = (from: number, to: number): number => (8 * Math.max(0, to - from)) / seconds;
  const up = rate(before.sentBytes, now.sentBytes);
  return { up, down: rate(before.receivedBytes, now.receivedBytes), roundTrip, lost, jitter, waiting };
}

type Report = Readonly<Record<string, unknown>>;

/** WebRTC's own statistics (W3C webrtc-stats): the pair of addresses in use, and what the other side reports of our media. */
export function readReports(reports: readonly Report[], at: number): Counters {
  const transport = reports.find((one) => one["type"] === "transport");
  const pair = reports.find((one) => one["id"] === transport?.["selectedCandidatePairId"]);
  const remote = reports.filter((one) => one["type"] === "remote-inbound-rtp");
  const worst = (field: string): number | null => {
    const told = remote.map((one) => one[field]).filter((value) => typeof value === "number");
    return told.length ? Math.max(...told) : null;
  };
  const count = (field: string): number => (typeof pair?.[field] === "number" ? pair[field] : 0);
  return {
    at,
    sentBytes: count("bytesSent"),
    receivedBytes: count("bytesReceived"),
    roundTrip: milliseconds(pair?.["currentRoundTripTime"] ?? worst("roundTripTime")),
    lost: worst("fractionLost"),
    jitter: milliseconds(worst("jitter")),
    waiting: null,
  };
}

function milliseconds(seconds: unknown): number | null {
  return typeof seconds === "number" ? 1000 * seconds : null;
}
