import type { WebhookEvent } from "./index.js";

/** Seconds that a timestamp may be off, either way. */
export declare const TOLERANCE: number;

export type Received = Headers | Record<string, string | string[] | undefined>;

/** Return the event of a webhook that is genuine; throw SignatureInvalid otherwise. */
export declare function verify(
  body: string | Uint8Array,
  headers: Received,
  secret: string | string[],
  options?: { tolerance?: number; now?: number },
): WebhookEvent;

/** Return the headers that the gateway sends with `body`, for tests. */
export declare function sign(
  body: string | Uint8Array,
  secret: string,
  options: { messageId: string; event: string; now: number },
): Record<string, string>;
