// Generated from the OpenAPI document by `make clients`; changes belong there.

import { Pages, RequestOptions } from "./index.js";

/** An exact amount: text, a whole number or a bigint. A fraction as a number is refused. */
export type Amount = string | number | bigint;

export interface AddAddresses {
  addresses: Array<string>;
}

export interface AddWallet {
  network: string;
  /** Where its addresses come from. */
  kind?: "xpub" | "pool" | "single" | "vault";
  /** For `xpub`: the extended public key of an account, or a descriptor of it; never a private key. */
  xpub?: string | null;
  /** For `single`: the address. */
  address?: string | null;
  /** For `pool`: the addresses. */
  addresses?: Array<string> | null;
  /** For `vault`: where the money goes on to; cannot be changed later. */
  forward_to?: string | null;
}

export interface AgreedTolerance {
  /** So much less is still enough. */
  underpayment_threshold: string;
  /** So much more is no overpayment yet. */
  overpayment_threshold: string;
  /** What happens with a surplus: credited to the customer, refunded, or kept. */
  overpayment_action: "credit_account" | "refund" | "keep";
}

export interface Analytics {
  /** What was asked for. */
  period: "24h" | "7d" | "30d" | "90d" | "12m" | "custom";
  /** Whose days and hours these are. */
  timezone: string;
  /** How the period is divided. */
  group_by: "hour" | "day" | "week" | "month";
  /** RFC 3339, UTC. */
  from: string;
  /** RFC 3339, UTC. */
  to: string;
  /** ISO 4217 code. */
  currency: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR";
  metrics: AnalyticsMetrics;
  time_series: Array<AnalyticsBucket>;
  payment_methods: Record<string, AnalyticsPaymentMethod>;
}

export interface AnalyticsBucket {
  /** The first day, or for hours the beginning with its offset. */
  date: string;
  /** Invoices created in this part of the period. */
  invoices_created: number;
  /** Those of them that have been paid by now. */
  invoices_paid: number;
  /** Sum of their totals. */
  amount_created: string;
  /** Sum of the totals of the paid ones. */
  amount_paid: string;
  /** Paid of created, in percent. */
  conversion_rate: string;
}

export interface AnalyticsMetrics {
  /** Invoices created in the period. */
  total_invoices: number;
  /** Sum of their totals. */
  total_amount: string;
  /** Those of them that have been paid by now. */
  paid_invoices: number;
  /** Sum of the totals of the paid ones. */
  paid_amount: string;
  /** Paid of created, in percent. */
  conversion_rate: string;
  /** Average total of an invoice. */
  average_amount: string;
  /** Seconds from creation to payment; null when none has been paid. */
  average_payment_time: number | null;
  /** Invoices made while another currency was the default: they count, but add to no amount. */
  other_currency_invoices: number;
}

export interface AnalyticsPaymentMethod {
  /** Paid invoices. */
  count: number;
  /** Sum of their totals. */
  amount: string;
}

export interface ApiKey {
  id: string;
  name: string;
  /** Whose API the key opens: this one, or another that is spoken here. */
  format: "native" | "cryptic" | "selfhosted";
  key_prefix: string;
  key_type: "live" | "test";
  permissions: Array<"merchants:read" | "merchants:write" | "api_keys:manage" | "invoices:create" | "invoices:read" | "invoices:cancel" | "invoices:refund" | "links:read" | "links:write" | "customers:read" | "customers:write" | "analytics:read" | "webhooks:manage" | "wallets:manage" | "*">;
  status: "active" | "revoked" | "expired";
  expires_at: string | null;
  created_at: string;
  last_used_at: string | null;
}

export interface Asset {
  /** The asset's code. */
  crypto_currency: string;
  /** The network's code. */
  network: string;
  /** The network's name. */
  network_name: string;
  decimals: number;
  /** The token's contract; null for the network's own coin. */
  contract: string | null;
  /** Whether an invoice can be created in it now: node and wallet are there. */
  is_available: boolean;
}

export interface Assets {
  assets: Array<Asset>;
}

export interface AuditEntry {
  /** Id of the entry. */
  id: string;
  /** What happened. */
  event: string;
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Who did it. */
  actor: string;
  ip_address: string | null;
  user_agent: string | null;
  request_id: string | null;
}

export interface Balance {
  /** The network. */
  network: string;
  /** The asset. */
  crypto_currency: string;
  /** What lies in your wallets: the sum of all the others. */
  chain: string;
  /** Confirmed money for invoices that are not paid yet. */
  customers: string;
  /** Yours: net of settlements, less refunds of them. */
  merchant: string;
  /** The platform's. */
  fees: string;
  /** Spent on moving funds. */
  network_fees: string;
  /** Promised back to payers, not sent yet. */
  refunds: string;
  /** Surplus you keep for customers. */
  credits: string;
  /** Money in the inbox. */
  unmatched: string;
}

export interface Balances {
  balances: Array<Balance>;
}

export interface CancelInvoice {
  reason?: string | null;
  /** Open a refund for each payment already received. */
  refund_partial_payments?: boolean;
}

export interface CancelledInvoice {
  /** Public id of the invoice. */
  id: string;
  /** Title. */
  title: string;
  /** Description. */
  description: string;
  items: Array<InvoiceLine>;
  /** Sum of the items. */
  subtotal: string;
  /** Tax. */
  tax: string;
  /** What is owed. */
  total: string;
  /** ISO 4217 code. */
  currency: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR";
  /** Whether `crypto_amount` is the price, and `total` only what that was worth. */
  priced_in_asset: boolean;
  /** The asset to pay with. */
  crypto_currency: string;
  /** The network to pay on. */
  network: string;
  /** All that has to be sent, in the asset. */
  crypto_amount: string;
  /** The same; present when the asset is USDT. */
  usdt_amount?: string;
  /** Where to pay; used for this invoice only, unless `matching` says otherwise. */
  address: string;
  /** What has to be sent with the payment at an address that invoices share. */
  tag: string | null;
  /** The tag; present on the XRP Ledger. */
  destination_tag?: number;
  /** The tag; present on Solana. */
  reference?: string;
  /** What tells its payments from others; with `amount` it has to be sent exactly. */
  matching: "address" | "tag" | "amount";
  /** What a wallet opens. */
  payment_uri: string;
  /** What the customer may choose between; may be empty. */
  payment_options: Array<PaymentOption>;
  /** Where the invoice stands. */
  status: "created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded";
  /** What is unusual about the money; read it together with the status. */
  exception: "none" | "underpaid" | "overpaid" | "late";
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  expires_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  paid_at: string | null;
  payment_progress: PaymentProgress;
  return_url: string | null;
  cancel_url: string | null;
  /** The payment URI as a QR code. */
  qr_code_url: string;
  /** The hosted pay page. */
  customer_url: string;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  cancelled_at: string | null;
  cancel_reason: string | null;
  /** Received so far, in the invoice's currency. */
  amount_received: string;
  exchange_rate: ExchangeRate;
  /** What the rate rests on. */
  rate_evidence: Array<RateSource>;
  payment_tolerance: AgreedTolerance;
  webhook_url: string | null;
  /** Whom it is for. */
  customer_id: string | null;
  /** The link it was made from. */
  payment_link_id: string | null;
  /** Your own facts. */
  metadata: Record<string, unknown>;
  refunds: Array<Refund>;
}

export interface CheckoutSession {
  /** Public id of the session. */
  id: string;
  /** Where its customer pays. */
  url: string;
  /** The same as an invoice. */
  invoice_id: string;
  payment_link_id: string | null;
  customer_id: string | null;
  /** What is paid for. */
  title: string;
  description: string | null;
  /** What is paid. */
  amount: string;
  /** ISO 4217 code. */
  currency: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR";
  /** Where the invoice stands. */
  status: "created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded";
  /** What is unusual about the money; read it together with the status. */
  exception: "none" | "underpaid" | "overpaid" | "late";
  /** The asset to pay with. */
  crypto_currency: string;
  /** The network to pay on. */
  network: string;
  /** All that has to be sent, in the asset. */
  crypto_amount: string;
  /** Where to pay. */
  address: string;
  tag: string | null;
  payment_progress: PaymentProgress;
  return_url: string | null;
  cancel_url: string | null;
  /** Your own facts. */
  metadata: Record<string, unknown>;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  expires_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  paid_at: string | null;
  /** RFC 3339, UTC. */
  created_at: string;
}

export interface CheckoutSessionCustomer {
  email: string;
  name?: string | null;
}

export interface ChoosePaymentOption {
  /** One of the invoice's `payment_options`. */
  crypto_currency: string;
  /** Its network. */
  network: string;
}

export interface CompleteRefund {
  /** The transaction's hash. */
  tx_hash: string;
  /** An address on the network. */
  address?: string | null;
  /** The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already. */
  tag?: string | null;
}

export interface CreateApiKey {
  name: string;
  /** By default the type of the key that asks. */
  key_type?: "live" | "test";
  /** Whose API it is for: it opens that one only. */
  format?: "native" | "cryptic" | "selfhosted";
  permissions: Array<"merchants:read" | "merchants:write" | "api_keys:manage" | "invoices:create" | "invoices:read" | "invoices:cancel" | "invoices:refund" | "links:read" | "links:write" | "customers:read" | "customers:write" | "analytics:read" | "webhooks:manage" | "wallets:manage" | "*">;
  expires_at?: string | Date | null;
}

export interface CreateCustomer {
  /** In any case; it is how the customer is known. */
  email: string;
  name?: string | null;
  /** Your own facts, returned as they are. */
  metadata?: Record<string, unknown> | null;
}

export interface CreateInvoice {
  title: string;
  description?: string | null;
  /** Needed, unless there is a `crypto_amount`. */
  items?: Array<InvoiceItem>;
  /**
   * Instead of items: just so much of `crypto_currency`, however rates move. `total` is what it is worth when the
   * invoice is made. There is no tax, no choice and no price lock.
   */
  crypto_amount?: Amount | null;
  /** Added to the sum of the items. */
  tax?: Amount | null;
  /** ISO 4217 code. */
  currency?: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR" | null;
  /** What the customer pays with; see `GET /assets`. */
  crypto_currency?: string | null;
  /** On which network; by default the first of your wallets' networks that has the asset. */
  network?: string | null;
  /**
   * What the customer may choose between on the pay page, the first one first; `crypto_currency` and `network`
   * come before it when they are given too. Each needs a wallet. By default the list in your settings, unless you
   * name a `crypto_currency` or a `network`.
   */
  payment_options?: Array<PaymentOptionOrder> | null;
  /** Seconds the exchange rate holds; by default until the invoice expires. */
  price_lock_duration?: number | null;
  /** Seconds until the invoice expires. */
  expires_in?: number | null;
  /** What is left out is taken from the merchant's settings. */
  payment_tolerance?: PaymentTolerance | null;
  /** Told of everything that happens to this invoice, beside your webhook endpoints. */
  webhook_url?: string | null;
  return_url?: string | null;
  cancel_url?: string | null;
  /** Whom it is for. An address that is new makes a new customer. */
  customer?: InvoiceCustomer | null;
  /** Your own facts, returned as they are; at most 50 keys and 16 kB. Searched by `search`. */
  metadata?: Record<string, unknown> | null;
}

export interface CreatePaymentLink {
  title: string;
  /** The end of its address; made up when left out, and then nobody can guess it. */
  slug?: string | null;
  description?: string | null;
  /** ISO 4217 code. */
  currency?: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR" | null;
  /** What is paid, in the currency; without it the payer chooses. */
  amount?: Amount | null;
  /** The least that a payer may choose. */
  min_amount?: Amount | null;
  /** The most that a payer may choose. */
  max_amount?: Amount | null;
  /** As of an invoice. */
  crypto_currency?: string | null;
  /** As of an invoice. */
  network?: string | null;
  return_url?: string | null;
  cancel_url?: string | null;
  /** Whether a payer gives an e-mail address; it makes them your customer. */
  asks_email?: boolean;
  /** How many invoices may be paid, or wait to be, in all. */
  max_payments?: number | null;
  /** From then on nobody can open it. */
  expires_at?: string | Date | null;
  /** Copied into each invoice. */
  metadata?: Record<string, unknown> | null;
}

export interface CreateWebhookEndpoint {
  /** Where events are sent; https for live mode. Redirects are not followed. */
  url: string;
  /** Which events are sent; `*` means all, also those of later versions. */
  events: Array<"invoice.cancelled" | "invoice.confirming" | "invoice.created" | "invoice.expired" | "invoice.option_chosen" | "invoice.overpaid" | "invoice.paid" | "invoice.partially_paid" | "invoice.pending" | "invoice.refunded" | "invoice.reversed" | "payment.confirmed" | "payment.confirming" | "payment.detected" | "payment.failed" | "payment.reversed" | "refund.completed" | "refund.created" | "settlement.created" | "webhook.test" | "*">;
  /** Your own signing secret. Without one a strong one is made, and shown this once. */
  secret?: string | null;
  /** Events are sent only when the host's address is one of these addresses or networks; empty: any. */
  allowed_ips?: Array<string>;
  /** Attempts after the first one. */
  max_retries?: number;
  /** How the pauses between attempts grow: 10 s, 1 min, 5 min, 30 min, 2 h … or 5 minutes each. */
  retry_backoff?: "exponential" | "linear";
  /** Seconds to wait for the whole answer. */
  timeout?: number;
  enabled?: boolean;
  /** In which words and with which signature it is told: `native`, or a wire format this installation speaks. */
  format?: string;
}

export interface Customer {
  /** Public id of the customer. */
  id: string;
  /** In lower case. */
  email: string;
  name: string | null;
  /** Your own facts. */
  metadata: Record<string, unknown>;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC. */
  updated_at: string;
}

export interface CustomerCredit {
  /** ISO 4217 code. */
  currency: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR";
  /** What you owe. */
  amount: string;
}

export interface CustomerInFull {
  /** Public id of the customer. */
  id: string;
  /** In lower case. */
  email: string;
  name: string | null;
  /** Your own facts. */
  metadata: Record<string, unknown>;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC. */
  updated_at: string;
  /** From overpaid invoices, by currency. */
  credits: Array<CustomerCredit>;
}

export interface DeletedWebhookEndpoint {
  id: string;
  deleted: boolean;
}

export interface Deposit {
  /** Public id of the payment. */
  id: string;
  /** In the asset. */
  amount: string;
  /** The asset. */
  crypto_currency: string;
  /** The transaction's hash. */
  tx_hash: string;
  /** Where the payment stands. */
  status: "detected" | "confirming" | "confirmed" | "orphaned" | "failed";
  /** Blocks on top of the payment's. */
  confirmations: number;
  required_confirmations: number;
  /** Null while it is in no block. */
  block_number: number | null;
  /** The sender. */
  from_address: string | null;
  /** RFC 3339, UTC. */
  detected_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  confirmed_at: string | null;
  /** In the network's own coin; null when unknown. */
  network_fee: string | null;
  /** Whether it counts towards the invoice. */
  counts: boolean;
  /** Whether it was sent after the deadline. */
  late: boolean;
  /** Whether somebody has to decide what the money is for. */
  review: "none" | "open" | "accepted" | "refunded" | "ignored";
  /** Its invoice; null for a deposit that matched none. */
  invoice_id: string | null;
  /** The network. */
  network: string;
  /** Where it arrived. */
  address: string;
  /** Destination tag or reference, where the network has them. */
  tag: string | null;
  /** What it counts for, in the invoice's currency. */
  value: string | null;
  /** The invoice's currency. */
  currency: string | null;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** `unknown`, `wrong_asset`, `late`, `closed`, `short`, `implausible`; or `dust`, which waits for nobody. */
  review_reason: string | null;
  /** RFC 3339, UTC; null when it has not happened. */
  resolved_at: string | null;
}

export interface ErasedCustomer {
  /** Public id of the customer. */
  id: string;
  erased: boolean;
  /** Invoices of theirs, which stay without their data. */
  invoices: number;
}

export interface Event {
  id: string;
  event: "invoice.cancelled" | "invoice.confirming" | "invoice.created" | "invoice.expired" | "invoice.option_chosen" | "invoice.overpaid" | "invoice.paid" | "invoice.partially_paid" | "invoice.pending" | "invoice.refunded" | "invoice.reversed" | "payment.confirmed" | "payment.confirming" | "payment.detected" | "payment.failed" | "payment.reversed" | "refund.completed" | "refund.created" | "settlement.created" | "webhook.test";
  api_version: string;
  /** RFC 3339, UTC. */
  created_at: string;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** The same as a webhook's `data`. */
  data: Record<string, unknown>;
  /** Its place in the log; the streams' `id`. */
  position: number;
}

export interface ExchangeRate {
  /** Price of one unit of the asset in the invoice's currency. */
  rate: string;
  /** Who gave the price. */
  source: string;
  /** RFC 3339, UTC. */
  locked_at: string;
  /** RFC 3339, UTC. */
  expires_at: string;
}

export interface Invoice {
  /** Public id of the invoice. */
  id: string;
  /** Title. */
  title: string;
  /** Description. */
  description: string;
  items: Array<InvoiceLine>;
  /** Sum of the items. */
  subtotal: string;
  /** Tax. */
  tax: string;
  /** What is owed. */
  total: string;
  /** ISO 4217 code. */
  currency: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR";
  /** Whether `crypto_amount` is the price, and `total` only what that was worth. */
  priced_in_asset: boolean;
  /** The asset to pay with. */
  crypto_currency: string;
  /** The network to pay on. */
  network: string;
  /** All that has to be sent, in the asset. */
  crypto_amount: string;
  /** The same; present when the asset is USDT. */
  usdt_amount?: string;
  /** Where to pay; used for this invoice only, unless `matching` says otherwise. */
  address: string;
  /** What has to be sent with the payment at an address that invoices share. */
  tag: string | null;
  /** The tag; present on the XRP Ledger. */
  destination_tag?: number;
  /** The tag; present on Solana. */
  reference?: string;
  /** What tells its payments from others; with `amount` it has to be sent exactly. */
  matching: "address" | "tag" | "amount";
  /** What a wallet opens. */
  payment_uri: string;
  /** What the customer may choose between; may be empty. */
  payment_options: Array<PaymentOption>;
  /** Where the invoice stands. */
  status: "created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded";
  /** What is unusual about the money; read it together with the status. */
  exception: "none" | "underpaid" | "overpaid" | "late";
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  expires_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  paid_at: string | null;
  payment_progress: PaymentProgress;
  return_url: string | null;
  cancel_url: string | null;
  /** The payment URI as a QR code. */
  qr_code_url: string;
  /** The hosted pay page. */
  customer_url: string;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  cancelled_at: string | null;
  cancel_reason: string | null;
  /** Received so far, in the invoice's currency. */
  amount_received: string;
  exchange_rate: ExchangeRate;
  /** What the rate rests on. */
  rate_evidence: Array<RateSource>;
  payment_tolerance: AgreedTolerance;
  webhook_url: string | null;
  /** Whom it is for. */
  customer_id: string | null;
  /** The link it was made from. */
  payment_link_id: string | null;
  /** Your own facts. */
  metadata: Record<string, unknown>;
}

export interface InvoiceCustomer {
  email: string;
  name?: string | null;
}

export interface InvoiceDelivery {
  /** Id of the delivery. */
  id: string;
  /** The event it tells of. */
  event: string;
  /** The receiver. */
  url: string;
  /** `pending`, `delivered` or `failed`. */
  status: string;
  attempts: number;
  response_code: number | null;
  /** RFC 3339, UTC; null when it has not happened. */
  delivered_at: string | null;
}

export interface InvoiceDestination {
  /** The network. */
  network: string;
  /** The address. */
  address: string;
  /** The tag. */
  tag: string | null;
}

export interface InvoiceInFull {
  /** Public id of the invoice. */
  id: string;
  /** Title. */
  title: string;
  /** Description. */
  description: string;
  items: Array<InvoiceLine>;
  /** Sum of the items. */
  subtotal: string;
  /** Tax. */
  tax: string;
  /** What is owed. */
  total: string;
  /** ISO 4217 code. */
  currency: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR";
  /** Whether `crypto_amount` is the price, and `total` only what that was worth. */
  priced_in_asset: boolean;
  /** The asset to pay with. */
  crypto_currency: string;
  /** The network to pay on. */
  network: string;
  /** All that has to be sent, in the asset. */
  crypto_amount: string;
  /** The same; present when the asset is USDT. */
  usdt_amount?: string;
  /** Where to pay; used for this invoice only, unless `matching` says otherwise. */
  address: string;
  /** What has to be sent with the payment at an address that invoices share. */
  tag: string | null;
  /** The tag; present on the XRP Ledger. */
  destination_tag?: number;
  /** The tag; present on Solana. */
  reference?: string;
  /** What tells its payments from others; with `amount` it has to be sent exactly. */
  matching: "address" | "tag" | "amount";
  /** What a wallet opens. */
  payment_uri: string;
  /** What the customer may choose between; may be empty. */
  payment_options: Array<PaymentOption>;
  /** Where the invoice stands. */
  status: "created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded";
  /** What is unusual about the money; read it together with the status. */
  exception: "none" | "underpaid" | "overpaid" | "late";
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  expires_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  paid_at: string | null;
  payment_progress: PaymentProgress;
  return_url: string | null;
  cancel_url: string | null;
  /** The payment URI as a QR code. */
  qr_code_url: string;
  /** The hosted pay page. */
  customer_url: string;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  cancelled_at: string | null;
  cancel_reason: string | null;
  /** Received so far, in the invoice's currency. */
  amount_received: string;
  exchange_rate: ExchangeRate;
  /** What the rate rests on. */
  rate_evidence: Array<RateSource>;
  payment_tolerance: AgreedTolerance;
  webhook_url: string | null;
  /** Whom it is for. */
  customer_id: string | null;
  /** The link it was made from. */
  payment_link_id: string | null;
  /** Your own facts. */
  metadata: Record<string, unknown>;
  payments: Array<InvoicePayment>;
  refunds: Array<Refund>;
  /** Where it is, or was, to be paid, when the customer chose; all stay watched. */
  destinations: Array<InvoiceDestination>;
  audit_log: Array<AuditEntry>;
  webhook_deliveries: Array<InvoiceDelivery>;
}

export interface InvoiceItem {
  name: string;
  description?: string | null;
  quantity: Amount;
  /** In the invoice's currency. */
  unit_price: Amount;
}

export interface InvoiceLine {
  /** What is sold. */
  name: string;
  description?: string;
  /** How many. */
  quantity: string;
  /** In the invoice's currency. */
  unit_price: string;
}

export interface InvoicePayment {
  /** Public id of the payment. */
  id: string;
  /** In the asset. */
  amount: string;
  /** The asset. */
  crypto_currency: string;
  /** The transaction's hash. */
  tx_hash: string;
  /** Where the payment stands. */
  status: "detected" | "confirming" | "confirmed" | "orphaned" | "failed";
  /** Blocks on top of the payment's. */
  confirmations: number;
  required_confirmations: number;
  /** Null while it is in no block. */
  block_number: number | null;
  /** The sender. */
  from_address: string | null;
  /** RFC 3339, UTC. */
  detected_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  confirmed_at: string | null;
  /** In the network's own coin; null when unknown. */
  network_fee: string | null;
  /** Whether it counts towards the invoice. */
  counts: boolean;
  /** Whether it was sent after the deadline. */
  late: boolean;
  /** Whether somebody has to decide what the money is for. */
  review: "none" | "open" | "accepted" | "refunded" | "ignored";
}

export interface Merchant {
  id: string;
  business_name: string;
  contact_email: string;
  status: "active" | "suspended";
  plan_type: string;
  settings: MerchantSettings;
  created_at: string;
  updated_at: string;
  plan_limits: PlanLimits;
  usage: PlanUsage;
}

export interface MerchantSettings {
  default_currency: string;
  default_crypto_currency: string;
  /** What customers may choose between when an invoice names no crypto currency or network; or none. */
  payment_options: Array<MerchantSettingsPaymentOption>;
  invoice_expiry_minutes: number;
  payment_tolerance: MerchantSettingsTolerance;
  late_payment: MerchantSettingsLatePayment;
  /** Blocks to wait for, per network, instead of the network's own number. */
  confirmations: Record<string, number>;
  /** A PNG or JPEG as a `data:` URL, for pay pages, receipts and the middle of QR codes. */
  logo: string;
  branding: MerchantSettingsBranding;
}

export interface MerchantSettingsBranding {
  /** The name on pay pages, instead of `business_name`. */
  display_name: string;
  /** The colour of buttons and links. Made darker or lighter where it could not be read. */
  accent_color: string;
  /** Where customers write to; shown on pay pages. */
  support_email: string;
  /** Sites that may show pay pages within theirs. `http://localhost` only in test mode. */
  allowed_origins: Array<string>;
}

export interface MerchantSettingsChange {
  default_currency?: string | null;
  default_crypto_currency?: string | null;
  /** What customers may choose between when an invoice names no crypto currency or network; or none. */
  payment_options?: Array<MerchantSettingsChangePaymentOption> | null;
  invoice_expiry_minutes?: number | null;
  payment_tolerance?: MerchantSettingsChangeTolerance | null;
  late_payment?: MerchantSettingsChangeLatePayment | null;
  /** Blocks to wait for, per network, instead of the network's own number. */
  confirmations?: Record<string, number | null> | null;
  /** A PNG or JPEG as a `data:` URL, for pay pages, receipts and the middle of QR codes. */
  logo?: string | null;
  branding?: MerchantSettingsChangeBranding | null;
}

export interface MerchantSettingsChangeBranding {
  /** The name on pay pages, instead of `business_name`. */
  display_name?: string | null;
  /** The colour of buttons and links. Made darker or lighter where it could not be read. */
  accent_color?: string | null;
  /** Where customers write to; shown on pay pages. */
  support_email?: string | null;
  /** Sites that may show pay pages within theirs. `http://localhost` only in test mode. */
  allowed_origins?: Array<string> | null;
}

export interface MerchantSettingsChangeLatePayment {
  rule?: "accept" | "review" | null;
  window_hours?: number | null;
}

export interface MerchantSettingsChangePaymentOption {
  crypto_currency: string;
  network: string;
}

export interface MerchantSettingsChangeTolerance {
  underpayment_threshold?: Amount | null;
  overpayment_threshold?: Amount | null;
  overpayment_action?: "credit_account" | "refund" | "keep" | null;
}

export interface MerchantSettingsLatePayment {
  rule: "accept" | "review";
  window_hours: number;
}

export interface MerchantSettingsPaymentOption {
  crypto_currency: string;
  network: string;
}

export interface MerchantSettingsTolerance {
  underpayment_threshold: string;
  overpayment_threshold: string;
  overpayment_action: "credit_account" | "refund" | "keep";
}

export interface NewApiKey {
  id: string;
  name: string;
  /** Whose API the key opens: this one, or another that is spoken here. */
  format: "native" | "cryptic" | "selfhosted";
  key_prefix: string;
  key_type: "live" | "test";
  permissions: Array<"merchants:read" | "merchants:write" | "api_keys:manage" | "invoices:create" | "invoices:read" | "invoices:cancel" | "invoices:refund" | "links:read" | "links:write" | "customers:read" | "customers:write" | "analytics:read" | "webhooks:manage" | "wallets:manage" | "*">;
  status: "active" | "revoked" | "expired";
  expires_at: string | null;
  created_at: string;
  last_used_at: string | null;
  /** The key itself. Shown once. */
  key: string;
  /** After a rotation: the key that this one replaces. */
  replaces?: string;
}

export interface NewMerchant {
  id: string;
  business_name: string;
  contact_email: string;
  status: "active" | "suspended";
  plan_type: string;
  settings: MerchantSettings;
  created_at: string;
  updated_at: string;
  /** For real money. Shown once. */
  api_key: string;
  /** For the sandbox. Shown once. */
  test_api_key: string;
  /** Signs deliveries to the `webhook_url` of live invoices. Shown once. */
  webhook_secret: string;
  /** The same for test invoices. Shown once. */
  test_webhook_secret: string;
}

export interface NewWallet {
  id: string;
  network: string;
  kind: "xpub" | "pool" | "single" | "vault";
  /** The key, or a descriptor of it; null for listed addresses. */
  xpub: string | null;
  /** The child of the key that the next invoice gets. */
  next_index: number | null;
  /** The last child that was paid. */
  last_paid_index: number | null;
  /** How many children since were not; most apps look 20 ahead. */
  gap: number | null;
  /** How many addresses of a pool wait unused. */
  addresses_left: number | null;
  /** What you should do something about. */
  warning: string | null;
  status: "active" | "removed";
  /** The first addresses, to compare with those in your wallet. */
  preview: Array<string>;
  /** Of a vault: where what its invoices bring goes on to. */
  forward_to: string | null;
  /** Of a vault: where to put the network's coin, for its fees. */
  gas_address: string | null;
  created_at: string;
  /** Of a new vault: 24 words that can spend all it holds. Shown once. */
  seed_phrase?: string;
}

export interface OpenCheckoutSession {
  /** A payment link; what is left out here is the link's. */
  payment_link_id?: string | null;
  /** What is paid, unless a payment link says so. */
  amount?: Amount | null;
  /** ISO 4217 code. */
  currency?: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR" | null;
  /** What is paid for; else that of the link, or your business name. */
  title?: string | null;
  description?: string | null;
  /** As of an invoice. */
  crypto_currency?: string | null;
  /** As of an invoice. */
  network?: string | null;
  return_url?: string | null;
  cancel_url?: string | null;
  /** Seconds until it expires. */
  expires_in?: number | null;
  /** Whom it is for. An address that is new makes a new customer. */
  customer?: CheckoutSessionCustomer | null;
  /** Added to that of the link. */
  metadata?: Record<string, unknown> | null;
}

export interface PatchedUpdateApiKey {
  name?: string;
  permissions?: Array<"merchants:read" | "merchants:write" | "api_keys:manage" | "invoices:create" | "invoices:read" | "invoices:cancel" | "invoices:refund" | "links:read" | "links:write" | "customers:read" | "customers:write" | "analytics:read" | "webhooks:manage" | "wallets:manage" | "*">;
}

export interface PatchedUpdateCustomer {
  name?: string | null;
  /** Your own facts, returned as they are. */
  metadata?: Record<string, unknown> | null;
}

export interface PatchedUpdateMerchant {
  business_name?: string;
  contact_email?: string;
  settings?: MerchantSettingsChange;
}

export interface PatchedUpdatePaymentLink {
  title?: string;
  description?: string | null;
  /** ISO 4217 code. */
  currency?: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR" | null;
  /** What is paid, in the currency; without it the payer chooses. */
  amount?: Amount | null;
  /** The least that a payer may choose. */
  min_amount?: Amount | null;
  /** The most that a payer may choose. */
  max_amount?: Amount | null;
  /** As of an invoice. */
  crypto_currency?: string | null;
  /** As of an invoice. */
  network?: string | null;
  return_url?: string | null;
  cancel_url?: string | null;
  /** Whether a payer gives an e-mail address; it makes them your customer. */
  asks_email?: boolean;
  /** How many invoices may be paid, or wait to be, in all. */
  max_payments?: number | null;
  /** From then on nobody can open it. */
  expires_at?: string | Date | null;
  /** Copied into each invoice. */
  metadata?: Record<string, unknown> | null;
  /** Whether it can be opened. */
  is_active?: boolean;
}

export interface PatchedUpdateRefund {
  /** Where the customer wants the money. */
  address: string;
  /** The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already. */
  tag?: string | null;
}

export interface PatchedUpdateWebhookEndpoint {
  /** Where events are sent; https for live mode. Redirects are not followed. */
  url?: string;
  /** Which events are sent; `*` means all, also those of later versions. */
  events?: Array<"invoice.cancelled" | "invoice.confirming" | "invoice.created" | "invoice.expired" | "invoice.option_chosen" | "invoice.overpaid" | "invoice.paid" | "invoice.partially_paid" | "invoice.pending" | "invoice.refunded" | "invoice.reversed" | "payment.confirmed" | "payment.confirming" | "payment.detected" | "payment.failed" | "payment.reversed" | "refund.completed" | "refund.created" | "settlement.created" | "webhook.test" | "*">;
  /** Events are sent only when the host's address is one of these addresses or networks; empty: any. */
  allowed_ips?: Array<string>;
  /** Attempts after the first one. */
  max_retries?: number;
  /** How the pauses between attempts grow: 10 s, 1 min, 5 min, 30 min, 2 h … or 5 minutes each. */
  retry_backoff?: "exponential" | "linear";
  /** Seconds to wait for the whole answer. */
  timeout?: number;
  /** True also starts again what was disabled because it failed. */
  enabled?: boolean;
}

export interface Payment {
  /** Public id of the payment. */
  id: string;
  /** In the asset. */
  amount: string;
  /** The asset. */
  crypto_currency: string;
  /** The transaction's hash. */
  tx_hash: string;
  /** Where the payment stands. */
  status: "detected" | "confirming" | "confirmed" | "orphaned" | "failed";
  /** Blocks on top of the payment's. */
  confirmations: number;
  required_confirmations: number;
  /** Null while it is in no block. */
  block_number: number | null;
  /** The sender. */
  from_address: string | null;
  /** RFC 3339, UTC. */
  detected_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  confirmed_at: string | null;
  /** In the network's own coin; null when unknown. */
  network_fee: string | null;
  /** Whether it counts towards the invoice. */
  counts: boolean;
  /** Whether it was sent after the deadline. */
  late: boolean;
  /** Whether somebody has to decide what the money is for. */
  review: "none" | "open" | "accepted" | "refunded" | "ignored";
  /** Its invoice; null for a deposit that matched none. */
  invoice_id: string | null;
  /** The network. */
  network: string;
  /** Where it arrived. */
  address: string;
  /** Destination tag or reference, where the network has them. */
  tag: string | null;
  /** What it counts for, in the invoice's currency. */
  value: string | null;
  /** The invoice's currency. */
  currency: string | null;
  /** True for real money, false in test mode. */
  livemode: boolean;
}

export interface PaymentLink {
  /** Public id of the link. */
  id: string;
  /** Where payers go. */
  url: string;
  /** The end of its address. */
  slug: string;
  /** What is paid for. */
  title: string;
  description: string | null;
  /** ISO 4217 code. */
  currency: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR";
  /** Null when the payer chooses. */
  amount: string | null;
  min_amount: string | null;
  max_amount: string | null;
  crypto_currency: string | null;
  network: string | null;
  return_url: string | null;
  cancel_url: string | null;
  asks_email: boolean;
  max_payments: number | null;
  /** RFC 3339, UTC; null when it has not happened. */
  expires_at: string | null;
  is_active: boolean;
  /** Your own facts. */
  metadata: Record<string, unknown>;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC. */
  updated_at: string;
}

export interface PaymentOption {
  /** The asset. */
  crypto_currency: string;
  /** Its network. */
  network: string;
  /** Whether it is the one to pay in now. */
  current: boolean;
}

export interface PaymentOptionOrder {
  /** See `GET /assets`. */
  crypto_currency: string;
  /** By default the first of your wallets' networks that has the asset. */
  network?: string | null;
}

export interface PaymentProgress {
  /** Received so far, in the asset. */
  received: string;
  /** All that has to be sent. */
  required: string;
  /** Still to be sent. */
  remaining: string;
  /** Received, in percent; at most 100. */
  percent: string;
}

export interface PaymentTolerance {
  /** So much less is still enough, in the invoice's currency; never more than 5 % of the total. */
  underpayment_threshold?: Amount | null;
  /** So much more is no overpayment yet. */
  overpayment_threshold?: Amount | null;
  /** What happens with a surplus: credited to the customer, refunded, or kept. */
  overpayment_action?: "credit_account" | "refund" | "keep" | null;
}

export interface Payout {
  /** Public id of the payout. */
  id: string;
  /** How far it is. */
  status: "planned" | "approved" | "signed" | "sent" | "quarantined" | "confirmed" | "failed" | "cancelled";
  /**
   * What keeps it from going on: approval by `staff`; money that is not confirmed (`held`); your account
   * (`suspended`); too little at the address (`funds`); `coin` for the fee, which is on its way or wanted from you
   * (`top_up`); a network that is too expensive for anything (`fee_cap`) or for this (`worth`); its `turn` at the
   * address; a `node`; a `problem` for staff.
   */
  waiting_for: "staff" | "held" | "suspended" | "funds" | "coin" | "top_up" | "fee_cap" | "worth" | "turn" | "node" | "problem" | null;
  /** The address of the vault that sends it. */
  from_address: string;
  /** Its transaction, once it is signed. */
  tx_hash: string | null;
}

export interface PlanLimits {
  max_api_keys: number;
  max_webhook_endpoints: number;
  monthly_invoice_limit: number;
}

export interface PlanUsage {
  api_keys_count: number;
  webhook_endpoints_count: number;
  monthly_invoices: number;
}

export interface PublicInvoice {
  /** Public id of the invoice. */
  id: string;
  /** Title. */
  title: string;
  /** Description. */
  description: string;
  items: Array<InvoiceLine>;
  /** Sum of the items. */
  subtotal: string;
  /** Tax. */
  tax: string;
  /** What is owed. */
  total: string;
  /** ISO 4217 code. */
  currency: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR";
  /** Whether `crypto_amount` is the price, and `total` only what that was worth. */
  priced_in_asset: boolean;
  /** The asset to pay with. */
  crypto_currency: string;
  /** The network to pay on. */
  network: string;
  /** All that has to be sent, in the asset. */
  crypto_amount: string;
  /** The same; present when the asset is USDT. */
  usdt_amount?: string;
  /** Where to pay; used for this invoice only, unless `matching` says otherwise. */
  address: string;
  /** What has to be sent with the payment at an address that invoices share. */
  tag: string | null;
  /** The tag; present on the XRP Ledger. */
  destination_tag?: number;
  /** The tag; present on Solana. */
  reference?: string;
  /** What tells its payments from others; with `amount` it has to be sent exactly. */
  matching: "address" | "tag" | "amount";
  /** What a wallet opens. */
  payment_uri: string;
  /** What the customer may choose between; may be empty. */
  payment_options: Array<PaymentOption>;
  /** Where the invoice stands. */
  status: "created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded";
  /** What is unusual about the money; read it together with the status. */
  exception: "none" | "underpaid" | "overpaid" | "late";
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  expires_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  paid_at: string | null;
  payment_progress: PaymentProgress;
  return_url: string | null;
  cancel_url: string | null;
  payments: Array<PublicPayment>;
  /** Seconds left to pay. */
  time_remaining: number;
}

export interface PublicPayment {
  /** In the asset. */
  amount: string;
  /** Where the payment stands. */
  status: "detected" | "confirming" | "confirmed" | "orphaned" | "failed";
  confirmations?: number;
  required_confirmations?: number;
  /** RFC 3339, UTC. */
  confirmed_at?: string;
  /** Present when it is not the invoice's asset. */
  crypto_currency?: string;
  /** Present when it is not the invoice's network. */
  network?: string;
  /** Present and true while the merchant has to decide about it. */
  in_review?: boolean;
}

export interface Rate {
  /** The asset. */
  crypto_currency: string;
  /** Who gave the prices. */
  source: string;
  /** RFC 3339, UTC. */
  observed_at: string;
  /** What one unit is worth in each currency. */
  prices: Record<string, string>;
}

export interface RateSource {
  /** Who gave the price. */
  source: string;
  /** Price of one unit of the asset in the invoice's currency. */
  price: string;
  /** RFC 3339, UTC. */
  observed_at: string;
  /** Whether it counted; prices far from the others do not. */
  used: boolean;
  /** The currency the source gave it in, when the European Central Bank's rate carried it over. */
  carried_from: string | null;
}

export interface Rates {
  rates: Array<Rate>;
}

export interface Refund {
  /** Public id of the refund. */
  id: string;
  /** Null for an unknown deposit. */
  invoice_id: string | null;
  /** The payment it returns, when it is a single one. */
  payment_id: string | null;
  /** In the asset. */
  amount: string;
  /** The asset. */
  crypto_currency: string;
  /** The network. */
  network: string;
  /** Where it goes; null until known. */
  address: string | null;
  /** The destination tag that goes with it, where the network has them. */
  tag: string | null;
  /** Where the refund stands. */
  status: "requested" | "sent" | "completed" | "cancelled";
  /** Why it was opened. A `part` goes back before its invoice is paid and counts towards it no longer. */
  kind: "requested" | "part" | "cancellation" | "surplus" | "deposit";
  /** In your own words. */
  reason: string | null;
  /** The transaction it was sent in. */
  tx_hash: string | null;
  /** What you named, where the chain shows `tx_hash` instead: mistyped, or it was sent twice. Have a look. */
  named_tx_hash: string | null;
  /** Do not send it: the money it returns is not confirmed, or a reorg took it back. */
  held: boolean;
  /** How far a vault is with sending it; null unless one was asked to. */
  payout: Payout | null;
  /** What to open in your wallet to send it; null unless it is to be sent. */
  payment_uri: string | null;
  /** Where the customer says the address; null once it is known. */
  claim_url: string | null;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  completed_at: string | null;
}

export interface RefundInvoice {
  /** In the invoice's asset; by default all of it. */
  amount?: Amount | null;
  /** Instead of `amount`: in the invoice's currency. */
  fiat_amount?: Amount | null;
  /** For `fiat_amount`: the rate of the payment, or that of today. */
  rate?: "payment" | "today";
  /** Where the customer wants the money; without it, the answer's `claim_url` is the page to ask on. */
  address?: string | null;
  /** The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already. */
  tag?: string | null;
  reason?: string | null;
}

export interface ReplayWebhooks {
  /** Events since then. */
  from: string | Date;
  /** Events before then. */
  to: string | Date;
  /** Only these types. */
  events?: Array<"invoice.cancelled" | "invoice.confirming" | "invoice.created" | "invoice.expired" | "invoice.option_chosen" | "invoice.overpaid" | "invoice.paid" | "invoice.partially_paid" | "invoice.pending" | "invoice.refunded" | "invoice.reversed" | "payment.confirmed" | "payment.confirming" | "payment.detected" | "payment.failed" | "payment.reversed" | "refund.completed" | "refund.created" | "settlement.created" | "webhook.test" | "*">;
}

export interface ReplayedWebhooks {
  /** How many events are sent again. */
  replayed: number;
  replay: WebhookReplay;
}

export interface ResolveDeposit {
  /** Count it at today's rate, open a refund, or let it be. */
  resolution: "accept" | "refund" | "ignore";
  /** Where to refund to. */
  address?: string | null;
  /** The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already. */
  tag?: string | null;
  /** The invoice to count an unknown deposit for: yours, of the same mode. */
  invoice_id?: string | null;
}

export interface RevokedApiKey {
  id: string;
  status: "revoked";
  revoked_at: string;
}

export interface RotateApiKey {
  /** How long the old key works on; 0 ends it at once. */
  overlap_seconds?: number;
}

export interface RotateWebhookSecret {
  /** Your own signing secret. Without one a strong one is made, and shown this once. */
  secret?: string | null;
  /** How long the old secret signs as well. */
  overlap_seconds?: number;
}

export interface RotatedWebhookEndpoint {
  id: string;
  url: string;
  events: Array<string>;
  /** Masked; in full only when it was made just now. */
  secret: string;
  /** Whether events are sent. */
  status: "active" | "disabled";
  allowed_ips: Array<string>;
  max_retries: number;
  retry_backoff: "exponential" | "linear";
  /** Seconds. */
  timeout: number;
  enabled: boolean;
  /** `gone`: it answered 410. `failing`: for five days. */
  disabled_reason: "by_merchant" | "gone" | "failing" | null;
  /** In which words and with which signature it is told; chosen when it was made. */
  format: string;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  last_delivery_at: string | null;
  /** Percent of the last 30 days' deliveries that arrived. */
  success_rate: string | null;
  /** RFC 3339, UTC; null when it has not happened. */
  previous_secret_expires_at: string | null;
}

export interface SandboxBlock {
  /** Height of the newest block. */
  height: number;
  /** Its hash. */
  hash: string;
  /** The hash of the block before. */
  parent_hash: string;
  /** RFC 3339, UTC. */
  timestamp: string;
}

export interface SandboxBlockOrder {
  count?: number;
}

export interface SandboxExpirationOrder {
  /** One of your test invoices. */
  invoice: string;
}

export interface SandboxFailureOrder {
  /** One of your test invoices. */
  invoice: string;
  /** A transfer to it that a reorg has dropped. */
  tx_hash: string;
}

export interface SandboxInvoice {
  /** The invoice. */
  invoice_id: string;
  /** Where the invoice stands. */
  status: "created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded";
}

export interface SandboxReorgOrder {
  /** How many blocks to replace. */
  depth: number;
  /** Transfers to your own invoices that vanish. */
  drop?: Array<string>;
}

export interface SandboxTransfer {
  /** The transaction's hash. */
  tx_hash: string;
  /** Always `sandbox`. */
  network: string;
  /** The recipient. */
  address: string;
  /** The asset. */
  crypto_currency: string;
  /** In the asset. */
  amount: string;
  /** Your invoice at this address, if it is one. */
  invoice_id: string | null;
}

export interface SandboxTransferOrder {
  /** One of your test invoices; or give an address. */
  invoice?: string | null;
  /** A sandbox address; or give an invoice. */
  address?: string | null;
  /** By default the invoice's. */
  asset?: string | null;
  /** In the asset; by default what is due. */
  amount?: Amount | null;
}

export interface Settlement {
  /** Public id of the settlement. */
  id: string;
  /** Its invoice. */
  invoice_id: string;
  /** The network. */
  network: string;
  /** The asset all amounts are in. */
  crypto_currency: string;
  /** Confirmed money, less what of a surplus is the customer's. */
  gross: string;
  /** The platform's share, rounded down. */
  fee: string;
  /** Its percentage of gross. */
  fee_percent: string;
  /** What is yours: gross less fee. */
  net: string;
  /** `reversed` when the money went or changed. */
  status: "settled" | "reversed";
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  reversed_at: string | null;
  /** `reorg`: the payment left the chain; `changed`: another took its place. */
  reversal_reason: string | null;
  /** The reversed settlement it stands for. */
  replaces: string | null;
  /** True for real money, false in test mode. */
  livemode: boolean;
}

export interface SignUp {
  business_name: string;
  contact_email: string;
  plan_type?: string;
  settings?: MerchantSettingsChange;
}

export interface Token {
  access_token: string;
  token_type: "Bearer";
  expires_in: number;
  scope: Array<"merchants:read" | "merchants:write" | "api_keys:manage" | "invoices:create" | "invoices:read" | "invoices:cancel" | "invoices:refund" | "links:read" | "links:write" | "customers:read" | "customers:write" | "analytics:read" | "webhooks:manage" | "wallets:manage">;
}

export interface TokenRequest {
  grant_type: "api_key";
  api_key: string;
  /** A part of the key's permissions; by default all of them. */
  scope?: Array<"merchants:read" | "merchants:write" | "api_keys:manage" | "invoices:create" | "invoices:read" | "invoices:cancel" | "invoices:refund" | "links:read" | "links:write" | "customers:read" | "customers:write" | "analytics:read" | "webhooks:manage" | "wallets:manage">;
  /** Seconds. */
  expires_in?: number;
}

export interface Wallet {
  id: string;
  network: string;
  kind: "xpub" | "pool" | "single" | "vault";
  /** The key, or a descriptor of it; null for listed addresses. */
  xpub: string | null;
  /** The child of the key that the next invoice gets. */
  next_index: number | null;
  /** The last child that was paid. */
  last_paid_index: number | null;
  /** How many children since were not; most apps look 20 ahead. */
  gap: number | null;
  /** How many addresses of a pool wait unused. */
  addresses_left: number | null;
  /** What you should do something about. */
  warning: string | null;
  status: "active" | "removed";
  /** The first addresses, to compare with those in your wallet. */
  preview: Array<string>;
  /** Of a vault: where what its invoices bring goes on to. */
  forward_to: string | null;
  /** Of a vault: where to put the network's coin, for its fees. */
  gas_address: string | null;
  created_at: string;
}

export interface WalletPreview {
  network: string;
  preview: Array<string>;
}

export interface WebhookAttempt {
  number: number;
  /** RFC 3339, UTC. */
  started_at: string;
  /** Milliseconds. */
  elapsed_ms: number;
  response_code: number | null;
  /** The first kilobyte of the answer. */
  response: string;
  /** Why no answer came. */
  error: string | null;
}

export interface WebhookDelivery {
  id: string;
  event_id: string;
  event_type: string;
  invoice_id: string | null;
  url: string;
  status: "pending" | "delivered" | "failed";
  attempts: number;
  /** The latest answer; null when none came. */
  response_code: number | null;
  /** RFC 3339, UTC; null when it has not happened. */
  next_attempt_at: string | null;
  /** RFC 3339, UTC; null when it has not happened. */
  delivered_at: string | null;
  /** Why it has not arrived. */
  failure: string | null;
  /** RFC 3339, UTC. */
  created_at: string;
}

export interface WebhookDeliveryDetail {
  id: string;
  event_id: string;
  event_type: string;
  invoice_id: string | null;
  url: string;
  status: "pending" | "delivered" | "failed";
  attempts: number;
  /** The latest answer; null when none came. */
  response_code: number | null;
  /** RFC 3339, UTC; null when it has not happened. */
  next_attempt_at: string | null;
  /** RFC 3339, UTC; null when it has not happened. */
  delivered_at: string | null;
  /** Why it has not arrived. */
  failure: string | null;
  /** RFC 3339, UTC. */
  created_at: string;
  /** What was sent. */
  payload: Record<string, unknown>;
  history: Array<WebhookAttempt>;
}

export interface WebhookEndpoint {
  id: string;
  url: string;
  events: Array<string>;
  /** Masked; in full only when it was made just now. */
  secret: string;
  /** Whether events are sent. */
  status: "active" | "disabled";
  allowed_ips: Array<string>;
  max_retries: number;
  retry_backoff: "exponential" | "linear";
  /** Seconds. */
  timeout: number;
  enabled: boolean;
  /** `gone`: it answered 410. `failing`: for five days. */
  disabled_reason: "by_merchant" | "gone" | "failing" | null;
  /** In which words and with which signature it is told; chosen when it was made. */
  format: string;
  /** True for real money, false in test mode. */
  livemode: boolean;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC; null when it has not happened. */
  last_delivery_at: string | null;
  /** Percent of the last 30 days' deliveries that arrived. */
  success_rate: string | null;
}

export interface WebhookReplay {
  id: string;
  /** RFC 3339, UTC. */
  period_start: string;
  /** RFC 3339, UTC. */
  period_end: string;
  /** `stopped`: the endpoint was disabled before everything was due. */
  status: "running" | "completed" | "stopped";
  /** Events of the period. */
  total: number;
  /** Arrived so far. */
  delivered: number;
  /** Given up. */
  failed: number;
  /** Not over yet. */
  waiting: number;
  /** The share that is over. */
  percent: number;
  /** RFC 3339, UTC. */
  created_at: string;
}

export interface WebhookSecret {
  /** The new secret. Shown once. */
  webhook_secret: string;
  key_type: "live" | "test";
}

export interface WebhookTest {
  test_id: string;
  status: "delivered" | "failed";
  /** What the receiver answered; null when nothing. */
  response_code: number | null;
  /** Milliseconds. */
  response_time_ms: number;
  /** RFC 3339, UTC; null when it has not happened. */
  delivered_at: string | null;
  /** Why no answer came. */
  error: string | null;
}

/** Figures. */
export interface Analytics {
  /**
   * What became of the invoices created in a period. Every figure is about those invoices: one that was created in
   * January and paid in February counts as paid in January. Amounts are in your default currency, at each
   * invoice's own rate.
   */
  get(query?: { from?: string | Date; group_by?: "hour" | "day" | "week" | "month"; period?: "24h" | "7d" | "30d" | "90d" | "12m"; timezone?: string; to?: string | Date }): Promise<Analytics>;
  /**
   * What became of the invoices created in a period. Every figure is about those invoices: one that was created in
   * January and paid in February counts as paid in January. Amounts are in your default currency, at each
   * invoice's own rate.
   */
  getCsv(query?: { from?: string | Date; group_by?: "hour" | "day" | "week" | "month"; period?: "24h" | "7d" | "30d" | "90d" | "12m"; timezone?: string; to?: string | Date }): Promise<string>;
}

/** Keys and their permissions. */
export interface APIKeys {
  /** List API keys */
  list(query?: { cursor?: string; key_type?: "live" | "test"; limit?: number; status?: "active" | "revoked" | "expired" }): Pages<ApiKey>;
  /** A key never grants what its creator lacks. The key itself is shown this once. */
  create(body: CreateApiKey, options?: RequestOptions): Promise<NewApiKey>;
  /** Get an API key */
  get(keyId: string): Promise<ApiKey>;
  /** Update an API key */
  update(keyId: string, body?: PatchedUpdateApiKey, options?: RequestOptions): Promise<ApiKey>;
  /** Ends the key and every token made from it, at once. */
  delete(keyId: string, options?: RequestOptions): Promise<RevokedApiKey>;
  /** Makes a key with the same name, permissions and end; the old one works on for `overlap_seconds`. */
  rotate(keyId: string, body?: RotateApiKey, options?: RequestOptions): Promise<NewApiKey>;
}

/** What can be paid with, and at what price. */
export interface Assets {
  /** Every asset on every network of this installation, in the mode of your key. */
  list(): Promise<Assets>;
}

/** Access tokens made from a key. */
export interface Auth {
  /** The token ends with its key. `*` is never in a token: it is spelled out. */
  createToken(body: TokenRequest): Promise<Token>;
}

/** What each paid invoice brought: gross, the platform's fee, net. And what your books hold. */
export interface Balances {
  /**
   * What your books hold, per network and asset: the money in your wallets (`chain`) and whom it belongs to.
   * `chain` is always the sum of the others.
   */
  list(): Promise<Balances>;
}

/** Invoices as their customers meet them: opened for one customer, each with a page to pay on. */
export interface CheckoutSessions {
  /** Newest first. Every invoice is one: `cs_…` and `inv_…` of the same letters are the same thing. */
  list(query?: { created_after?: string | Date; created_before?: string | Date; cursor?: string; customer_id?: string; limit?: number; payment_link_id?: string; status?: "created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded" | Array<"created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded"> }): Pages<CheckoutSession>;
  /** For one customer: send them to its `url`. From a payment link, or for an `amount` of its own. */
  create(body?: OpenCheckoutSession, options?: RequestOptions): Promise<CheckoutSession>;
  /** Get a checkout session */
  get(sessionId: string): Promise<CheckoutSession>;
}

/** Who pays, by e-mail address, and the credit they have. */
export interface Customers {
  /** List customers */
  list(query?: { cursor?: string; email?: string; limit?: number; search?: string }): Pages<Customer>;
  /** Not needed for most: an invoice or a payment link that names an address makes its customer. */
  create(body: CreateCustomer, options?: RequestOptions): Promise<Customer>;
  /** With the credit that overpaid invoices left; `GET /invoices?customer_id=` lists theirs. */
  get(customerId: string): Promise<CustomerInFull>;
  /** Update a customer */
  update(customerId: string, body?: PatchedUpdateCustomer, options?: RequestOptions): Promise<Customer>;
  /**
   * For a customer who asks for it: address, name and metadata go, also from their invoices (of whose metadata
   * only `order_id` stays), the audit log and what webhooks sent. Amounts, times and transactions stay, as your
   * books need them. It cannot be undone.
   */
  delete(customerId: string, options?: RequestOptions): Promise<ErasedCustomer>;
}

/** Money that matched no open invoice and waits for a decision. */
export interface Deposits {
  /**
   * Money that matched no open invoice: too late, in another asset, or for an invoice that has ended. With
   * `status=review` only what waits for a decision.
   */
  list(query?: { cursor?: string; limit?: number; status?: "review" | "accepted" | "refunded" | "ignored" }): Pages<Deposit>;
  /** Decide about a deposit */
  resolve(depositId: string, body: ResolveDeposit, options?: RequestOptions): Promise<Deposit>;
}

/** What happened, to be read again or listened to. */
export interface Events {
  /** Oldest first, so that a reader can go on from the last event it has seen, without gaps. */
  list(query?: { after?: string; created_after?: string | Date; limit?: number; type?: "invoice.cancelled" | "invoice.confirming" | "invoice.created" | "invoice.expired" | "invoice.option_chosen" | "invoice.overpaid" | "invoice.paid" | "invoice.partially_paid" | "invoice.pending" | "invoice.refunded" | "invoice.reversed" | "payment.confirmed" | "payment.confirming" | "payment.detected" | "payment.failed" | "payment.reversed" | "refund.completed" | "refund.created" | "settlement.created" | "webhook.test" | Array<"invoice.cancelled" | "invoice.confirming" | "invoice.created" | "invoice.expired" | "invoice.option_chosen" | "invoice.overpaid" | "invoice.paid" | "invoice.partially_paid" | "invoice.pending" | "invoice.refunded" | "invoice.reversed" | "payment.confirmed" | "payment.confirming" | "payment.detected" | "payment.failed" | "payment.reversed" | "refund.completed" | "refund.created" | "settlement.created" | "webhook.test"> }): Pages<Event>;
  /** Get an event */
  get(eventId: string): Promise<Event>;
}

/** Requests to be paid. */
export interface Invoices {
  /** Newest first, a page at a time. */
  list(query?: { amount_gte?: Amount; amount_lte?: Amount; created_after?: string | Date; created_before?: string | Date; currency?: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR"; cursor?: string; customer_id?: string; limit?: number; payment_link_id?: string; search?: string; status?: "created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded" | Array<"created" | "pending" | "partial" | "confirming" | "paid" | "expired" | "cancelled" | "refunded"> }): Pages<Invoice>;
  /**
   * Prices it, locks the exchange rate and takes an address that serves this invoice only. Totals must lie within
   * your plan's limits, by default 0.50 to 10,000.00 US dollars or the like.
   */
  create(body: CreateInvoice, options?: RequestOptions): Promise<Invoice>;
  /** With its payments and refunds, who did what to it, and which webhooks told of it. */
  get(invoiceId: string): Promise<InvoiceInFull>;
  /** Takes what has arrived for enough: paid at once when it is confirmed, else as soon as it is. */
  accept(invoiceId: string, options?: RequestOptions): Promise<Invoice>;
  /**
   * Possible until enough has been seen on the chain. `refund_partial_payments` opens a refund for each payment
   * already received; you send it from your own wallet.
   */
  cancel(invoiceId: string, body?: CancelInvoice, options?: RequestOptions): Promise<CancelledInvoice>;
  /**
   * Opens a refund of confirmed money: of `amount` in the asset, of `fiat_amount` at a rate, or of all that is
   * left. Send the money from your own wallet, as `payment_uri` says: it is recognised on the chain. Without an
   * address, give the customer the `claim_url`.
   */
  refund(invoiceId: string, body?: RefundInvoice, options?: RequestOptions): Promise<Refund>;
}

/** The account, its settings and its plan. */
export interface Merchants {
  /** Open to anybody unless the operator has closed it. Keys and secrets are shown this once. */
  signUp(body: SignUp): Promise<NewMerchant>;
  /** Get merchant details */
  me(): Promise<Merchant>;
  /** Settings are merged deeply: what is not named stays, null takes one back to its default. */
  updateMe(body?: PatchedUpdateMerchant, options?: RequestOptions): Promise<Merchant>;
  /** Replaces, at once, the secret that signs deliveries to the `webhook_url` of single invoices. */
  rotateWebhookSecret(options?: RequestOptions): Promise<WebhookSecret>;
}

/** Offers that anybody can open and pay, again and again. */
export interface PaymentLinks {
  /** List payment links */
  list(query?: { cursor?: string; is_active?: boolean; limit?: number }): Pages<PaymentLink>;
  /** Anybody who opens its `url` and goes on gets an invoice of their own. */
  create(body: CreatePaymentLink, options?: RequestOptions): Promise<PaymentLink>;
  /** Get a payment link */
  get(linkId: string): Promise<PaymentLink>;
  /** Invoices that were made from it stay as they are. */
  update(linkId: string, body?: PatchedUpdatePaymentLink, options?: RequestOptions): Promise<PaymentLink>;
  /** It stays in lists, and `is_active` switches it on again. */
  deactivate(linkId: string, options?: RequestOptions): Promise<PaymentLink>;
}

/** What arrived for them. */
export interface Payments {
  /** List payments */
  list(query?: { cursor?: string; invoice_id?: string; limit?: number; status?: "detected" | "confirming" | "confirmed" | "orphaned" | "failed" | Array<"detected" | "confirming" | "confirmed" | "orphaned" | "failed"> }): Pages<Payment>;
  /** Get a payment */
  get(paymentId: string): Promise<Payment>;
}

/** What a customer sees; without credentials, from any web page. */
export interface Public {
  /** The first view moves the invoice from `created` to `pending`. */
  getInvoice(invoiceId: string): Promise<PublicInvoice>;
  /**
   * One of its `payment_options`, while it waits and nothing has arrived. It is priced anew. Where it was to be
   * paid before stays watched: money that arrives there first makes that option the current one again.
   */
  chooseOption(invoiceId: string, body: ChoosePaymentOption): Promise<PublicInvoice>;
  /** Get an invoice's QR code */
  invoiceQr(invoiceId: string, query?: { content?: "uri" | "address"; format?: "png" | "svg" | "pdf"; logo?: boolean; mark?: boolean; size?: "128" | "256" | "512" | "1024"; style?: "classic" | "modern" | "rounded"; v?: string }): Promise<Uint8Array>;
}

/** What can be paid with, and at what price. */
export interface Rates {
  /** What one unit of each asset is worth now. Assets without a fresh price are left out. */
  list(query?: { crypto_currency?: string; currency?: "AED" | "AMD" | "ARS" | "AUD" | "AZN" | "BDT" | "BGN" | "BHD" | "BRL" | "CAD" | "CHF" | "CLP" | "CNY" | "COP" | "CZK" | "DKK" | "EGP" | "EUR" | "GBP" | "GEL" | "GHS" | "HKD" | "HUF" | "IDR" | "ILS" | "INR" | "ISK" | "JOD" | "JPY" | "KES" | "KRW" | "KWD" | "KZT" | "LKR" | "MAD" | "MXN" | "MYR" | "NGN" | "NOK" | "NZD" | "OMR" | "PEN" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RUB" | "SAR" | "SEK" | "SGD" | "THB" | "TND" | "TRY" | "TWD" | "UAH" | "USD" | "UYU" | "UZS" | "VND" | "XAF" | "XOF" | "ZAR" }): Promise<Rates>;
}

/** What goes back. You send it from your own wallet. */
export interface Refunds {
  /** List refunds */
  list(query?: { cursor?: string; invoice_id?: string; limit?: number; status?: "requested" | "sent" | "completed" | "cancelled" | Array<"requested" | "sent" | "completed" | "cancelled"> }): Pages<Refund>;
  /** Get a refund */
  get(refundId: string): Promise<Refund>;
  /** Possible until it is sent. */
  update(refundId: string, body: PatchedUpdateRefund, options?: RequestOptions): Promise<Refund>;
  /** Withdraws one that was not sent. */
  cancel(refundId: string, options?: RequestOptions): Promise<Refund>;
  /** Notes the transaction you sent it in. A paid invoice whose whole amount went back is refunded. */
  complete(refundId: string, body: CompleteRefund, options?: RequestOptions): Promise<Refund>;
  /** For your own wallet: the address and the amount to send. */
  qr(refundId: string, query?: { format?: "png" | "svg" | "pdf"; size?: "128" | "256" | "512" | "1024" }): Promise<Uint8Array>;
  /**
   * For an invoice that was paid to a vault: the gateway sends the money itself, once. `payout` says how far that
   * is and what it waits for, such as coin for the fee or the approval of staff. From the moment its transaction
   * is signed the refund cannot be changed any more.
   */
  send(refundId: string, options?: RequestOptions): Promise<Refund>;
}

/** Paying in test mode. */
export interface Sandbox {
  /** The first takes everything that waits in the mempool. */
  mine(body?: SandboxBlockOrder, options?: RequestOptions): Promise<SandboxBlock>;
  /** As if its deadline had passed. What has ended or was paid in part stays as it is. */
  endTime(body: SandboxExpirationOrder, options?: RequestOptions): Promise<SandboxInvoice>;
  /** As if a day had passed since a reorg dropped it: its payment has failed. */
  giveUp(body: SandboxFailureOrder, options?: RequestOptions): Promise<SandboxInvoice>;
  /**
   * Replaces the last blocks by a branch that is one block longer. Transfers move to it, except those named in
   * `drop`, which vanish as a double-spent transaction does; only your own can be named.
   */
  reorganise(body: SandboxReorgOrder, options?: RequestOptions): Promise<SandboxBlock>;
  /** Puts a transfer into the mempool: to one of your test invoices, or to any sandbox address. */
  transfer(body?: SandboxTransferOrder, options?: RequestOptions): Promise<SandboxTransfer>;
}

/** What each paid invoice brought: gross, the platform's fee, net. And what your books hold. */
export interface Settlements {
  /** What each paid invoice brought, newest first; reversed ones too. With `format=csv` all that match as one file. */
  list(query?: { created_after?: string | Date; created_before?: string | Date; crypto_currency?: string; cursor?: string; invoice_id?: string; limit?: number; network?: string; status?: "settled" | "reversed" | Array<"settled" | "reversed"> }): Pages<Settlement>;
  /** What each paid invoice brought, newest first; reversed ones too. With `format=csv` all that match as one file. */
  listCsv(query?: { created_after?: string | Date; created_before?: string | Date; crypto_currency?: string; invoice_id?: string; network?: string; status?: "settled" | "reversed" | Array<"settled" | "reversed"> }): Promise<string>;
  /** Get a settlement */
  get(settlementId: string): Promise<Settlement>;
}

/** Where the money goes: extended public keys, one per network. No private key is ever needed. */
export interface Wallets {
  /** List wallets */
  list(query?: { cursor?: string; limit?: number }): Pages<Wallet>;
  /**
   * Invoices on the network are paid to children of this extended public key (`xpub`), to the addresses you list,
   * one each (`pool`), or all to one address (`single`): there a destination tag or reference tells them apart or,
   * on networks without one, the exact amount, whose last digits are raised by up to 1 % where they would meet.
   * Compare `preview` with the first addresses that your wallet shows. Never send a private key or a seed phrase:
   * it is refused, and its funds have to be moved. Where the installation keeps keys, a `vault` makes its own:
   * `seed_phrase` is shown this once, for your backup; `forward_to` is where what its invoices bring goes on to,
   * and can never be changed; `gas_address` is where you put the coin for fees.
   */
  create(body: AddWallet, options?: RequestOptions): Promise<NewWallet>;
  /** Shows the first addresses that a wallet would give, and stores nothing. */
  preview(body: AddWallet, options?: RequestOptions): Promise<WalletPreview>;
  /** Get a wallet */
  get(walletId: string): Promise<Wallet>;
  /** No invoice gets an address of it any more. Those that were given out stay watched. */
  delete(walletId: string, options?: RequestOptions): Promise<Wallet>;
  /** They are handed out after those that are on the list, once each. */
  addAddresses(walletId: string, body: AddAddresses, options?: RequestOptions): Promise<Wallet>;
}

/** Being told of what happens. */
export interface WebhookDeliveries {
  /**
   * To endpoints, also deleted ones, and to the `webhook_url` of single invoices. `status=failed` are those that
   * were given up.
   */
  list(query?: { cursor?: string; event_type?: "invoice.cancelled" | "invoice.confirming" | "invoice.created" | "invoice.expired" | "invoice.option_chosen" | "invoice.overpaid" | "invoice.paid" | "invoice.partially_paid" | "invoice.pending" | "invoice.refunded" | "invoice.reversed" | "payment.confirmed" | "payment.confirming" | "payment.detected" | "payment.failed" | "payment.reversed" | "refund.completed" | "refund.created" | "settlement.created" | "webhook.test"; limit?: number; status?: "pending" | "delivered" | "failed" }): Pages<WebhookDelivery>;
  /** With the same id and the same body, and with all its retries. */
  redeliver(deliveryId: string, options?: RequestOptions): Promise<WebhookDelivery>;
}

/** Being told of what happens. */
export interface WebhookEndpoints {
  /** List webhook endpoints */
  list(query?: { cursor?: string; limit?: number; status?: "active" | "disabled" }): Pages<WebhookEndpoint>;
  /** Create a webhook endpoint */
  create(body: CreateWebhookEndpoint, options?: RequestOptions): Promise<WebhookEndpoint>;
  /** Get a webhook endpoint */
  get(endpointId: string): Promise<WebhookEndpoint>;
  /** Update a webhook endpoint */
  update(endpointId: string, body?: PatchedUpdateWebhookEndpoint, options?: RequestOptions): Promise<WebhookEndpoint>;
  /** Delete a webhook endpoint */
  delete(endpointId: string, options?: RequestOptions): Promise<DeletedWebhookEndpoint>;
  /** List webhook deliveries */
  listDeliveries(endpointId: string, query?: { cursor?: string; event_type?: "invoice.cancelled" | "invoice.confirming" | "invoice.created" | "invoice.expired" | "invoice.option_chosen" | "invoice.overpaid" | "invoice.paid" | "invoice.partially_paid" | "invoice.pending" | "invoice.refunded" | "invoice.reversed" | "payment.confirmed" | "payment.confirming" | "payment.detected" | "payment.failed" | "payment.reversed" | "refund.completed" | "refund.created" | "settlement.created" | "webhook.test"; limit?: number; status?: "pending" | "delivered" | "failed" }): Pages<WebhookDelivery>;
  /** Get a webhook delivery with its attempts */
  getDelivery(deliveryId: string, endpointId: string): Promise<WebhookDeliveryDetail>;
  /** With the same id and the same body, and with all its retries. */
  redeliver(deliveryId: string, endpointId: string, options?: RequestOptions): Promise<WebhookDelivery>;
  /**
   * Also those that the endpoint was not there for. What is still under way goes on as it is. Up to 100,000
   * events, a thousand at a time; `replay.id` leads to how far it is.
   */
  replay(endpointId: string, body: ReplayWebhooks, options?: RequestOptions): Promise<ReplayedWebhooks>;
  /** List the replays to a webhook endpoint */
  listReplays(endpointId: string, query?: { cursor?: string; limit?: number }): Pages<WebhookReplay>;
  /** Get how far a replay is */
  getReplay(endpointId: string, replayId: string): Promise<WebhookReplay>;
  /** Until the overlap ends, both the old and the new secret sign. */
  rotateSecret(endpointId: string, body?: RotateWebhookSecret, options?: RequestOptions): Promise<RotatedWebhookEndpoint>;
  /** Sends `webhook.test` at once and waits for the receiver's answer. */
  test(endpointId: string, options?: RequestOptions): Promise<WebhookTest>;
}

export interface Resources {
  readonly analytics: Analytics;
  readonly apiKeys: APIKeys;
  readonly assets: Assets;
  readonly auth: Auth;
  readonly balances: Balances;
  readonly checkoutSessions: CheckoutSessions;
  readonly customers: Customers;
  readonly deposits: Deposits;
  readonly events: Events;
  readonly invoices: Invoices;
  readonly merchants: Merchants;
  readonly paymentLinks: PaymentLinks;
  readonly payments: Payments;
  readonly public: Public;
  readonly rates: Rates;
  readonly refunds: Refunds;
  readonly sandbox: Sandbox;
  readonly settlements: Settlements;
  readonly wallets: Wallets;
  readonly webhookDeliveries: WebhookDeliveries;
  readonly webhookEndpoints: WebhookEndpoints;
}
