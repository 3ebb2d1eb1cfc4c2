"""The operations. Generated from the OpenAPI document by `make clients`; changes belong there."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from crypto_checkout import models, params
from crypto_checkout.encoding import NOT_GIVEN, Amount, NotGiven, Time, segment
from crypto_checkout.pages import Pages
from crypto_checkout.transport import Resource, Transport


class Analytics(Resource):
    """Figures."""

    def get(
        self,
        *,
        from_: Time | NotGiven = NOT_GIVEN,
        group_by: models.GroupBy | NotGiven = NOT_GIVEN,
        period: models.AnalyticsPeriodChoice | NotGiven = NOT_GIVEN,
        timezone: str | NotGiven = NOT_GIVEN,
        to: Time | NotGiven = NOT_GIVEN,
    ) -> models.Analytics:
        """
        Get a report.

        What became of the invoices created in a period. Every figure is about those invoices: one that was
        created in January and paid in February counts as paid in January. Amounts are in your default currency,
        at each invoice's own rate.

        from_: A first day, or a first moment; instead of `period`.
        group_by: Weeks begin on Monday. By default hours for 24h, months for 12m, days for all else.
        period: The last so many whole hours, days or months of the time zone, the running one included. 30d
        when neither this nor `from` is given.
        timezone: Whose days and hours are meant: a name of the IANA database.
        to: A last day, which is included, or a moment, which is not. Now when it is left out.
        """
        return self._get(
            models.Analytics,
            "/api/v1/analytics",
            {"from": from_, "group_by": group_by, "period": period, "timezone": timezone, "to": to},
        )

    def get_csv(
        self,
        *,
        from_: Time | NotGiven = NOT_GIVEN,
        group_by: models.GroupBy | NotGiven = NOT_GIVEN,
        period: models.AnalyticsPeriodChoice | NotGiven = NOT_GIVEN,
        timezone: str | NotGiven = NOT_GIVEN,
        to: Time | NotGiven = NOT_GIVEN,
    ) -> str:
        """
        Get a report.

        What became of the invoices created in a period. Every figure is about those invoices: one that was
        created in January and paid in February counts as paid in January. Amounts are in your default currency,
        at each invoice's own rate.

        from_: A first day, or a first moment; instead of `period`.
        group_by: Weeks begin on Monday. By default hours for 24h, months for 12m, days for all else.
        period: The last so many whole hours, days or months of the time zone, the running one included. 30d
        when neither this nor `from` is given.
        timezone: Whose days and hours are meant: a name of the IANA database.
        to: A last day, which is included, or a moment, which is not. Now when it is left out.
        """
        return self._text(
            "/api/v1/analytics",
            {"from": from_, "group_by": group_by, "period": period, "timezone": timezone, "to": to, "format": "csv"},
        )


class APIKeys(Resource):
    """Keys and their permissions."""

    def list(
        self,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        key_type: models.KeyType | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        status: models.ApiKeyStatus | NotGiven = NOT_GIVEN,
    ) -> Pages[models.ApiKey]:
        """
        List API keys.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(
            models.ApiKey,
            "/api/v1/api-keys",
            ("api_keys", "cursor"),
            {"cursor": cursor, "key_type": key_type, "limit": limit, "status": status},
        )

    def create(
        self,
        *,
        name: str,
        permissions: Sequence[models.Permission],
        key_type: models.KeyType | NotGiven = NOT_GIVEN,
        format: models.ApiKeyFormat | NotGiven = NOT_GIVEN,
        expires_at: Time | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.NewApiKey:
        """
        Create an API key.

        A key never grants what its creator lacks. The key itself is shown this once.

        key_type: By default the type of the key that asks.
        format: Whose API it is for: it opens that one only.
        """
        return self._change(
            models.NewApiKey,
            "POST",
            "/api/v1/api-keys",
            {
                "name": name,
                "key_type": key_type,
                "format": format,
                "permissions": permissions,
                "expires_at": expires_at,
            },
            idempotency_key=idempotency_key,
        )

    def get(self, key_id: str) -> models.ApiKey:
        """Get an API key."""
        return self._get(models.ApiKey, f"/api/v1/api-keys/{segment(key_id)}", {})

    def update(
        self,
        key_id: str,
        *,
        name: str | NotGiven = NOT_GIVEN,
        permissions: Sequence[models.Permission] | NotGiven = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.ApiKey:
        """Update an API key."""
        return self._change(
            models.ApiKey,
            "PATCH",
            f"/api/v1/api-keys/{segment(key_id)}",
            {"name": name, "permissions": permissions},
            idempotency_key=idempotency_key,
        )

    def delete(self, key_id: str, *, idempotency_key: str | None = None) -> models.RevokedApiKey:
        """
        Revoke an API key.

        Ends the key and every token made from it, at once.
        """
        return self._change(
            models.RevokedApiKey, "DELETE", f"/api/v1/api-keys/{segment(key_id)}", None, idempotency_key=idempotency_key
        )

    def rotate(
        self, key_id: str, *, overlap_seconds: int | NotGiven = NOT_GIVEN, idempotency_key: str | None = None
    ) -> models.NewApiKey:
        """
        Rotate an API key.

        Makes a key with the same name, permissions and end; the old one works on for `overlap_seconds`.

        overlap_seconds: How long the old key works on; 0 ends it at once.
        """
        return self._change(
            models.NewApiKey,
            "POST",
            f"/api/v1/api-keys/{segment(key_id)}/rotate",
            {"overlap_seconds": overlap_seconds},
            idempotency_key=idempotency_key,
        )


class Assets(Resource):
    """What can be paid with, and at what price."""

    def list(self) -> models.Assets:
        """
        List assets.

        Every asset on every network of this installation, in the mode of your key.
        """
        return self._get(models.Assets, "/api/v1/assets", {})


class Auth(Resource):
    """Access tokens made from a key."""

    def create_token(
        self,
        *,
        grant_type: Literal["api_key"],
        api_key: str,
        scope: Sequence[models.TokenScope] | NotGiven = NOT_GIVEN,
        expires_in: int | NotGiven = NOT_GIVEN,
    ) -> models.Token:
        """
        Get an access token.

        The token ends with its key. `*` is never in a token: it is spelled out.

        scope: A part of the key's permissions; by default all of them.
        expires_in: Seconds.
        """
        return self._post(
            models.Token,
            "/api/v1/auth/token",
            {"grant_type": grant_type, "api_key": api_key, "scope": scope, "expires_in": expires_in},
        )


class Balances(Resource):
    """What each paid invoice brought: gross, the platform's fee, net. And what your books hold."""

    def list(self) -> models.Balances:
        """
        Get balances.

        What your books hold, per network and asset: the money in your wallets (`chain`) and whom it belongs to.
        `chain` is always the sum of the others.
        """
        return self._get(models.Balances, "/api/v1/balances", {})


class CheckoutSessions(Resource):
    """Invoices as their customers meet them: opened for one customer, each with a page to pay on."""

    def list(
        self,
        *,
        created_after: Time | NotGiven = NOT_GIVEN,
        created_before: Time | NotGiven = NOT_GIVEN,
        cursor: str | NotGiven = NOT_GIVEN,
        customer_id: str | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        payment_link_id: str | NotGiven = NOT_GIVEN,
        status: models.InvoiceStatus | Sequence[models.InvoiceStatus] | NotGiven = NOT_GIVEN,
    ) -> Pages[models.CheckoutSession]:
        """
        List checkout sessions.

        Newest first. Every invoice is one: `cs_…` and `inv_…` of the same letters are the same thing.

        created_after: Created at this time or later.
        created_before: Created before this time.
        cursor: `next_cursor` of a page.
        limit: Results per page.
        status: One status, or several with commas.
        """
        return self._pages(
            models.CheckoutSession,
            "/api/v1/checkout-sessions",
            ("checkout_sessions", "cursor"),
            {
                "created_after": created_after,
                "created_before": created_before,
                "cursor": cursor,
                "customer_id": customer_id,
                "limit": limit,
                "payment_link_id": payment_link_id,
                "status": status,
            },
        )

    def create(
        self,
        *,
        payment_link_id: str | NotGiven | None = NOT_GIVEN,
        amount: Amount | NotGiven | None = NOT_GIVEN,
        currency: models.Currency | NotGiven | None = NOT_GIVEN,
        title: str | NotGiven | None = NOT_GIVEN,
        description: str | NotGiven | None = NOT_GIVEN,
        crypto_currency: str | NotGiven | None = NOT_GIVEN,
        network: str | NotGiven | None = NOT_GIVEN,
        return_url: str | NotGiven | None = NOT_GIVEN,
        cancel_url: str | NotGiven | None = NOT_GIVEN,
        expires_in: int | NotGiven | None = NOT_GIVEN,
        customer: params.CheckoutSessionCustomer | NotGiven | None = NOT_GIVEN,
        metadata: Mapping[str, Any] | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.CheckoutSession:
        """
        Open a checkout session.

        For one customer: send them to its `url`. From a payment link, or for an `amount` of its own.

        payment_link_id: A payment link; what is left out here is the link's.
        amount: What is paid, unless a payment link says so.
        currency: ISO 4217 code.
        title: What is paid for; else that of the link, or your business name.
        crypto_currency: As of an invoice.
        network: As of an invoice.
        expires_in: Seconds until it expires.
        customer: Whom it is for. An address that is new makes a new customer.
        metadata: Added to that of the link.
        """
        return self._change(
            models.CheckoutSession,
            "POST",
            "/api/v1/checkout-sessions",
            {
                "payment_link_id": payment_link_id,
                "amount": amount,
                "currency": currency,
                "title": title,
                "description": description,
                "crypto_currency": crypto_currency,
                "network": network,
                "return_url": return_url,
                "cancel_url": cancel_url,
                "expires_in": expires_in,
                "customer": customer,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
        )

    def get(self, session_id: str) -> models.CheckoutSession:
        """Get a checkout session."""
        return self._get(models.CheckoutSession, f"/api/v1/checkout-sessions/{segment(session_id)}", {})


class Customers(Resource):
    """Who pays, by e-mail address, and the credit they have."""

    def list(
        self,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        email: str | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        search: str | NotGiven = NOT_GIVEN,
    ) -> Pages[models.Customer]:
        """
        List customers.

        cursor: `next_cursor` of a page.
        email: Exactly this address, in any case.
        limit: Results per page.
        search: Text in name or address, in any case.
        """
        return self._pages(
            models.Customer,
            "/api/v1/customers",
            ("customers", "cursor"),
            {"cursor": cursor, "email": email, "limit": limit, "search": search},
        )

    def create(
        self,
        *,
        email: str,
        name: str | NotGiven | None = NOT_GIVEN,
        metadata: Mapping[str, Any] | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.Customer:
        """
        Create a customer.

        Not needed for most: an invoice or a payment link that names an address makes its customer.

        email: In any case; it is how the customer is known.
        metadata: Your own facts, returned as they are.
        """
        return self._change(
            models.Customer,
            "POST",
            "/api/v1/customers",
            {"email": email, "name": name, "metadata": metadata},
            idempotency_key=idempotency_key,
        )

    def get(self, customer_id: str) -> models.CustomerInFull:
        """
        Get a customer.

        With the credit that overpaid invoices left; `GET /invoices?customer_id=` lists theirs.
        """
        return self._get(models.CustomerInFull, f"/api/v1/customers/{segment(customer_id)}", {})

    def update(
        self,
        customer_id: str,
        *,
        name: str | NotGiven | None = NOT_GIVEN,
        metadata: Mapping[str, Any] | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.Customer:
        """
        Update a customer.

        metadata: Your own facts, returned as they are.
        """
        return self._change(
            models.Customer,
            "PATCH",
            f"/api/v1/customers/{segment(customer_id)}",
            {"name": name, "metadata": metadata},
            idempotency_key=idempotency_key,
        )

    def delete(self, customer_id: str, *, idempotency_key: str | None = None) -> models.ErasedCustomer:
        """
        Erase a customer's personal data.

        For a customer who asks for it: address, name and metadata go, also from their invoices (of whose
        metadata only `order_id` stays), the audit log and what webhooks sent. Amounts, times and transactions
        stay, as your books need them. It cannot be undone.
        """
        return self._change(
            models.ErasedCustomer,
            "DELETE",
            f"/api/v1/customers/{segment(customer_id)}",
            None,
            idempotency_key=idempotency_key,
        )


class Deposits(Resource):
    """Money that matched no open invoice and waits for a decision."""

    def list(
        self,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        status: models.DepositStatus | NotGiven = NOT_GIVEN,
    ) -> Pages[models.Deposit]:
        """
        List deposits.

        Money that matched no open invoice: too late, in another asset, or for an invoice that has ended. With
        `status=review` only what waits for a decision.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        status: `review` for those that wait for a decision.
        """
        return self._pages(
            models.Deposit,
            "/api/v1/deposits",
            ("deposits", "cursor"),
            {"cursor": cursor, "limit": limit, "status": status},
        )

    def resolve(
        self,
        deposit_id: str,
        *,
        resolution: models.Resolution,
        address: str | NotGiven | None = NOT_GIVEN,
        tag: str | NotGiven | None = NOT_GIVEN,
        invoice_id: str | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.Deposit:
        """
        Decide about a deposit.

        resolution: Count it at today's rate, open a refund, or let it be.
        address: Where to refund to.
        tag: The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already.
        invoice_id: The invoice to count an unknown deposit for: yours, of the same mode.
        """
        return self._change(
            models.Deposit,
            "POST",
            f"/api/v1/deposits/{segment(deposit_id)}/resolve",
            {"resolution": resolution, "address": address, "tag": tag, "invoice_id": invoice_id},
            idempotency_key=idempotency_key,
        )


class Events(Resource):
    """What happened, to be read again or listened to."""

    def list(
        self,
        *,
        after: str | NotGiven = NOT_GIVEN,
        created_after: Time | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        type: models.EventType | Sequence[models.EventType] | NotGiven = NOT_GIVEN,
    ) -> Pages[models.Event]:
        """
        List events.

        Oldest first, so that a reader can go on from the last event it has seen, without gaps.

        after: Only what came behind this event: an event id, a position, or `next_cursor` of the page before.
        created_after: Only what happened at this time or later.
        limit: Results per page.
        type: One type, or several with commas.
        """
        return self._pages(
            models.Event,
            "/api/v1/events",
            ("events", "after"),
            {"after": after, "created_after": created_after, "limit": limit, "type": type},
        )

    def get(self, event_id: str) -> models.Event:
        """Get an event."""
        return self._get(models.Event, f"/api/v1/events/{segment(event_id)}", {})


class Invoices(Resource):
    """Requests to be paid."""

    def list(
        self,
        *,
        amount_gte: Amount | NotGiven = NOT_GIVEN,
        amount_lte: Amount | NotGiven = NOT_GIVEN,
        created_after: Time | NotGiven = NOT_GIVEN,
        created_before: Time | NotGiven = NOT_GIVEN,
        currency: models.Currency | NotGiven = NOT_GIVEN,
        cursor: str | NotGiven = NOT_GIVEN,
        customer_id: str | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        payment_link_id: str | NotGiven = NOT_GIVEN,
        search: str | NotGiven = NOT_GIVEN,
        status: models.InvoiceStatus | Sequence[models.InvoiceStatus] | NotGiven = NOT_GIVEN,
    ) -> Pages[models.Invoice]:
        """
        List invoices.

        Newest first, a page at a time.

        amount_gte: Total of at least this much.
        amount_lte: Total of at most this much.
        created_after: Created at this time or later.
        created_before: Created before this time.
        currency: ISO 4217 code.
        cursor: `next_cursor` of a page.
        limit: Results per page.
        search: Text in title, description or metadata, in any case.
        status: One status, or several with commas.
        """
        return self._pages(
            models.Invoice,
            "/api/v1/invoices",
            ("invoices", "cursor"),
            {
                "amount_gte": amount_gte,
                "amount_lte": amount_lte,
                "created_after": created_after,
                "created_before": created_before,
                "currency": currency,
                "cursor": cursor,
                "customer_id": customer_id,
                "limit": limit,
                "payment_link_id": payment_link_id,
                "search": search,
                "status": status,
            },
        )

    def create(
        self,
        *,
        title: str,
        description: str | NotGiven | None = NOT_GIVEN,
        items: Sequence[params.InvoiceItem] | NotGiven = NOT_GIVEN,
        crypto_amount: Amount | NotGiven | None = NOT_GIVEN,
        tax: Amount | NotGiven | None = NOT_GIVEN,
        currency: models.Currency | NotGiven | None = NOT_GIVEN,
        crypto_currency: str | NotGiven | None = NOT_GIVEN,
        network: str | NotGiven | None = NOT_GIVEN,
        payment_options: Sequence[params.PaymentOptionOrder] | NotGiven | None = NOT_GIVEN,
        price_lock_duration: int | NotGiven | None = NOT_GIVEN,
        expires_in: int | NotGiven | None = NOT_GIVEN,
        payment_tolerance: params.PaymentTolerance | NotGiven | None = NOT_GIVEN,
        webhook_url: str | NotGiven | None = NOT_GIVEN,
        return_url: str | NotGiven | None = NOT_GIVEN,
        cancel_url: str | NotGiven | None = NOT_GIVEN,
        customer: params.InvoiceCustomer | NotGiven | None = NOT_GIVEN,
        metadata: Mapping[str, Any] | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.Invoice:
        """
        Create an invoice.

        Prices it, locks the exchange rate and takes an address that serves this invoice only. Totals must lie
        within your plan's limits, by default 0.50 to 10,000.00 US dollars or the like.

        items: Needed, unless there is a `crypto_amount`.
        crypto_amount: Instead of items: just so much of `crypto_currency`, however rates move. `total` is what
        it is worth when the invoice is made. There is no tax, no choice and no price lock.
        tax: Added to the sum of the items.
        currency: ISO 4217 code.
        crypto_currency: What the customer pays with; see `GET /assets`.
        network: On which network; by default the first of your wallets' networks that has the asset.
        payment_options: What the customer may choose between on the pay page, the first one first;
        `crypto_currency` and `network` come before it when they are given too. Each needs a wallet. By default
        the list in your settings, unless you name a `crypto_currency` or a `network`.
        price_lock_duration: Seconds the exchange rate holds; by default until the invoice expires.
        expires_in: Seconds until the invoice expires.
        payment_tolerance: What is left out is taken from the merchant's settings.
        webhook_url: Told of everything that happens to this invoice, beside your webhook endpoints.
        customer: Whom it is for. An address that is new makes a new customer.
        metadata: Your own facts, returned as they are; at most 50 keys and 16 kB. Searched by `search`.
        """
        return self._change(
            models.Invoice,
            "POST",
            "/api/v1/invoices",
            {
                "title": title,
                "description": description,
                "items": items,
                "crypto_amount": crypto_amount,
                "tax": tax,
                "currency": currency,
                "crypto_currency": crypto_currency,
                "network": network,
                "payment_options": payment_options,
                "price_lock_duration": price_lock_duration,
                "expires_in": expires_in,
                "payment_tolerance": payment_tolerance,
                "webhook_url": webhook_url,
                "return_url": return_url,
                "cancel_url": cancel_url,
                "customer": customer,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
        )

    def get(self, invoice_id: str) -> models.InvoiceInFull:
        """
        Get an invoice.

        With its payments and refunds, who did what to it, and which webhooks told of it.
        """
        return self._get(models.InvoiceInFull, f"/api/v1/invoices/{segment(invoice_id)}", {})

    def accept(self, invoice_id: str, *, idempotency_key: str | None = None) -> models.Invoice:
        """
        Accept an invoice as it is.

        Takes what has arrived for enough: paid at once when it is confirmed, else as soon as it is.
        """
        return self._change(
            models.Invoice,
            "POST",
            f"/api/v1/invoices/{segment(invoice_id)}/accept",
            None,
            idempotency_key=idempotency_key,
        )

    def cancel(
        self,
        invoice_id: str,
        *,
        reason: str | NotGiven | None = NOT_GIVEN,
        refund_partial_payments: bool | NotGiven = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.CancelledInvoice:
        """
        Cancel an invoice.

        Possible until enough has been seen on the chain. `refund_partial_payments` opens a refund for each
        payment already received; you send it from your own wallet.

        refund_partial_payments: Open a refund for each payment already received.
        """
        return self._change(
            models.CancelledInvoice,
            "POST",
            f"/api/v1/invoices/{segment(invoice_id)}/cancel",
            {"reason": reason, "refund_partial_payments": refund_partial_payments},
            idempotency_key=idempotency_key,
        )

    def refund(
        self,
        invoice_id: str,
        *,
        amount: Amount | NotGiven | None = NOT_GIVEN,
        fiat_amount: Amount | NotGiven | None = NOT_GIVEN,
        rate: models.RateChoice | NotGiven = NOT_GIVEN,
        address: str | NotGiven | None = NOT_GIVEN,
        tag: str | NotGiven | None = NOT_GIVEN,
        reason: str | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.Refund:
        """
        Refund an invoice.

        Opens a refund of confirmed money: of `amount` in the asset, of `fiat_amount` at a rate, or of all that
        is left. Send the money from your own wallet, as `payment_uri` says: it is recognised on the chain.
        Without an address, give the customer the `claim_url`.

        amount: In the invoice's asset; by default all of it.
        fiat_amount: Instead of `amount`: in the invoice's currency.
        rate: For `fiat_amount`: the rate of the payment, or that of today.
        address: Where the customer wants the money; without it, the answer's `claim_url` is the page to ask on.
        tag: The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already.
        """
        return self._change(
            models.Refund,
            "POST",
            f"/api/v1/invoices/{segment(invoice_id)}/refund",
            {
                "amount": amount,
                "fiat_amount": fiat_amount,
                "rate": rate,
                "address": address,
                "tag": tag,
                "reason": reason,
            },
            idempotency_key=idempotency_key,
        )


class Merchants(Resource):
    """The account, its settings and its plan."""

    def sign_up(
        self,
        *,
        business_name: str,
        contact_email: str,
        plan_type: str | NotGiven = NOT_GIVEN,
        settings: params.MerchantSettingsChange | NotGiven = NOT_GIVEN,
    ) -> models.NewMerchant:
        """
        Create a merchant account.

        Open to anybody unless the operator has closed it. Keys and secrets are shown this once.
        """
        return self._post(
            models.NewMerchant,
            "/api/v1/merchants",
            {
                "business_name": business_name,
                "contact_email": contact_email,
                "plan_type": plan_type,
                "settings": settings,
            },
        )

    def me(self) -> models.Merchant:
        """Get merchant details."""
        return self._get(models.Merchant, "/api/v1/merchants/me", {})

    def update_me(
        self,
        *,
        business_name: str | NotGiven = NOT_GIVEN,
        contact_email: str | NotGiven = NOT_GIVEN,
        settings: params.MerchantSettingsChange | NotGiven = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.Merchant:
        """
        Update merchant settings.

        Settings are merged deeply: what is not named stays, null takes one back to its default.
        """
        return self._change(
            models.Merchant,
            "PATCH",
            "/api/v1/merchants/me",
            {"business_name": business_name, "contact_email": contact_email, "settings": settings},
            idempotency_key=idempotency_key,
        )

    def rotate_webhook_secret(self, *, idempotency_key: str | None = None) -> models.WebhookSecret:
        """
        Rotate the secret of invoice webhooks.

        Replaces, at once, the secret that signs deliveries to the `webhook_url` of single invoices.
        """
        return self._change(
            models.WebhookSecret,
            "POST",
            "/api/v1/merchants/me/rotate-webhook-secret",
            None,
            idempotency_key=idempotency_key,
        )


class PaymentLinks(Resource):
    """Offers that anybody can open and pay, again and again."""

    def list(
        self,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        is_active: bool | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
    ) -> Pages[models.PaymentLink]:
        """
        List payment links.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(
            models.PaymentLink,
            "/api/v1/payment-links",
            ("payment_links", "cursor"),
            {"cursor": cursor, "is_active": is_active, "limit": limit},
        )

    def create(
        self,
        *,
        title: str,
        slug: str | NotGiven | None = NOT_GIVEN,
        description: str | NotGiven | None = NOT_GIVEN,
        currency: models.Currency | NotGiven | None = NOT_GIVEN,
        amount: Amount | NotGiven | None = NOT_GIVEN,
        min_amount: Amount | NotGiven | None = NOT_GIVEN,
        max_amount: Amount | NotGiven | None = NOT_GIVEN,
        crypto_currency: str | NotGiven | None = NOT_GIVEN,
        network: str | NotGiven | None = NOT_GIVEN,
        return_url: str | NotGiven | None = NOT_GIVEN,
        cancel_url: str | NotGiven | None = NOT_GIVEN,
        asks_email: bool | NotGiven = NOT_GIVEN,
        max_payments: int | NotGiven | None = NOT_GIVEN,
        expires_at: Time | NotGiven | None = NOT_GIVEN,
        metadata: Mapping[str, Any] | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.PaymentLink:
        """
        Create a payment link.

        Anybody who opens its `url` and goes on gets an invoice of their own.

        slug: The end of its address; made up when left out, and then nobody can guess it.
        currency: ISO 4217 code.
        amount: What is paid, in the currency; without it the payer chooses.
        min_amount: The least that a payer may choose.
        max_amount: The most that a payer may choose.
        crypto_currency: As of an invoice.
        network: As of an invoice.
        asks_email: Whether a payer gives an e-mail address; it makes them your customer.
        max_payments: How many invoices may be paid, or wait to be, in all.
        expires_at: From then on nobody can open it.
        metadata: Copied into each invoice.
        """
        return self._change(
            models.PaymentLink,
            "POST",
            "/api/v1/payment-links",
            {
                "title": title,
                "slug": slug,
                "description": description,
                "currency": currency,
                "amount": amount,
                "min_amount": min_amount,
                "max_amount": max_amount,
                "crypto_currency": crypto_currency,
                "network": network,
                "return_url": return_url,
                "cancel_url": cancel_url,
                "asks_email": asks_email,
                "max_payments": max_payments,
                "expires_at": expires_at,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
        )

    def get(self, link_id: str) -> models.PaymentLink:
        """Get a payment link."""
        return self._get(models.PaymentLink, f"/api/v1/payment-links/{segment(link_id)}", {})

    def update(
        self,
        link_id: str,
        *,
        title: str | NotGiven = NOT_GIVEN,
        description: str | NotGiven | None = NOT_GIVEN,
        currency: models.Currency | NotGiven | None = NOT_GIVEN,
        amount: Amount | NotGiven | None = NOT_GIVEN,
        min_amount: Amount | NotGiven | None = NOT_GIVEN,
        max_amount: Amount | NotGiven | None = NOT_GIVEN,
        crypto_currency: str | NotGiven | None = NOT_GIVEN,
        network: str | NotGiven | None = NOT_GIVEN,
        return_url: str | NotGiven | None = NOT_GIVEN,
        cancel_url: str | NotGiven | None = NOT_GIVEN,
        asks_email: bool | NotGiven = NOT_GIVEN,
        max_payments: int | NotGiven | None = NOT_GIVEN,
        expires_at: Time | NotGiven | None = NOT_GIVEN,
        metadata: Mapping[str, Any] | NotGiven | None = NOT_GIVEN,
        is_active: bool | NotGiven = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.PaymentLink:
        """
        Update a payment link.

        Invoices that were made from it stay as they are.

        currency: ISO 4217 code.
        amount: What is paid, in the currency; without it the payer chooses.
        min_amount: The least that a payer may choose.
        max_amount: The most that a payer may choose.
        crypto_currency: As of an invoice.
        network: As of an invoice.
        asks_email: Whether a payer gives an e-mail address; it makes them your customer.
        max_payments: How many invoices may be paid, or wait to be, in all.
        expires_at: From then on nobody can open it.
        metadata: Copied into each invoice.
        is_active: Whether it can be opened.
        """
        return self._change(
            models.PaymentLink,
            "PATCH",
            f"/api/v1/payment-links/{segment(link_id)}",
            {
                "title": title,
                "description": description,
                "currency": currency,
                "amount": amount,
                "min_amount": min_amount,
                "max_amount": max_amount,
                "crypto_currency": crypto_currency,
                "network": network,
                "return_url": return_url,
                "cancel_url": cancel_url,
                "asks_email": asks_email,
                "max_payments": max_payments,
                "expires_at": expires_at,
                "metadata": metadata,
                "is_active": is_active,
            },
            idempotency_key=idempotency_key,
        )

    def deactivate(self, link_id: str, *, idempotency_key: str | None = None) -> models.PaymentLink:
        """
        Switch a payment link off.

        It stays in lists, and `is_active` switches it on again.
        """
        return self._change(
            models.PaymentLink,
            "DELETE",
            f"/api/v1/payment-links/{segment(link_id)}",
            None,
            idempotency_key=idempotency_key,
        )


class Payments(Resource):
    """What arrived for them."""

    def list(
        self,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        invoice_id: str | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        status: models.PaymentStatus | Sequence[models.PaymentStatus] | NotGiven = NOT_GIVEN,
    ) -> Pages[models.Payment]:
        """
        List payments.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(
            models.Payment,
            "/api/v1/payments",
            ("payments", "cursor"),
            {"cursor": cursor, "invoice_id": invoice_id, "limit": limit, "status": status},
        )

    def get(self, payment_id: str) -> models.Payment:
        """Get a payment."""
        return self._get(models.Payment, f"/api/v1/payments/{segment(payment_id)}", {})


class Public(Resource):
    """What a customer sees; without credentials, from any web page."""

    def get_invoice(self, invoice_id: str) -> models.PublicInvoice:
        """
        View an invoice as its customer.

        The first view moves the invoice from `created` to `pending`.
        """
        return self._get(models.PublicInvoice, f"/api/v1/public/invoice/{segment(invoice_id)}", {})

    def choose_option(self, invoice_id: str, *, crypto_currency: str, network: str) -> models.PublicInvoice:
        """
        Choose what an invoice is paid in.

        One of its `payment_options`, while it waits and nothing has arrived. It is priced anew. Where it was to
        be paid before stays watched: money that arrives there first makes that option the current one again.

        crypto_currency: One of the invoice's `payment_options`.
        network: Its network.
        """
        return self._post(
            models.PublicInvoice,
            f"/api/v1/public/invoice/{segment(invoice_id)}/option",
            {"crypto_currency": crypto_currency, "network": network},
        )

    def invoice_qr(
        self,
        invoice_id: str,
        *,
        content: models.QRContent | NotGiven = NOT_GIVEN,
        format: models.QRFormat | NotGiven = NOT_GIVEN,
        logo: bool | NotGiven = NOT_GIVEN,
        mark: bool | NotGiven = NOT_GIVEN,
        size: models.QRSize | NotGiven = NOT_GIVEN,
        style: models.QRStyle | NotGiven = NOT_GIVEN,
        v: str | NotGiven = NOT_GIVEN,
    ) -> bytes:
        """
        Get an invoice's QR code.

        content: The payment URI with the amount, or the bare address.
        logo: With the merchant's logo in the middle.
        mark: With the asset's mark in the middle, unless there is a logo.
        size: Pixels; points in a PDF.
        v: Ignored; another value gets past caches.
        """
        return self._file(
            f"/api/v1/public/invoice/{segment(invoice_id)}/qr",
            {"content": content, "format": format, "logo": logo, "mark": mark, "size": size, "style": style, "v": v},
        )


class Rates(Resource):
    """What can be paid with, and at what price."""

    def list(
        self, *, crypto_currency: str | NotGiven = NOT_GIVEN, currency: models.Currency | NotGiven = NOT_GIVEN
    ) -> models.Rates:
        """
        List exchange rates.

        What one unit of each asset is worth now. Assets without a fresh price are left out.

        currency: ISO 4217 code.
        """
        return self._get(models.Rates, "/api/v1/rates", {"crypto_currency": crypto_currency, "currency": currency})


class Refunds(Resource):
    """What goes back. You send it from your own wallet."""

    def list(
        self,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        invoice_id: str | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        status: models.RefundStatus | Sequence[models.RefundStatus] | NotGiven = NOT_GIVEN,
    ) -> Pages[models.Refund]:
        """
        List refunds.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(
            models.Refund,
            "/api/v1/refunds",
            ("refunds", "cursor"),
            {"cursor": cursor, "invoice_id": invoice_id, "limit": limit, "status": status},
        )

    def get(self, refund_id: str) -> models.Refund:
        """Get a refund."""
        return self._get(models.Refund, f"/api/v1/refunds/{segment(refund_id)}", {})

    def update(
        self,
        refund_id: str,
        *,
        address: str,
        tag: str | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.Refund:
        """
        Say where a refund goes.

        Possible until it is sent.

        address: Where the customer wants the money.
        tag: The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already.
        """
        return self._change(
            models.Refund,
            "PATCH",
            f"/api/v1/refunds/{segment(refund_id)}",
            {"address": address, "tag": tag},
            idempotency_key=idempotency_key,
        )

    def cancel(self, refund_id: str, *, idempotency_key: str | None = None) -> models.Refund:
        """
        Cancel a refund.

        Withdraws one that was not sent.
        """
        return self._change(
            models.Refund, "POST", f"/api/v1/refunds/{segment(refund_id)}/cancel", None, idempotency_key=idempotency_key
        )

    def complete(
        self,
        refund_id: str,
        *,
        tx_hash: str,
        address: str | NotGiven | None = NOT_GIVEN,
        tag: str | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.Refund:
        """
        Complete a refund.

        Notes the transaction you sent it in. A paid invoice whose whole amount went back is refunded.

        tx_hash: The transaction's hash.
        address: An address on the network.
        tag: The destination tag that goes with `address`, on the XRP Ledger; an X-address holds it already.
        """
        return self._change(
            models.Refund,
            "POST",
            f"/api/v1/refunds/{segment(refund_id)}/complete",
            {"tx_hash": tx_hash, "address": address, "tag": tag},
            idempotency_key=idempotency_key,
        )

    def qr(
        self,
        refund_id: str,
        *,
        format: models.QRFormat | NotGiven = NOT_GIVEN,
        size: models.QRSize | NotGiven = NOT_GIVEN,
    ) -> bytes:
        """
        Get a refund's QR code.

        For your own wallet: the address and the amount to send.

        size: Pixels; points in a PDF.
        """
        return self._file(f"/api/v1/refunds/{segment(refund_id)}/qr", {"format": format, "size": size})

    def send(self, refund_id: str, *, idempotency_key: str | None = None) -> models.Refund:
        """
        Send a refund from the vault.

        For an invoice that was paid to a vault: the gateway sends the money itself, once. `payout` says how far
        that is and what it waits for, such as coin for the fee or the approval of staff. From the moment its
        transaction is signed the refund cannot be changed any more.
        """
        return self._change(
            models.Refund, "POST", f"/api/v1/refunds/{segment(refund_id)}/send", None, idempotency_key=idempotency_key
        )


class Sandbox(Resource):
    """Paying in test mode."""

    def mine(self, *, count: int | NotGiven = NOT_GIVEN, idempotency_key: str | None = None) -> models.SandboxBlock:
        """
        Make sandbox blocks.

        The first takes everything that waits in the mempool.
        """
        return self._change(
            models.SandboxBlock, "POST", "/api/v1/sandbox/blocks", {"count": count}, idempotency_key=idempotency_key
        )

    def end_time(self, *, invoice: str, idempotency_key: str | None = None) -> models.SandboxInvoice:
        """
        Let a test invoice run out of time.

        As if its deadline had passed. What has ended or was paid in part stays as it is.

        invoice: One of your test invoices.
        """
        return self._change(
            models.SandboxInvoice,
            "POST",
            "/api/v1/sandbox/expirations",
            {"invoice": invoice},
            idempotency_key=idempotency_key,
        )

    def give_up(self, *, invoice: str, tx_hash: str, idempotency_key: str | None = None) -> models.SandboxInvoice:
        """
        Give up a sandbox transfer.

        As if a day had passed since a reorg dropped it: its payment has failed.

        invoice: One of your test invoices.
        tx_hash: A transfer to it that a reorg has dropped.
        """
        return self._change(
            models.SandboxInvoice,
            "POST",
            "/api/v1/sandbox/failures",
            {"invoice": invoice, "tx_hash": tx_hash},
            idempotency_key=idempotency_key,
        )

    def reorganise(
        self, *, depth: int, drop: Sequence[str] | NotGiven = NOT_GIVEN, idempotency_key: str | None = None
    ) -> models.SandboxBlock:
        """
        Reorganise the sandbox chain.

        Replaces the last blocks by a branch that is one block longer. Transfers move to it, except those named
        in `drop`, which vanish as a double-spent transaction does; only your own can be named.

        depth: How many blocks to replace.
        drop: Transfers to your own invoices that vanish.
        """
        return self._change(
            models.SandboxBlock,
            "POST",
            "/api/v1/sandbox/reorgs",
            {"depth": depth, "drop": drop},
            idempotency_key=idempotency_key,
        )

    def transfer(
        self,
        *,
        invoice: str | NotGiven | None = NOT_GIVEN,
        address: str | NotGiven | None = NOT_GIVEN,
        asset: str | NotGiven | None = NOT_GIVEN,
        amount: Amount | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.SandboxTransfer:
        """
        Send on the sandbox chain.

        Puts a transfer into the mempool: to one of your test invoices, or to any sandbox address.

        invoice: One of your test invoices; or give an address.
        address: A sandbox address; or give an invoice.
        asset: By default the invoice's.
        amount: In the asset; by default what is due.
        """
        return self._change(
            models.SandboxTransfer,
            "POST",
            "/api/v1/sandbox/transfers",
            {"invoice": invoice, "address": address, "asset": asset, "amount": amount},
            idempotency_key=idempotency_key,
        )


class Settlements(Resource):
    """What each paid invoice brought: gross, the platform's fee, net. And what your books hold."""

    def list(
        self,
        *,
        created_after: Time | NotGiven = NOT_GIVEN,
        created_before: Time | NotGiven = NOT_GIVEN,
        crypto_currency: str | NotGiven = NOT_GIVEN,
        cursor: str | NotGiven = NOT_GIVEN,
        invoice_id: str | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        network: str | NotGiven = NOT_GIVEN,
        status: models.SettlementStatus | Sequence[models.SettlementStatus] | NotGiven = NOT_GIVEN,
    ) -> Pages[models.Settlement]:
        """
        List settlements.

        What each paid invoice brought, newest first; reversed ones too. With `format=csv` all that match as one
        file.

        created_after: Settled at this time or later.
        created_before: Settled before this time.
        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(
            models.Settlement,
            "/api/v1/settlements",
            ("settlements", "cursor"),
            {
                "created_after": created_after,
                "created_before": created_before,
                "crypto_currency": crypto_currency,
                "cursor": cursor,
                "invoice_id": invoice_id,
                "limit": limit,
                "network": network,
                "status": status,
            },
        )

    def list_csv(
        self,
        *,
        created_after: Time | NotGiven = NOT_GIVEN,
        created_before: Time | NotGiven = NOT_GIVEN,
        crypto_currency: str | NotGiven = NOT_GIVEN,
        invoice_id: str | NotGiven = NOT_GIVEN,
        network: str | NotGiven = NOT_GIVEN,
        status: models.SettlementStatus | Sequence[models.SettlementStatus] | NotGiven = NOT_GIVEN,
    ) -> str:
        """
        List settlements.

        What each paid invoice brought, newest first; reversed ones too. With `format=csv` all that match as one
        file.

        created_after: Settled at this time or later.
        created_before: Settled before this time.
        """
        return self._text(
            "/api/v1/settlements",
            {
                "created_after": created_after,
                "created_before": created_before,
                "crypto_currency": crypto_currency,
                "invoice_id": invoice_id,
                "network": network,
                "status": status,
                "format": "csv",
            },
        )

    def get(self, settlement_id: str) -> models.Settlement:
        """Get a settlement."""
        return self._get(models.Settlement, f"/api/v1/settlements/{segment(settlement_id)}", {})


class Wallets(Resource):
    """Where the money goes: extended public keys, one per network. No private key is ever needed."""

    def list(self, *, cursor: str | NotGiven = NOT_GIVEN, limit: int | NotGiven = NOT_GIVEN) -> Pages[models.Wallet]:
        """
        List wallets.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(models.Wallet, "/api/v1/wallets", ("wallets", "cursor"), {"cursor": cursor, "limit": limit})

    def create(
        self,
        *,
        network: str,
        kind: models.WalletKind | NotGiven = NOT_GIVEN,
        xpub: str | NotGiven | None = NOT_GIVEN,
        address: str | NotGiven | None = NOT_GIVEN,
        addresses: Sequence[str] | NotGiven | None = NOT_GIVEN,
        forward_to: str | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.NewWallet:
        """
        Add a wallet.

        Invoices on the network are paid to children of this extended public key (`xpub`), to the addresses you
        list, one each (`pool`), or all to one address (`single`): there a destination tag or reference tells
        them apart or, on networks without one, the exact amount, whose last digits are raised by up to 1 %
        where they would meet. Compare `preview` with the first addresses that your wallet shows. Never send a
        private key or a seed phrase: it is refused, and its funds have to be moved. Where the installation
        keeps keys, a `vault` makes its own: `seed_phrase` is shown this once, for your backup; `forward_to` is
        where what its invoices bring goes on to, and can never be changed; `gas_address` is where you put the
        coin for fees.

        kind: Where its addresses come from.
        xpub: For `xpub`: the extended public key of an account, or a descriptor of it; never a private key.
        address: For `single`: the address.
        addresses: For `pool`: the addresses.
        forward_to: For `vault`: where the money goes on to; cannot be changed later.
        """
        return self._change(
            models.NewWallet,
            "POST",
            "/api/v1/wallets",
            {
                "network": network,
                "kind": kind,
                "xpub": xpub,
                "address": address,
                "addresses": addresses,
                "forward_to": forward_to,
            },
            idempotency_key=idempotency_key,
        )

    def preview(
        self,
        *,
        network: str,
        kind: models.WalletKind | NotGiven = NOT_GIVEN,
        xpub: str | NotGiven | None = NOT_GIVEN,
        address: str | NotGiven | None = NOT_GIVEN,
        addresses: Sequence[str] | NotGiven | None = NOT_GIVEN,
        forward_to: str | NotGiven | None = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.WalletPreview:
        """
        Preview a wallet.

        Shows the first addresses that a wallet would give, and stores nothing.

        kind: Where its addresses come from.
        xpub: For `xpub`: the extended public key of an account, or a descriptor of it; never a private key.
        address: For `single`: the address.
        addresses: For `pool`: the addresses.
        forward_to: For `vault`: where the money goes on to; cannot be changed later.
        """
        return self._change(
            models.WalletPreview,
            "POST",
            "/api/v1/wallets/preview",
            {
                "network": network,
                "kind": kind,
                "xpub": xpub,
                "address": address,
                "addresses": addresses,
                "forward_to": forward_to,
            },
            idempotency_key=idempotency_key,
        )

    def get(self, wallet_id: str) -> models.Wallet:
        """Get a wallet."""
        return self._get(models.Wallet, f"/api/v1/wallets/{segment(wallet_id)}", {})

    def delete(self, wallet_id: str, *, idempotency_key: str | None = None) -> models.Wallet:
        """
        Remove a wallet.

        No invoice gets an address of it any more. Those that were given out stay watched.
        """
        return self._change(
            models.Wallet, "DELETE", f"/api/v1/wallets/{segment(wallet_id)}", None, idempotency_key=idempotency_key
        )

    def add_addresses(
        self, wallet_id: str, *, addresses: Sequence[str], idempotency_key: str | None = None
    ) -> models.Wallet:
        """
        Add addresses to a pool.

        They are handed out after those that are on the list, once each.
        """
        return self._change(
            models.Wallet,
            "POST",
            f"/api/v1/wallets/{segment(wallet_id)}/addresses",
            {"addresses": addresses},
            idempotency_key=idempotency_key,
        )


class WebhookDeliveries(Resource):
    """Being told of what happens."""

    def list(
        self,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        event_type: models.EventType | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        status: models.WebhookDeliveryStatus | NotGiven = NOT_GIVEN,
    ) -> Pages[models.WebhookDelivery]:
        """
        List the webhook deliveries of all receivers.

        To endpoints, also deleted ones, and to the `webhook_url` of single invoices. `status=failed` are those
        that were given up.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(
            models.WebhookDelivery,
            "/api/v1/webhook-deliveries",
            ("deliveries", "cursor"),
            {"cursor": cursor, "event_type": event_type, "limit": limit, "status": status},
        )

    def redeliver(self, delivery_id: str, *, idempotency_key: str | None = None) -> models.WebhookDelivery:
        """
        Send a webhook delivery of any receiver again.

        With the same id and the same body, and with all its retries.
        """
        return self._change(
            models.WebhookDelivery,
            "POST",
            f"/api/v1/webhook-deliveries/{segment(delivery_id)}/redeliver",
            None,
            idempotency_key=idempotency_key,
        )


class WebhookEndpoints(Resource):
    """Being told of what happens."""

    def list(
        self,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        status: models.WebhookEndpointStatus | NotGiven = NOT_GIVEN,
    ) -> Pages[models.WebhookEndpoint]:
        """
        List webhook endpoints.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        status: Whether events are sent.
        """
        return self._pages(
            models.WebhookEndpoint,
            "/api/v1/webhook-endpoints",
            ("webhook_endpoints", "cursor"),
            {"cursor": cursor, "limit": limit, "status": status},
        )

    def create(
        self,
        *,
        url: str,
        events: Sequence[models.Subscription],
        secret: str | NotGiven | None = NOT_GIVEN,
        allowed_ips: Sequence[str] | NotGiven = NOT_GIVEN,
        max_retries: int | NotGiven = NOT_GIVEN,
        retry_backoff: models.RetryBackoff | NotGiven = NOT_GIVEN,
        timeout: int | NotGiven = NOT_GIVEN,
        enabled: bool | NotGiven = NOT_GIVEN,
        format: str | NotGiven = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpoint:
        """
        Create a webhook endpoint.

        url: Where events are sent; https for live mode. Redirects are not followed.
        events: Which events are sent; `*` means all, also those of later versions.
        secret: Your own signing secret. Without one a strong one is made, and shown this once.
        allowed_ips: Events are sent only when the host's address is one of these addresses or networks; empty:
        any.
        max_retries: Attempts after the first one.
        retry_backoff: How the pauses between attempts grow: 10 s, 1 min, 5 min, 30 min, 2 h … or 5 minutes
        each.
        timeout: Seconds to wait for the whole answer.
        format: In which words and with which signature it is told: `native`, or a wire format this installation
        speaks.
        """
        return self._change(
            models.WebhookEndpoint,
            "POST",
            "/api/v1/webhook-endpoints",
            {
                "url": url,
                "events": events,
                "secret": secret,
                "allowed_ips": allowed_ips,
                "max_retries": max_retries,
                "retry_backoff": retry_backoff,
                "timeout": timeout,
                "enabled": enabled,
                "format": format,
            },
            idempotency_key=idempotency_key,
        )

    def get(self, endpoint_id: str) -> models.WebhookEndpoint:
        """Get a webhook endpoint."""
        return self._get(models.WebhookEndpoint, f"/api/v1/webhook-endpoints/{segment(endpoint_id)}", {})

    def update(
        self,
        endpoint_id: str,
        *,
        url: str | NotGiven = NOT_GIVEN,
        events: Sequence[models.Subscription] | NotGiven = NOT_GIVEN,
        allowed_ips: Sequence[str] | NotGiven = NOT_GIVEN,
        max_retries: int | NotGiven = NOT_GIVEN,
        retry_backoff: models.RetryBackoff | NotGiven = NOT_GIVEN,
        timeout: int | NotGiven = NOT_GIVEN,
        enabled: bool | NotGiven = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.WebhookEndpoint:
        """
        Update a webhook endpoint.

        url: Where events are sent; https for live mode. Redirects are not followed.
        events: Which events are sent; `*` means all, also those of later versions.
        allowed_ips: Events are sent only when the host's address is one of these addresses or networks; empty:
        any.
        max_retries: Attempts after the first one.
        retry_backoff: How the pauses between attempts grow: 10 s, 1 min, 5 min, 30 min, 2 h … or 5 minutes
        each.
        timeout: Seconds to wait for the whole answer.
        enabled: True also starts again what was disabled because it failed.
        """
        return self._change(
            models.WebhookEndpoint,
            "PATCH",
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}",
            {
                "url": url,
                "events": events,
                "allowed_ips": allowed_ips,
                "max_retries": max_retries,
                "retry_backoff": retry_backoff,
                "timeout": timeout,
                "enabled": enabled,
            },
            idempotency_key=idempotency_key,
        )

    def delete(self, endpoint_id: str, *, idempotency_key: str | None = None) -> models.DeletedWebhookEndpoint:
        """Delete a webhook endpoint."""
        return self._change(
            models.DeletedWebhookEndpoint,
            "DELETE",
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}",
            None,
            idempotency_key=idempotency_key,
        )

    def list_deliveries(
        self,
        endpoint_id: str,
        *,
        cursor: str | NotGiven = NOT_GIVEN,
        event_type: models.EventType | NotGiven = NOT_GIVEN,
        limit: int | NotGiven = NOT_GIVEN,
        status: models.WebhookDeliveryStatus | NotGiven = NOT_GIVEN,
    ) -> Pages[models.WebhookDelivery]:
        """
        List webhook deliveries.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(
            models.WebhookDelivery,
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}/deliveries",
            ("deliveries", "cursor"),
            {"cursor": cursor, "event_type": event_type, "limit": limit, "status": status},
        )

    def get_delivery(self, delivery_id: str, endpoint_id: str) -> models.WebhookDeliveryDetail:
        """Get a webhook delivery with its attempts."""
        return self._get(
            models.WebhookDeliveryDetail,
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}/deliveries/{segment(delivery_id)}",
            {},
        )

    def redeliver(
        self, delivery_id: str, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> models.WebhookDelivery:
        """
        Send a webhook delivery again.

        With the same id and the same body, and with all its retries.
        """
        return self._change(
            models.WebhookDelivery,
            "POST",
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}/deliveries/{segment(delivery_id)}/redeliver",
            None,
            idempotency_key=idempotency_key,
        )

    def replay(
        self,
        endpoint_id: str,
        *,
        from_: Time,
        to: Time,
        events: Sequence[models.Subscription] | NotGiven = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.ReplayedWebhooks:
        """
        Send the events of a period again.

        Also those that the endpoint was not there for. What is still under way goes on as it is. Up to 100,000
        events, a thousand at a time; `replay.id` leads to how far it is.

        from_: Events since then.
        to: Events before then.
        events: Only these types.
        """
        return self._change(
            models.ReplayedWebhooks,
            "POST",
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}/replay",
            {"from": from_, "to": to, "events": events},
            idempotency_key=idempotency_key,
        )

    def list_replays(
        self, endpoint_id: str, *, cursor: str | NotGiven = NOT_GIVEN, limit: int | NotGiven = NOT_GIVEN
    ) -> Pages[models.WebhookReplay]:
        """
        List the replays to a webhook endpoint.

        cursor: `next_cursor` of a page.
        limit: Results per page.
        """
        return self._pages(
            models.WebhookReplay,
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}/replays",
            ("replays", "cursor"),
            {"cursor": cursor, "limit": limit},
        )

    def get_replay(self, endpoint_id: str, replay_id: str) -> models.WebhookReplay:
        """Get how far a replay is."""
        return self._get(
            models.WebhookReplay, f"/api/v1/webhook-endpoints/{segment(endpoint_id)}/replays/{segment(replay_id)}", {}
        )

    def rotate_secret(
        self,
        endpoint_id: str,
        *,
        secret: str | NotGiven | None = NOT_GIVEN,
        overlap_seconds: int | NotGiven = NOT_GIVEN,
        idempotency_key: str | None = None,
    ) -> models.RotatedWebhookEndpoint:
        """
        Rotate the signing secret.

        Until the overlap ends, both the old and the new secret sign.

        secret: Your own signing secret. Without one a strong one is made, and shown this once.
        overlap_seconds: How long the old secret signs as well.
        """
        return self._change(
            models.RotatedWebhookEndpoint,
            "POST",
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}/rotate-secret",
            {"secret": secret, "overlap_seconds": overlap_seconds},
            idempotency_key=idempotency_key,
        )

    def test(self, endpoint_id: str, *, idempotency_key: str | None = None) -> models.WebhookTest:
        """
        Send a test event to a webhook endpoint.

        Sends `webhook.test` at once and waits for the receiver's answer.
        """
        return self._change(
            models.WebhookTest,
            "POST",
            f"/api/v1/webhook-endpoints/{segment(endpoint_id)}/test",
            None,
            idempotency_key=idempotency_key,
        )


class Resources:
    """Every part of the API."""

    def __init__(self, transport: Transport) -> None:
        self.analytics = Analytics(transport)
        self.api_keys = APIKeys(transport)
        self.assets = Assets(transport)
        self.auth = Auth(transport)
        self.balances = Balances(transport)
        self.checkout_sessions = CheckoutSessions(transport)
        self.customers = Customers(transport)
        self.deposits = Deposits(transport)
        self.events = Events(transport)
        self.invoices = Invoices(transport)
        self.merchants = Merchants(transport)
        self.payment_links = PaymentLinks(transport)
        self.payments = Payments(transport)
        self.public = Public(transport)
        self.rates = Rates(transport)
        self.refunds = Refunds(transport)
        self.sandbox = Sandbox(transport)
        self.settlements = Settlements(transport)
        self.wallets = Wallets(transport)
        self.webhook_deliveries = WebhookDeliveries(transport)
        self.webhook_endpoints = WebhookEndpoints(transport)
