/** A bar of the timeline in words, as it is read out. */

import { formatTime } from "./clock";
import { percent, wordFor } from "./emotions";
import type { Bar } from "./timeline";

export function describe({ said, label, unsure, final, shiftedFrom }: Bar): string {
  const expressed = `${wordFor(label, unsure)} ${percent(said.reading?.confidence ?? 0)}`;
  const shift = shiftedFrom ? `, a shift from ${shiftedFrom}` : "";
  return `${said.participant}, ${formatTime(said.start)}, ${expressed}${shift}${final ? "" : ", provisional"}. ${said.text}`;
}
