/** The steady clock for display, renewed every second: what depends on it ages by itself. */

import { steadyTime } from "./clock";

let seconds = $state(steadyTime());
setInterval(() => (seconds = steadyTime()), 1000);

export function now(): number {
  return seconds;
}
