/**
 * Webhooks: whether one is the gateway's own, whole and fresh, and what it says.
 *
 * Give the bytes as they came: JSON that was read and written again is signed differently.
 */

import { createHmac, timingSafeEqual } from "node:crypto";

import { SignatureInvalid } from "./errors.js";
import { parse } from "./json.js";

/** Seconds that a timestamp may be off, either way. */
export const TOLERANCE = 300;

/**
 * Return the event of a webhook that is genuine; throw SignatureInvalid otherwise.
 *
 * Either set of headers will do, the native one or that of Standard Webhooks. `secret` may be several while one is
 * rotated. `tolerance` is in seconds, `now` in seconds since 1970.
 */
export function verify(body, headers, secret, { tolerance = TOLERANCE, now = Date.now() / 1000 } = {}) {
  const content = Buffer.from(body);
  const found = lowered(headers);
  const timestamp = found["x-crypto-checkout-timestamp"] ?? found["webhook-timestamp"] ?? "";
  if (!/^[0-9]+$/.test(timestamp)) throw new SignatureInvalid("The webhook has no timestamp.");
  if (Math.abs(now - Number(timestamp)) > tolerance) {
    throw new SignatureInvalid(`The webhook's timestamp is more than ${tolerance} s away from this machine's clock.`);
  }
  // Every pair is compared, each in constant time, so that how long it takes tells nothing.
  const matches = [secret].flat().flatMap((one) => pairs(one, found, content).map(([a, b]) => isEqual(a, b)));
  if (!matches.includes(true)) {
    throw new SignatureInvalid("No signature fits. Is it the secret of this endpoint, and the body as it came?");
  }
  return parse(content.toString());
}

/** Return the headers that the gateway sends with `body`, for tests; `now` is in seconds since 1970. */
export function sign(body, secret, { messageId, event, now }) {
  const timestamp = String(now);
  return {
    "Content-Type": "application/json",
    "X-Crypto-Checkout-Signature": native(secret, timestamp, body),
    "X-Crypto-Checkout-Timestamp": timestamp,
    "X-Crypto-Checkout-Webhook-Id": messageId,
    "X-Crypto-Checkout-Event": event,
    "webhook-id": messageId,
    "webhook-timestamp": timestamp,
    "webhook-signature": standard(secret, messageId, timestamp, body),
  };
}

function lowered(headers) {
  const entries = typeof headers.entries === "function" ? headers.entries() : Object.entries(headers);
  return Object.fromEntries([...entries].map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** Return what each signature in the headers should be, beside what it is. */
function pairs(secret, headers, body) {
  const expected = native(secret, headers["x-crypto-checkout-timestamp"] ?? "", body);
  const names = ["x-crypto-checkout-signature", "x-crypto-checkout-previous-signature"];
  const ours = names.filter((name) => name in headers).map((name) => [expected, headers[name]]);
  const wanted = standard(secret, headers["webhook-id"] ?? "", headers["webhook-timestamp"] ?? "", body);
  const others = (headers["webhook-signature"] ?? "").split(" ").filter(Boolean);
  return [...ours, ...others.map((given) => [wanted, given])];
}

function isEqual(expected, given) {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function native(secret, timestamp, body) {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex")}`;
}

function standard(secret, id, timestamp, body) {
  const text = secret.replace(/^whsec_/, "");
  const decoded = Buffer.from(text, "base64");
  const key = decoded.length > 0 ? decoded : Buffer.from(text);
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
}
