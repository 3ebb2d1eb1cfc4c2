/** From an order to paid, at a gateway that runs: CHECKOUT_BASE_URL and CHECKOUT_API_KEY (a test key) say where. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Checkout, errors } from "../src/index.js";

const skip = process.env.CHECKOUT_BASE_URL ? false : "CHECKOUT_BASE_URL names no gateway";

test("an invoice is ordered once, paid and told of", { skip }, async () => {
  const checkout = new Checkout();
  const order = { title: "A", items: [{ name: "n", quantity: 3, unit_price: "3.33" }], currency: "USD" };

  const invoice = await checkout.invoices.create(order, { idempotencyKey: "walk-of-javascript" });
  const again = await checkout.invoices.create(order, { idempotencyKey: "walk-of-javascript" });
  await checkout.sandbox.transfer({ invoice: invoice.id });
  await checkout.sandbox.mine({ count: 3 });
  const told = [];
  for await (const event of checkout.follow({ lastEventId: "0" })) {
    if (event.data.invoice_id !== invoice.id) continue;
    told.push(event.event);
    if (event.event === "invoice.paid") break;
  }

  assert.equal(again.id, invoice.id);
  assert.equal(invoice.total, "9.99");
  assert.equal(told[0], "invoice.created");
  assert.ok(told.includes("payment.confirmed"));
  const paid = await checkout.invoices.get(invoice.id);
  assert.deepEqual([paid.status, paid.amount_received, paid.payments.length], ["paid", paid.crypto_amount, 1]);
  const titles = [];
  for await (const one of checkout.invoices.list({ limit: 1, status: "paid" })) titles.push(one.title);
  assert.ok(titles.includes("A"));
  assert.match(await checkout.settlements.listCsv({ invoice_id: invoice.id }), /^id,.*\nset_/s);
  await assert.rejects(checkout.invoices.get("inv_nothing"), errors.NotFound);
});
