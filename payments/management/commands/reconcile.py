"""``manage.py reconcile``: compare the books with the tables and with the chains, and say every difference."""

from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chains import registry
from chains.base import ChainUnavailable
from invoices.models import Invoice
from merchants.models import Merchant
from payments import reconciliation
from payments.reconciliation import Scope
from payments.services import books


class Command(BaseCommand):
    """Prints one line for each difference and ends with 1 when there is any."""

    help = "Compare the books with payments, refunds and settlements, and with the chains; exit 1 on any difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--network", default="", help="only this network")
        parser.add_argument("--merchant", default="", help="only this merchant (mer_…)")
        parser.add_argument("--from-height", type=int, help="on the chain, from this block on (default: all scanned)")
        parser.add_argument("--to-height", type=int, help="on the chain, up to this block (default: all scanned)")
        parser.add_argument("--chain", action=BooleanOptionalAction, default=True, help="read the chains again")
        parser.add_argument("--book-missing", action="store_true", help="first book what follows from the tables")

    def handle(self, *_: Any, **options: Any) -> None:
        scope = self._scope(options)
        if options["book_missing"]:
            self._book_missing(scope)
        count = 0
        for difference in reconciliation.ledger_differences(scope):
            self.stdout.write(difference)
            count += 1
        if options["chain"]:
            for network in self._networks(scope):
                count += self._compare_with_chain(network, scope)
        if scope == Scope():
            reconciliation.tell_of_check(differences=count, with_chains=options["chain"])
        if count:
            raise CommandError(f"{count} difference{'s' if count > 1 else ''} found.")
        self.stdout.write("The books agree.")

    def _scope(self, options: dict[str, Any]) -> Scope:
        merchant = None
        if options["merchant"]:
            key = Merchant.key_from(options["merchant"])
            merchant = Merchant.objects.filter(pk=key).first() if key else None
            if merchant is None:
                raise CommandError(f"There is no merchant {options['merchant']}.")
        if options["network"] and registry.find_network(options["network"]) is None:
            raise CommandError(f"There is no network {options['network']}.")
        return Scope(options["network"], merchant, options["from_height"], options["to_height"])

    def _networks(self, scope: Scope) -> list[str]:
        return [scope.network] if scope.network else [network.code for network in registry.networks()]

    def _compare_with_chain(self, network: str, scope: Scope) -> int:
        blocks = reconciliation.scanned(network, scope)
        if blocks is None:
            return 0
        count = 0
        try:
            for difference in reconciliation.chain_differences(network, blocks, scope):
                self.stdout.write(difference)
                count += 1
        except (ChainUnavailable, LookupError) as problem:
            self.stdout.write(f"{network}: cannot be compared with the chain: {problem}")
            return count + 1
        self.stdout.write(f"{network}: blocks {blocks.first} to {blocks.last} read again")
        return count

    def _book_missing(self, scope: Scope) -> None:
        invoices = Invoice.objects.filter(payments__isnull=False)
        if scope.network:
            invoices = invoices.filter(network=scope.network)
        if scope.merchant is not None:
            invoices = invoices.filter(merchant=scope.merchant)
        for key in invoices.values_list("pk", flat=True).distinct().iterator(chunk_size=2000):
            books.catch_up(invoice_id=key, now=timezone.now())
