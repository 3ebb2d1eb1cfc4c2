/**
 * One request, sent as often as it takes.
 *
 * A request is sent again when no answer came, after 429 and when the gateway is not itself. That is safe: what
 * changes something carries an idempotency key, so it is done once however often it is sent.
 */

import { ConnectionFailed, TimedOut, errorFor } from "./errors.js";
import { parse, stringify } from "./json.js";
import { Pages } from "./pages.js";

const AGAIN = new Set([429, 500, 502, 503, 504]);
const FIRST_PAUSE = 250; // milliseconds; doubled each time, less up to half by chance
const LONGEST_PAUSE = 8000;
const LONGEST_WAIT = 60; // seconds; when the gateway asks for more, the caller decides

/** Return `text` as one segment of a path. */
export function segment(text) {
  if (/^\.*$/.test(String(text))) throw new TypeError(`"${text}" is no id.`);
  return encodeURIComponent(text);
}

/** Sends requests. `timeout` is milliseconds for one attempt. */
export class Transport {
  constructor({ baseUrl, apiKey, timeout, maxRetries, userAgent }) {
    Object.assign(this, { baseUrl, apiKey, timeout, maxRetries, userAgent });
  }

  /** Send a request and return its answer; what is no success is thrown. */
  async send(method, path, { body, idempotencyKey, signal } = {}) {
    const attempts = method === "GET" || idempotencyKey ? this.maxRetries : 0;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#attempt(method, path, { body, idempotencyKey, signal });
      } catch (failure) {
        const pause = pauseAfter(failure, attempt);
        if (attempt >= attempts || pause === null || signal?.aborted) throw failure;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** Open a stream. */
  async stream(path, { headers, signal }) {
    const all = { ...this.#headers(), ...headers, Accept: "text/event-stream" };
    const answer = await this.#fetch(path, { headers: all, signal });
    if (!answer.ok) throw await failureOf(answer);
    return answer;
  }

  async #attempt(method, path, { body, idempotencyKey, signal }) {
    const headers = this.#headers();
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
    const deadline = AbortSignal.timeout(this.timeout);
    const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const answer = await this.#fetch(path, { method, headers, body, signal: either });
    if (!answer.ok) throw await failureOf(answer);
    try {
      return { bytes: new Uint8Array(await answer.arrayBuffer()), type: answer.headers.get("content-type") };
    } catch (failure) {
      throw this.#told(failure);
    }
  }

  async #fetch(path, options) {
    try {
      return await fetch(this.baseUrl + path, { redirect: "manual", ...options });
    } catch (failure) {
      throw this.#told(failure);
    }
  }

  #told(failure) {
    if (failure.name === "AbortError") return failure; // the caller's own wish
    if (failure.name === "TimeoutError") {
      return new TimedOut(`${this.baseUrl} did not answer within ${this.timeout} ms.`, { cause: failure });
    }
    const reason = failure.cause?.message ?? failure.message;
    return new ConnectionFailed(`${this.baseUrl} cannot be reached: ${reason}`, { cause: failure });
  }

  #headers() {
    const known = { "User-Agent": this.userAgent, Accept: "*/*" };
    return this.apiKey ? { ...known, Authorization: `Bearer ${this.apiKey}` } : known;
  }
}

/** A part of the API; what its generated methods are made of. */
export class Resource {
  constructor(transport) {
    this.transport = transport;
  }

  async _get(kind, path, query = {}) {
    return read(await this.transport.send("GET", path + queryOf(query)), kind);
  }

  _pages(kind, path, names, query) {
    const fetchPage = async (wanted) =>
      read(await this.transport.send("GET", path + queryOf(wanted)), { map: { list: kind } });
    return new Pages(fetchPage, names, query);
  }

  async _file(path, query) {
    return (await this.transport.send("GET", path + queryOf(query))).bytes;
  }

  async _text(path, query) {
    return new TextDecoder().decode(await this._file(path, query));
  }

  async _send(kind, method, path, shape, body) {
    return read(await this.transport.send(method, path, { body: bodyOf(body, shape) }), kind);
  }

  async _change(kind, method, path, shape, body, { idempotencyKey = crypto.randomUUID(), signal } = {}) {
    return read(await this.transport.send(method, path, { body: bodyOf(body, shape), idempotencyKey, signal }), kind);
  }
}

function bodyOf(body, shape) {
  return body === undefined ? undefined : stringify(body, shape);
}

function queryOf(query) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      throw new TypeError(`${name} is the number ${value}, which is not exact. Give "${value}" as text.`);
    }
    words.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return words.size ? `?${words}` : "";
}

function read({ bytes, type }, kind) {
  if (!type?.startsWith("application/json")) {
    throw new ConnectionFailed(`The answer is no JSON but ${type}. Is baseUrl the gateway's address?`);
  }
  return parse(new TextDecoder().decode(bytes), kind);
}

async function failureOf(answer) {
  const text = await answer.text().catch(() => "");
  try {
    return errorFor(answer.status, parse(text), answer.headers);
  } catch (failure) {
    if (failure instanceof SyntaxError) return errorFor(answer.status, null, answer.headers);
    throw failure;
  }
}

/** Return how many milliseconds to wait before the next attempt, or null: another one would not help. */
function pauseAfter(failure, attempt) {
  if (failure.status !== undefined) {
    if (!AGAIN.has(failure.status) && failure.code !== "IDEMPOTENCY_KEY_IN_USE") return null;
    if (failure.retryAfter !== null) return failure.retryAfter <= LONGEST_WAIT ? failure.retryAfter * 1000 : null;
  } else if (!(failure instanceof ConnectionFailed)) {
    return null;
  }
  return Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE) * (0.5 + Math.random() / 2);
}
