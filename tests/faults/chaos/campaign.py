"""One run from an empty directory to the account of it."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.chaos.account import Account, Books, settle_up
from tests.faults.chaos.faults import DEEPEST, Fault, Faults, apply, concern_different_things, name_of
from tests.faults.chaos.node import Chain, Mishaps, serve
from tests.faults.chaos.receiver import Receiver
from tests.faults.chaos.record import Record
from tests.faults.chaos.shop import Shop
from tests.faults.chaos.world import World, wait_until

_FORKS = 0.1  # the share of seconds in which the chain forks by itself
_A_WHILE = 12.0  # seconds; nothing became less meanwhile
_LEASES = 200.0  # seconds; a claim of a clock that was ahead holds until that moment has really come
_MINUTES_LATER = 420.0  # seconds


@dataclass(frozen=True)
class Plan:
    """``seconds`` of faults at least, and each of them at least once; ``pace`` stretches how long each lasts."""

    seed: int
    seconds: float
    faults: Sequence[Fault]
    pace: float = 1.0
    sellers: int = 4
    pause: float = 0.6
    failing: float = 0.2  # the share of what nodes and receiver are asked that fails
    patience: float = 150.0  # seconds without anything becoming less, before it counts as stuck
    most_failures: int = 2  # of one message; the pause before a third attempt is long
    together: float = 0.4  # the share of faults that are not alone
    orders: int = 20  # at least, however slow the machine is


def run(plan: Plan, directory: Path, *, tell: Callable[[str], object], record: Record | None = None) -> Account:
    """Start, sell, break, mend, wait, compare; ``record`` keeps what became of every order."""
    dice = random.Random(plan.seed)
    chain = Chain()
    mishaps = [Mishaps(plan.seed + number, 0.0) for number in range(2)]
    nodes = [serve(chain, each) for each in mishaps]
    receiver = Receiver(plan.seed, plan.failing, plan.most_failures)
    stopping = threading.Event()
    world = World(directory, nodes=[node.server_port for node in nodes], receiver=receiver.url)
    threading.Thread(target=_mine, args=(chain, stopping, random.Random(plan.seed)), daemon=True).start()
    try:
        with world.running():
            shop = Shop(world.port, world.keys, chain, plan.seed, pause=plan.pause, sellers=plan.sellers)
            for each in mishaps:
                each.share = plan.failing
            _break(plan, Faults(world, chain, mishaps, receiver, dice, pace=plan.pace), dice, tell)
            chain.is_forking = False
            for each in mishaps:
                each.share = 0.0
            _rest(plan, world, shop, tell)
            stopping.set()
            books = Books(world)
            wait_until(lambda: chain.has(*books.read_up_to("ethereum")), 40)  # no fork is left to be read
            if record is not None:
                record.keep_orders(books, shop, chain, receiver)
            account = settle_up(world, shop, chain, receiver)
            account.figures["requests to nodes"] = sum(each.asked for each in mishaps)
            account.figures["mishaps of nodes"] = sum(each.count for each in mishaps)
            account.figures["mishaps of the receiver"] = sum(receiver.failures.values())
            if Faults.chain_takes_a_payment_back in plan.faults and not account.figures["reversals told"]:
                account.problems.append("no payment was taken back, so nobody knows what would have followed")
            if record is not None:
                record.keep_account(account)
            return account
    finally:
        stopping.set()
        for node in nodes:
            node.shutdown()
            node.server_close()
        receiver.close()
        world.close()


def _break(plan: Plan, faults: Faults, dice: random.Random, tell: Callable[[str], object]) -> None:
    begun = time.monotonic()
    time.sleep(1)
    is_first = True
    while is_first or time.monotonic() - begun < plan.seconds:
        for fault in dice.sample(plan.faults, len(plan.faults)):
            if not is_first and time.monotonic() - begun >= plan.seconds:
                break
            together = [fault, *_beside(fault, plan, dice)]
            tell(f"{time.monotonic() - begun:6.1f} s  {' while '.join(map(name_of, together))}")
            apply(faults, together)
            time.sleep(dice.uniform(0.3, 3) * plan.pace)
        is_first = False


def _beside(fault: Fault, plan: Plan, dice: random.Random) -> list[Fault]:
    if dice.random() >= plan.together:
        return []
    others = [other for other in plan.faults if concern_different_things(fault, other)]
    return [dice.choice(others)] if others else []


def _rest(plan: Plan, world: World, shop: Shop, tell: Callable[[str], object]) -> None:
    """Wait until every order has come to its end and everybody was told; one that never does shows in the account."""
    wait_until(lambda: len(shop.orders) >= plan.orders, 120)
    if not shop.close(patience=_LEASES):
        shop.tally.wrong.append("an order was never answered")
    books, begun = Books(world), time.monotonic()
    least, since, later = books.waiting(shop.orders), begun, 0.0
    while (waiting := books.waiting(shop.orders)) and time.monotonic() - since < plan.patience:
        if waiting.count < least.count:  # however slow the machine is: it goes on
            least, since = waiting, time.monotonic()
        elif time.monotonic() - since > _A_WHILE * (1 + later / _MINUTES_LATER):
            tell(f"waits: {waiting}")
            later += _MINUTES_LATER  # the pause before a third attempt is minutes: let them pass
            for clock in world.clocks:
                clock.step(later)
        time.sleep(0.5)
    tell(f"waits: {waiting}" if waiting else f"came to rest after {time.monotonic() - begun:.0f} s")
    if waiting:
        shop.tally.wrong.append(f"never came to rest: {waiting}")


def _mine(chain: Chain, stopping: threading.Event, dice: random.Random) -> None:
    """Make a block each second, and sometimes have the last few replaced, as chains do by themselves."""
    while not stopping.wait(1):
        if chain.is_still:
            continue
        chain.mine()
        if chain.is_forking and dice.random() < _FORKS:
            chain.fork(dice.randint(1, DEEPEST), dice)
