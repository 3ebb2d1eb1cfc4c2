// What a program in TypeScript may rely on; the compiler reads this, nobody runs it.

import { Checkout, errors, webhooks, type Invoice } from "../src/index.js";

const checkout = new Checkout({ apiKey: "sk_test_1", baseUrl: "https://pay.example.com" });
const order = { title: "A", items: [{ name: "n", quantity: 1, unit_price: "9.99" }] };
const invoice: Invoice = await checkout.invoices.create(order, { idempotencyKey: "1" });
export const total: string = invoice.total;
export const csv: string = await checkout.settlements.listCsv();
for await (const one of checkout.invoices.list({ status: ["paid", "expired"] })) {
  if (one.status === "paid") console.log(one.paid_at);
}
for await (const event of checkout.follow()) console.log(event.id, webhooks.verify("", {}, "secret").event);
try {
  await checkout.webhookEndpoints.get("whe_1");
} catch (failure) {
  if (failure instanceof errors.NotFound) console.log(failure.requestId);
}
// @ts-expect-error an amount is text
export const sum: number = invoice.total;
// @ts-expect-error there is no such status
checkout.invoices.list({ status: "piad" });
// @ts-expect-error a title is needed
checkout.invoices.create({ items: [] });
