"""The short form of `make chaos`: each kind of fault once, under load, and nothing is lost, doubled or broken."""

from tests.faults.chaos.campaign import Plan, run
from tests.faults.chaos.faults import SHORT

SEED = 20_261_121


def test_nothing_is_lost_or_doubled(tmp_path):
    plan = Plan(seed=SEED, seconds=0, faults=SHORT, pace=0.25, sellers=3, pause=0.3, most_failures=1, together=0)
    said: list[str] = []

    account = run(plan, tmp_path, tell=said.append)

    assert (account.lost, account.doubled, account.problems) == ([], [], []), said
    assert account.figures["orders"] >= plan.orders
    assert account.figures["payments"] == account.figures["transfers sent"]
    assert account.figures["mishaps of the receiver"] > 0
    assert account.doctor.startswith("All is well")
