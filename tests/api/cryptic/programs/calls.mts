// The calls of a shop in TypeScript.
import { writeFileSync } from "node:fs";

const API_KEY = process.env.API_KEY!;
const BASE_URL = process.env.BASE_URL!;
const bearer = { Authorization: `Bearer ${API_KEY}` };

interface Answer {
  data: { id: string; invoices: unknown[]; transactions: unknown[]; paymentUrl: string };
}

async function keep(name: string, res: Response): Promise<Answer> {
  if (!res.ok) {
    throw new Error(`Request failed: ${res.status} ${await res.text()}`);
  }
  const payload = (await res.json()) as Answer;
  writeFileSync(`${process.env.OUT}/${name}`, JSON.stringify(payload));
  return payload;
}

const created = await keep(
  "create",
  await fetch(`${BASE_URL}/invoices`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...bearer },
    body: JSON.stringify({
      amount: "125.00",
      currency: "USDT",
      network: "tron",
      description: "Order #5012",
      orderId: "5012",
      metadata: { customerEmail: "alice@example.com" },
      notifyUrl: "https://merchant.example.com/webhooks/cryptic",
      redirectUrl: "https://merchant.example.com/success",
      returnUrl: "https://merchant.example.com/return",
      expiresIn: 1800,
    }),
  }),
);
await keep("list", await fetch(`${BASE_URL}/invoices?limit=10`, { headers: bearer }));
await keep("detail", await fetch(`${BASE_URL}/invoices/${created.data.id}`, { headers: { "X-API-Key": API_KEY } }));
await keep("public", await fetch(`${BASE_URL}/invoices/${created.data.id}/public`));
