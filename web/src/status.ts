/** What the server says of itself before anything is sent to it. */

export interface Status {
  /** What is said and expressed goes into the server's library. */
  readonly kept: boolean;
  /** Who takes part in the conversation now. */
  readonly here: readonly string[];
  /** Nobody more can take part. */
  readonly full: boolean;
}

/** Asks the server; null where it doesn't answer as one. Tells it nothing of who asks. */
export async function askStatus(conversation: string): Promise<Status | null> {
  const response = await fetch("/v1/status").catch(() => null);
  const body: unknown = response?.ok ? await response.json().catch(() => null) : null;
  return readStatus(body, conversation);
}

export function readStatus(body: unknown, conversation: string): Status | null {
  const { kept, conversations, server } = (body ?? {}) as Answer;
  if (typeof kept !== "boolean" || !Array.isArray(conversations)) return null;
  const here = conversations.find((one) => one.id === conversation)?.participants ?? [];
  return { kept, here, full: here.length >= (server?.limits?.max_participants ?? Infinity) };
}

interface Answer {
  readonly kept?: boolean;
  readonly conversations?: readonly { readonly id: string; readonly participants: readonly string[] }[];
  readonly server?: { readonly limits?: Readonly<Record<string, number>> };
}
