import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";

import { Checkout, errors, webhooks } from "../src/index.js";
import { parse } from "../src/json.js";

const BODY = '{"id":"evt_1","event":"invoice.paid","data":{"total_received":16.490000000000000001,"confirmations":3}}';
const BLOCK = { height: 1, hash: "h" };
let answers = [];
let asked = [];
let server;
let checkout;

// A gateway that says what it is told to.
before(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    asked.push({ method: request.method, url: request.url, headers: request.headers, body });
    const [status, answer, headers = {}] = answers.shift();
    if (answer === null) return request.socket.destroy();
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    return response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  checkout = new Checkout({ apiKey: "sk_test_1", baseUrl: `http://127.0.0.1:${server.address().port}/` });
});
after(() => server.close());
beforeEach(() => {
  answers = [];
  asked = [];
});

function failure(code, more = {}) {
  return { error: { type: "t", code, message: "No.", ...more }, request_id: "req_1" };
}

for (const [status, Kind] of [
  [400, errors.InvalidRequest],
  [401, errors.AuthenticationFailed],
  [403, errors.PermissionDenied],
  [404, errors.NotFound],
  [409, errors.Conflict],
  [422, errors.ValidationFailed],
]) {
  test(`status ${status} is a ${Kind.name} that names the request`, async () => {
    answers = [[status, failure("SOME_CODE", { field: "items[0].name" })]];

    await assert.rejects(checkout.invoices.get("inv_1"), (error) => {
      assert.equal(error.constructor, Kind);
      assert.deepEqual([error.code, error.field, error.requestId], ["SOME_CODE", "items[0].name", "req_1"]);
      assert.match(error.message, /req_1/);
      return true;
    });
    assert.equal(asked.length, 1);
  });
}

test("what changes something is sent again with the same key, and each call has its own", async () => {
  answers = [[503, failure("X")], [200, null], [201, BLOCK], [201, BLOCK]];

  assert.equal((await checkout.sandbox.mine({ count: 1 })).height, 1);
  await checkout.sandbox.mine();

  const keys = asked.map((one) => one.headers["idempotency-key"]);
  assert.equal(keys.length, 4);
  assert.equal(new Set(keys.slice(0, 3)).size, 1);
  assert.notEqual(keys[3], keys[0]);
});

test("a wait that is too long is the caller's to decide, and a request without a key is sent once", async () => {
  answers = [[429, failure("RATE_LIMITED"), { "Retry-After": "3600" }], [503, "<html>"]];

  await assert.rejects(checkout.balances.list(), (error) => error instanceof errors.RateLimited && error.retryAfter === 3600);
  await assert.rejects(checkout.merchants.signUp({ business_name: "A", contact_email: "a@b.example" }), errors.ServerFailed);
  assert.equal(asked.length, 2);
});

test("amounts go out as they were given, and a fraction as a number is refused before anything is sent", async () => {
  answers = [[201, { id: "plink_1" }]];

  await checkout.paymentLinks.create({ title: "A", amount: "0.00000001", min_amount: 5n, description: undefined });

  assert.deepEqual(JSON.parse(asked[0].body), { title: "A", amount: "0.00000001", min_amount: "5" });
  await assert.rejects(checkout.paymentLinks.create({ title: "A", amount: 9.99 }), /amount is the number 9.99/);
  const order = { title: "A", items: [{ name: "n", quantity: 1, unit_price: 9.99 }] };
  await assert.rejects(checkout.invoices.create(order), /items\[0\]\.unit_price/);
  assert.equal(asked.length, 1);
});

test("amounts come in with every digit, counts as numbers", () => {
  const found = parse('{"total": 16.490000000000000001, "subtotal": 600, "tax": 1E-18, "metadata": {"n": 3}}', "Invoice");

  assert.deepEqual(found, {
    total: "16.490000000000000001",
    subtotal: "600",
    tax: "0.000000000000000001",
    metadata: { n: 3 },
  });
});

test("a list is fetched page by page", async () => {
  const page = (ids, cursor) => ({
    invoices: ids.map((id) => ({ id, total: 1.5 })),
    pagination: { total: 3, limit: 2, has_more: cursor !== null, next_cursor: cursor },
  });
  answers = [[200, page(["a", "b"], "next")], [200, page(["c"], null)]];

  const found = [];
  for await (const one of checkout.invoices.list({ limit: 2, status: ["paid", "expired"] })) found.push([one.id, one.total]);

  assert.deepEqual(found, [["a", "1.5"], ["b", "1.5"], ["c", "1.5"]]);
  assert.equal(asked[1].url, "/api/v1/invoices?limit=2&status=paid%2Cexpired&cursor=next");
});

test("webhooks: either set of headers, either secret, and nothing old, changed or foreign", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const headers = webhooks.sign(BODY, secret, { messageId: "whk_1", event: "invoice.paid", now: 1_800_000_000 });
  const now = 1_800_000_000;
  const only = (prefix) => Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith(prefix)));

  assert.equal(webhooks.verify(BODY, headers, secret, { now }).data.total_received, "16.490000000000000001");
  assert.equal(webhooks.verify(Buffer.from(BODY), new Headers(only("X-")), ["other", secret], { now }).id, "evt_1");
  assert.equal(webhooks.verify(BODY, only("webhook-"), secret, { now }).id, "evt_1");
  for (const [body, key, moment] of [
    [`${BODY} `, secret, now],
    [BODY, "whsec_other", now],
    [BODY, secret, now + 301],
    [BODY, secret, now - 301],
  ]) {
    assert.throws(() => webhooks.verify(body, headers, key, { now: moment }), errors.SignatureInvalid);
  }
  assert.throws(() => webhooks.verify(BODY, {}, secret, { now }), errors.SignatureInvalid);
});
