import type { Resources } from "./api.js";

export type * from "./api.js";

export declare const VERSION: string;

export interface Options {
  /** By default CHECKOUT_API_KEY of the environment. */
  apiKey?: string;
  /** By default CHECKOUT_BASE_URL of the environment. */
  baseUrl?: string;
  /** Milliseconds for one attempt. */
  timeout?: number;
  /** How many more attempts are made before a failure is thrown. */
  maxRetries?: number;
}

export interface RequestOptions {
  /** Sent again with the same key, the request is done once. By default a new one for each call. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export interface Page<T> {
  items: T[];
  /** Counted up to 10,000, and then a lower bound. */
  total: number;
  hasMore: boolean;
  nextCursor: string | null;
}

/** A list of any length; iterating fetches page by page. */
export interface Pages<T> extends AsyncIterable<T> {
  page(cursor?: string | null): Promise<Page<T>>;
}

export interface WebhookEvent {
  /** The same however often the event is delivered: remember it, and do the work once. */
  id: string;
  event: string;
  api_version: string;
  created_at: string;
  livemode: boolean;
  /** Whole numbers are numbers, all others text. */
  data: Record<string, unknown>;
}

export interface Checkout extends Resources {}
export declare class Checkout {
  constructor(options?: Options);
  /** The merchant's events as they happen, over lost connections without a gap. */
  follow(options?: { lastEventId?: string; signal?: AbortSignal }): AsyncGenerator<WebhookEvent, void, void>;
}

export * as errors from "./errors.js";
export { APIError, CheckoutError } from "./errors.js";
export * as webhooks from "./webhooks.js";
