/** The JavaScript client of Crypto Checkout. Begin with `new Checkout({ apiKey, baseUrl })`. */

import * as errors from "./errors.js";
import { addResources } from "./resources.js";
import { follow } from "./streams.js";
import { Transport } from "./transport.js";
import * as webhooks from "./webhooks.js";

export const VERSION = "1.0.0";
const TIMEOUT = 30_000;
const RETRIES = 2;

/** A gateway, as one merchant sees it. `checkout.invoices`, `checkout.refunds` … are its parts. */
export class Checkout {
  #transport;

  constructor({
    apiKey = process.env.CHECKOUT_API_KEY ?? "",
    baseUrl = process.env.CHECKOUT_BASE_URL ?? "",
    timeout = TIMEOUT,
    maxRetries = RETRIES,
  } = {}) {
    if (!/^https?:\/\//.test(baseUrl)) {
      throw new errors.CheckoutError("Give baseUrl, the address of your gateway, or set CHECKOUT_BASE_URL.");
    }
    this.#transport = new Transport({
      baseUrl: baseUrl.replace(/\/+$/, ""),
      apiKey,
      timeout,
      maxRetries,
      userAgent: `crypto-checkout-javascript/${VERSION}`,
    });
    addResources(this, this.#transport);
  }

  /** The merchant's events as they happen: `for await (const event of checkout.follow())`. */
  follow(options = {}) {
    return follow(this.#transport, options);
  }
}

export { errors, webhooks };
export const { APIError, CheckoutError } = errors;
