/** Names of conversations and participants, as the protocol allows them: 1 to 64 of A-Z a-z 0-9 _ . - */

const QUALITIES = ["quiet", "amber", "early", "gentle", "brisk", "mellow", "clear", "silver", "steady", "warm"];
const THINGS = ["river", "harbour", "lantern", "meadow", "window", "orchard", "signal", "garden", "bridge", "cello"];

/** A readable name for a new conversation, such as `quiet-river-427`. */
export function newConversation(random: () => number = Math.random): string {
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? "new";
  return `${pick(QUALITIES)}-${pick(THINGS)}-${100 + Math.floor(random() * 900)}`;
}

/** What a person typed, made into a name that the protocol takes; empty where nothing of it is left. */
export function identifier(typed: string): string {
  return typed
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 64)
    .replace(/-+$/, "");
}
