// Generated from the OpenAPI document by `make clients`; changes belong there.

import { Resource, segment } from "./transport.js";

/** Figures. */
export class Analytics extends Resource {
  /**
   * What became of the invoices created in a period. Every figure is about those invoices: one that was created in
   * January and paid in February counts as paid in January. Amounts are in your default currency, at each
   * invoice's own rate.
   */
  get(query = {}) {
    return this._get("Analytics", "/api/v1/analytics", query);
  }

  /**
   * What became of the invoices created in a period. Every figure is about those invoices: one that was created in
   * January and paid in February counts as paid in January. Amounts are in your default currency, at each
   * invoice's own rate.
   */
  getCsv(query = {}) {
    return this._text("/api/v1/analytics", { ...query, format: "csv" });
  }
}

/** Keys and their permissions. */
export class APIKeys extends Resource {
  /** List API keys */
  list(query = {}) {
    return this._pages("ApiKey", "/api/v1/api-keys", ["api_keys", "cursor"], query);
  }

  /** A key never grants what its creator lacks. The key itself is shown this once. */
  create(body, options = {}) {
    return this._change("NewApiKey", "POST", "/api/v1/api-keys", "CreateApiKey", body, options);
  }

  /** Get an API key */
  get(keyId) {
    return this._get("ApiKey", `/api/v1/api-keys/${segment(keyId)}`);
  }

  /** Update an API key */
  update(keyId, body = {}, options = {}) {
    return this._change("ApiKey", "PATCH", `/api/v1/api-keys/${segment(keyId)}`, "PatchedUpdateApiKey", body, options);
  }

  /** Ends the key and every token made from it, at once. */
  delete(keyId, options = {}) {
    return this._change("RevokedApiKey", "DELETE", `/api/v1/api-keys/${segment(keyId)}`, null, undefined, options);
  }

  /** Makes a key with the same name, permissions and end; the old one works on for `overlap_seconds`. */
  rotate(keyId, body = {}, options = {}) {
    return this._change("NewApiKey", "POST", `/api/v1/api-keys/${segment(keyId)}/rotate`, "RotateApiKey", body, options);
  }
}

/** What can be paid with, and at what price. */
export class Assets extends Resource {
  /** Every asset on every network of this installation, in the mode of your key. */
  list() {
    return this._get("Assets", "/api/v1/assets");
  }
}

/** Access tokens made from a key. */
export class Auth extends Resource {
  /** The token ends with its key. `*` is never in a token: it is spelled out. */
  createToken(body) {
    return this._send("Token", "POST", "/api/v1/auth/token", "TokenRequest", body);
  }
}

/** What each paid invoice brought: gross, the platform's fee, net. And what your books hold. */
export class Balances extends Resource {
  /**
   * What your books hold, per network and asset: the money in your wallets (`chain`) and whom it belongs to.
   * `chain` is always the sum of the others.
   */
  list() {
    return this._get("Balances", "/api/v1/balances");
  }
}

/** Invoices as their customers meet them: opened for one customer, each with a page to pay on. */
export class CheckoutSessions extends Resource {
  /** Newest first. Every invoice is one: `cs_…` and `inv_…` of the same letters are the same thing. */
  list(query = {}) {
    return this._pages("CheckoutSession", "/api/v1/checkout-sessions", ["checkout_sessions", "cursor"], query);
  }

  /** For one customer: send them to its `url`. From a payment link, or for an `amount` of its own. */
  create(body = {}, options = {}) {
    return this._change("CheckoutSession", "POST", "/api/v1/checkout-sessions", "OpenCheckoutSession", body, options);
  }

  /** Get a checkout session */
  get(sessionId) {
    return this._get("CheckoutSession", `/api/v1/checkout-sessions/${segment(sessionId)}`);
  }
}

/** Who pays, by e-mail address, and the credit they have. */
export class Customers extends Resource {
  /** List customers */
  list(query = {}) {
    return this._pages("Customer", "/api/v1/customers", ["customers", "cursor"], query);
  }

  /** Not needed for most: an invoice or a payment link that names an address makes its customer. */
  create(body, options = {}) {
    return this._change("Customer", "POST", "/api/v1/customers", "CreateCustomer", body, options);
  }

  /** With the credit that overpaid invoices left; `GET /invoices?customer_id=` lists theirs. */
  get(customerId) {
    return this._get("CustomerInFull", `/api/v1/customers/${segment(customerId)}`);
  }

  /** Update a customer */
  update(customerId, body = {}, options = {}) {
    return this._change("Customer", "PATCH", `/api/v1/customers/${segment(customerId)}`, "PatchedUpdateCustomer", body, options);
  }

  /**
   * For a customer who asks for it: address, name and metadata go, also from their invoices (of whose metadata
   * only `order_id` stays), the audit log and what webhooks sent. Amounts, times and transactions stay, as your
   * books need them. It cannot be undone.
   */
  delete(customerId, options = {}) {
    return this._change("ErasedCustomer", "DELETE", `/api/v1/customers/${segment(customerId)}`, null, undefined, options);
  }
}

/** Money that matched no open invoice and waits for a decision. */
export class Deposits extends Resource {
  /**
   * Money that matched no open invoice: too late, in another asset, or for an invoice that has ended. With
   * `status=review` only what waits for a decision.
   */
  list(query = {}) {
    return this._pages("Deposit", "/api/v1/deposits", ["deposits", "cursor"], query);
  }

  /** Decide about a deposit */
  resolve(depositId, body, options = {}) {
    return this._change("Deposit", "POST", `/api/v1/deposits/${segment(depositId)}/resolve`, "ResolveDeposit", body, options);
  }
}

/** What happened, to be read again or listened to. */
export class Events extends Resource {
  /** Oldest first, so that a reader can go on from the last event it has seen, without gaps. */
  list(query = {}) {
    return this._pages("Event", "/api/v1/events", ["events", "after"], query);
  }

  /** Get an event */
  get(eventId) {
    return this._get("Event", `/api/v1/events/${segment(eventId)}`);
  }
}

/** Requests to be paid. */
export class Invoices extends Resource {
  /** Newest first, a page at a time. */
  list(query = {}) {
    return this._pages("Invoice", "/api/v1/invoices", ["invoices", "cursor"], query);
  }

  /**
   * Prices it, locks the exchange rate and takes an address that serves this invoice only. Totals must lie within
   * your plan's limits, by default 0.50 to 10,000.00 US dollars or the like.
   */
  create(body, options = {}) {
    return this._change("Invoice", "POST", "/api/v1/invoices", "CreateInvoice", body, options);
  }

  /** With its payments and refunds, who did what to it, and which webhooks told of it. */
  get(invoiceId) {
    return this._get("InvoiceInFull", `/api/v1/invoices/${segment(invoiceId)}`);
  }

  /** Takes what has arrived for enough: paid at once when it is confirmed, else as soon as it is. */
  accept(invoiceId, options = {}) {
    return this._change("Invoice", "POST", `/api/v1/invoices/${segment(invoiceId)}/accept`, null, undefined, options);
  }

  /**
   * Possible until enough has been seen on the chain. `refund_partial_payments` opens a refund for each payment
   * already received; you send it from your own wallet.
   */
  cancel(invoiceId, body = {}, options = {}) {
    return this._change("CancelledInvoice", "POST", `/api/v1/invoices/${segment(invoiceId)}/cancel`, "CancelInvoice", body, options);
  }

  /**
   * Opens a refund of confirmed money: of `amount` in the asset, of `fiat_amount` at a rate, or of all that is
   * left. Send the money from your own wallet, as `payment_uri` says: it is recognised on the chain. Without an
   * address, give the customer the `claim_url`.
   */
  refund(invoiceId, body = {}, options = {}) {
    return this._change("Refund", "POST", `/api/v1/invoices/${segment(invoiceId)}/refund`, "RefundInvoice", body, options);
  }
}

/** The account, its settings and its plan. */
export class Merchants extends Resource {
  /** Open to anybody unless the operator has closed it. Keys and secrets are shown this once. */
  signUp(body) {
    return this._send("NewMerchant", "POST", "/api/v1/merchants", "SignUp", body);
  }

  /** Get merchant details */
  me() {
    return this._get("Merchant", "/api/v1/merchants/me");
  }

  /** Settings are merged deeply: what is not named stays, null takes one back to its default. */
  updateMe(body = {}, options = {}) {
    return this._change("Merchant", "PATCH", "/api/v1/merchants/me", "PatchedUpdateMerchant", body, options);
  }

  /** Replaces, at once, the secret that signs deliveries to the `webhook_url` of single invoices. */
  rotateWebhookSecret(options = {}) {
    return this._change("WebhookSecret", "POST", "/api/v1/merchants/me/rotate-webhook-secret", null, undefined, options);
  }
}

/** Offers that anybody can open and pay, again and again. */
export class PaymentLinks extends Resource {
  /** List payment links */
  list(query = {}) {
    return this._pages("PaymentLink", "/api/v1/payment-links", ["payment_links", "cursor"], query);
  }

  /** Anybody who opens its `url` and goes on gets an invoice of their own. */
  create(body, options = {}) {
    return this._change("PaymentLink", "POST", "/api/v1/payment-links", "CreatePaymentLink", body, options);
  }

  /** Get a payment link */
  get(linkId) {
    return this._get("PaymentLink", `/api/v1/payment-links/${segment(linkId)}`);
  }

  /** Invoices that were made from it stay as they are. */
  update(linkId, body = {}, options = {}) {
    return this._change("PaymentLink", "PATCH", `/api/v1/payment-links/${segment(linkId)}`, "PatchedUpdatePaymentLink", body, options);
  }

  /** It stays in lists, and `is_active` switches it on again. */
  deactivate(linkId, options = {}) {
    return this._change("PaymentLink", "DELETE", `/api/v1/payment-links/${segment(linkId)}`, null, undefined, options);
  }
}

/** What arrived for them. */
export class Payments extends Resource {
  /** List payments */
  list(query = {}) {
    return this._pages("Payment", "/api/v1/payments", ["payments", "cursor"], query);
  }

  /** Get a payment */
  get(paymentId) {
    return this._get("Payment", `/api/v1/payments/${segment(paymentId)}`);
  }
}

/** What a customer sees; without credentials, from any web page. */
export class Public extends Resource {
  /** The first view moves the invoice from `created` to `pending`. */
  getInvoice(invoiceId) {
    return this._get("PublicInvoice", `/api/v1/public/invoice/${segment(invoiceId)}`);
  }

  /**
   * One of its `payment_options`, while it waits and nothing has arrived. It is priced anew. Where it was to be
   * paid before stays watched: money that arrives there first makes that option the current one again.
   */
  chooseOption(invoiceId, body) {
    return this._send("PublicInvoice", "POST", `/api/v1/public/invoice/${segment(invoiceId)}/option`, "ChoosePaymentOption", body);
  }

  /** Get an invoice's QR code */
  invoiceQr(invoiceId, query = {}) {
    return this._file(`/api/v1/public/invoice/${segment(invoiceId)}/qr`, query);
  }
}

/** What can be paid with, and at what price. */
export class Rates extends Resource {
  /** What one unit of each asset is worth now. Assets without a fresh price are left out. */
  list(query = {}) {
    return this._get("Rates", "/api/v1/rates", query);
  }
}

/** What goes back. You send it from your own wallet. */
export class Refunds extends Resource {
  /** List refunds */
  list(query = {}) {
    return this._pages("Refund", "/api/v1/refunds", ["refunds", "cursor"], query);
  }

  /** Get a refund */
  get(refundId) {
    return this._get("Refund", `/api/v1/refunds/${segment(refundId)}`);
  }

  /** Possible until it is sent. */
  update(refundId, body, options = {}) {
    return this._change("Refund", "PATCH", `/api/v1/refunds/${segment(refundId)}`, "PatchedUpdateRefund", body, options);
  }

  /** Withdraws one that was not sent. */
  cancel(refundId, options = {}) {
    return this._change("Refund", "POST", `/api/v1/refunds/${segment(refundId)}/cancel`, null, undefined, options);
  }

  /** Notes the transaction you sent it in. A paid invoice whose whole amount went back is refunded. */
  complete(refundId, body, options = {}) {
    return this._change("Refund", "POST", `/api/v1/refunds/${segment(refundId)}/complete`, "CompleteRefund", body, options);
  }

  /** For your own wallet: the address and the amount to send. */
  qr(refundId, query = {}) {
    return this._file(`/api/v1/refunds/${segment(refundId)}/qr`, query);
  }

  /**
   * For an invoice that was paid to a vault: the gateway sends the money itself, once. `payout` says how far that
   * is and what it waits for, such as coin for the fee or the approval of staff. From the moment its transaction
   * is signed the refund cannot be changed any more.
   */
  send(refundId, options = {}) {
    return this._change("Refund", "POST", `/api/v1/refunds/${segment(refundId)}/send`, null, undefined, options);
  }
}

/** Paying in test mode. */
export class Sandbox extends Resource {
  /** The first takes everything that waits in the mempool. */
  mine(body = {}, options = {}) {
    return this._change("SandboxBlock", "POST", "/api/v1/sandbox/blocks", "SandboxBlockOrder", body, options);
  }

  /** As if its deadline had passed. What has ended or was paid in part stays as it is. */
  endTime(body, options = {}) {
    return this._change("SandboxInvoice", "POST", "/api/v1/sandbox/expirations", "SandboxExpirationOrder", body, options);
  }

  /** As if a day had passed since a reorg dropped it: its payment has failed. */
  giveUp(body, options = {}) {
    return this._change("SandboxInvoice", "POST", "/api/v1/sandbox/failures", "SandboxFailureOrder", body, options);
  }

  /**
   * Replaces the last blocks by a branch that is one block longer. Transfers move to it, except those named in
   * `drop`, which vanish as a double-spent transaction does; only your own can be named.
   */
  reorganise(body, options = {}) {
    return this._change("SandboxBlock", "POST", "/api/v1/sandbox/reorgs", "SandboxReorgOrder", body, options);
  }

  /** Puts a transfer into the mempool: to one of your test invoices, or to any sandbox address. */
  transfer(body = {}, options = {}) {
    return this._change("SandboxTransfer", "POST", "/api/v1/sandbox/transfers", "SandboxTransferOrder", body, options);
  }
}

/** What each paid invoice brought: gross, the platform's fee, net. And what your books hold. */
export class Settlements extends Resource {
  /** What each paid invoice brought, newest first; reversed ones too. With `format=csv` all that match as one file. */
  list(query = {}) {
    return this._pages("Settlement", "/api/v1/settlements", ["settlements", "cursor"], query);
  }

  /** What each paid invoice brought, newest first; reversed ones too. With `format=csv` all that match as one file. */
  listCsv(query = {}) {
    return this._text("/api/v1/settlements", { ...query, format: "csv" });
  }

  /** Get a settlement */
  get(settlementId) {
    return this._get("Settlement", `/api/v1/settlements/${segment(settlementId)}`);
  }
}

/** Where the money goes: extended public keys, one per network. No private key is ever needed. */
export class Wallets extends Resource {
  /** List wallets */
  list(query = {}) {
    return this._pages("Wallet", "/api/v1/wallets", ["wallets", "cursor"], query);
  }

  /**
   * Invoices on the network are paid to children of this extended public key (`xpub`), to the addresses you list,
   * one each (`pool`), or all to one address (`single`): there a destination tag or reference tells them apart or,
   * on networks without one, the exact amount, whose last digits are raised by up to 1 % where they would meet.
   * Compare `preview` with the first addresses that your wallet shows. Never send a private key or a seed phrase:
   * it is refused, and its funds have to be moved. Where the installation keeps keys, a `vault` makes its own:
   * `seed_phrase` is shown this once, for your backup; `forward_to` is where what its invoices bring goes on to,
   * and can never be changed; `gas_address` is where you put the coin for fees.
   */
  create(body, options = {}) {
    return this._change("NewWallet", "POST", "/api/v1/wallets", "AddWallet", body, options);
  }

  /** Shows the first addresses that a wallet would give, and stores nothing. */
  preview(body, options = {}) {
    return this._change("WalletPreview", "POST", "/api/v1/wallets/preview", "AddWallet", body, options);
  }

  /** Get a wallet */
  get(walletId) {
    return this._get("Wallet", `/api/v1/wallets/${segment(walletId)}`);
  }

  /** No invoice gets an address of it any more. Those that were given out stay watched. */
  delete(walletId, options = {}) {
    return this._change("Wallet", "DELETE", `/api/v1/wallets/${segment(walletId)}`, null, undefined, options);
  }

  /** They are handed out after those that are on the list, once each. */
  addAddresses(walletId, body, options = {}) {
    return this._change("Wallet", "POST", `/api/v1/wallets/${segment(walletId)}/addresses`, "AddAddresses", body, options);
  }
}

/** Being told of what happens. */
export class WebhookDeliveries extends Resource {
  /**
   * To endpoints, also deleted ones, and to the `webhook_url` of single invoices. `status=failed` are those that
   * were given up.
   */
  list(query = {}) {
    return this._pages("WebhookDelivery", "/api/v1/webhook-deliveries", ["deliveries", "cursor"], query);
  }

  /** With the same id and the same body, and with all its retries. */
  redeliver(deliveryId, options = {}) {
    return this._change("WebhookDelivery", "POST", `/api/v1/webhook-deliveries/${segment(deliveryId)}/redeliver`, null, undefined, options);
  }
}

/** Being told of what happens. */
export class WebhookEndpoints extends Resource {
  /** List webhook endpoints */
  list(query = {}) {
    return this._pages("WebhookEndpoint", "/api/v1/webhook-endpoints", ["webhook_endpoints", "cursor"], query);
  }

  /** Create a webhook endpoint */
  create(body, options = {}) {
    return this._change("WebhookEndpoint", "POST", "/api/v1/webhook-endpoints", "CreateWebhookEndpoint", body, options);
  }

  /** Get a webhook endpoint */
  get(endpointId) {
    return this._get("WebhookEndpoint", `/api/v1/webhook-endpoints/${segment(endpointId)}`);
  }

  /** Update a webhook endpoint */
  update(endpointId, body = {}, options = {}) {
    return this._change("WebhookEndpoint", "PATCH", `/api/v1/webhook-endpoints/${segment(endpointId)}`, "PatchedUpdateWebhookEndpoint", body, options);
  }

  /** Delete a webhook endpoint */
  delete(endpointId, options = {}) {
    return this._change("DeletedWebhookEndpoint", "DELETE", `/api/v1/webhook-endpoints/${segment(endpointId)}`, null, undefined, options);
  }

  /** List webhook deliveries */
  listDeliveries(endpointId, query = {}) {
    return this._pages("WebhookDelivery", `/api/v1/webhook-endpoints/${segment(endpointId)}/deliveries`, ["deliveries", "cursor"], query);
  }

  /** Get a webhook delivery with its attempts */
  getDelivery(deliveryId, endpointId) {
    return this._get("WebhookDeliveryDetail", `/api/v1/webhook-endpoints/${segment(endpointId)}/deliveries/${segment(deliveryId)}`);
  }

  /** With the same id and the same body, and with all its retries. */
  redeliver(deliveryId, endpointId, options = {}) {
    return this._change("WebhookDelivery", "POST", `/api/v1/webhook-endpoints/${segment(endpointId)}/deliveries/${segment(deliveryId)}/redeliver`, null, undefined, options);
  }

  /**
   * Also those that the endpoint was not there for. What is still under way goes on as it is. Up to 100,000
   * events, a thousand at a time; `replay.id` leads to how far it is.
   */
  replay(endpointId, body, options = {}) {
    return this._change("ReplayedWebhooks", "POST", `/api/v1/webhook-endpoints/${segment(endpointId)}/replay`, "ReplayWebhooks", body, options);
  }

  /** List the replays to a webhook endpoint */
  listReplays(endpointId, query = {}) {
    return this._pages("WebhookReplay", `/api/v1/webhook-endpoints/${segment(endpointId)}/replays`, ["replays", "cursor"], query);
  }

  /** Get how far a replay is */
  getReplay(endpointId, replayId) {
    return this._get("WebhookReplay", `/api/v1/webhook-endpoints/${segment(endpointId)}/replays/${segment(replayId)}`);
  }

  /** Until the overlap ends, both the old and the new secret sign. */
  rotateSecret(endpointId, body = {}, options = {}) {
    return this._change("RotatedWebhookEndpoint", "POST", `/api/v1/webhook-endpoints/${segment(endpointId)}/rotate-secret`, "RotateWebhookSecret", body, options);
  }

  /** Sends `webhook.test` at once and waits for the receiver's answer. */
  test(endpointId, options = {}) {
    return this._change("WebhookTest", "POST", `/api/v1/webhook-endpoints/${segment(endpointId)}/test`, null, undefined, options);
  }
}

/** Give a client every part of the API. */
export function addResources(client, transport) {
  client.analytics = new Analytics(transport);
  client.apiKeys = new APIKeys(transport);
  client.assets = new Assets(transport);
  client.auth = new Auth(transport);
  client.balances = new Balances(transport);
  client.checkoutSessions = new CheckoutSessions(transport);
  client.customers = new Customers(transport);
  client.deposits = new Deposits(transport);
  client.events = new Events(transport);
  client.invoices = new Invoices(transport);
  client.merchants = new Merchants(transport);
  client.paymentLinks = new PaymentLinks(transport);
  client.payments = new Payments(transport);
  client.public = new Public(transport);
  client.rates = new Rates(transport);
  client.refunds = new Refunds(transport);
  client.sandbox = new Sandbox(transport);
  client.settlements = new Settlements(transport);
  client.wallets = new Wallets(transport);
  client.webhookDeliveries = new WebhookDeliveries(transport);
  client.webhookEndpoints = new WebhookEndpoints(transport);
}
