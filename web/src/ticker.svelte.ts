/** Our wall clock for display, seconds since 1970, renewed every second: what depends on it ages by itself. */

let seconds = $state(Date.now() / 1000);
setInterval(() => (seconds = Date.now() / 1000), 1000);

export function now(): number {
  return seconds;
}
