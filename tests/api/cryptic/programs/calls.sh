# The calls of a shop in shell: every answer on a line of its own.
set -eu
curl -sS --fail-with-body -X POST "$BASE_URL/invoices" \
  -H "Authorization: Bearer $API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "amount": "125.00",
    "currency": "USDT",
    "network": "tron",
    "description": "Order #5012",
    "orderId": "5012",
    "metadata": {"customerEmail": "alice@example.com"},
    "notifyUrl": "https://merchant.example.com/webhooks/cryptic",
    "redirectUrl": "https://merchant.example.com/success",
    "returnUrl": "https://merchant.example.com/return",
    "expiresIn": 1800
  }' > "$OUT/create"
INVOICE=$(sed -n 's/.*"id": *"\(inv_[0-9a-z]*\)".*/\1/p' "$OUT/create")
curl -sS --fail-with-body "$BASE_URL/invoices?page=1&limit=10&status=PENDING" -H "Authorization: Bearer $API_KEY" > "$OUT/list"
curl -sS --fail-with-body "$BASE_URL/invoices/$INVOICE" -H "X-API-Key: $API_KEY" > "$OUT/detail"
curl -sS --fail-with-body "$BASE_URL/invoices/$INVOICE/public" > "$OUT/public"
