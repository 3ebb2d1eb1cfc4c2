"""Bitcoin and its kin."""

from datetime import timedelta
from typing import Final

from chains.base import Landmark
from chains.catalogue.entry import Entry, Side

BLOCKCHAIR_PATHS: Final = ("/transaction/{txid}", "/address/{address}")

ENTRIES: Final = (
    Entry(
        code="bitcoin",
        family="bitcoin",
        coin="BTC",
        coin_decimals=8,
        confirmations=(1, 3, 6),
        coin_dust=546,
        coin_least=546,
        block_time=timedelta(minutes=10),
        scan_every=timedelta(seconds=15),
        sides={
            "mainnet": Side(
                name="Bitcoin",
                explorer="https://mempool.space",
                # The first block with segregated witness; Bitcoin Cash, which began with the same one, lacks it.
                landmark=Landmark(481824, "0000000000000000001c8018d9cb3b742ef25114f27563e3fc4a1902167f9893"),
            ),
            "testnet": Side(
                name="Bitcoin Testnet 4",
                explorer="https://mempool.space/testnet4",
                landmark=Landmark(0, "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"),
            ),
            "testnet3": Side(
                name="Bitcoin Testnet 3",
                explorer="https://mempool.space/testnet",
                landmark=Landmark(0, "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
            ),
            "signet": Side(
                name="Bitcoin Signet",
                explorer="https://mempool.space/signet",
                landmark=Landmark(0, "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
            ),
            "regtest": Side(
                name="Bitcoin Regtest",
                landmark=Landmark(0, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
            ),
        },
    ),
    Entry(
        code="litecoin",
        family="bitcoin",
        coin="LTC",
        coin_decimals=8,
        confirmations=(2, 6, 12),
        coin_dust=5460,
        coin_least=5460,
        block_time=timedelta(seconds=150),
        scan_every=timedelta(seconds=10),
        sides={
            "mainnet": Side(
                name="Litecoin",
                explorer="https://litecoinspace.org",
                landmark=Landmark(0, "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"),
            ),
            "testnet": Side(
                name="Litecoin Testnet",
                explorer="https://litecoinspace.org/testnet",
                landmark=Landmark(0, "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0"),
            ),
            "regtest": Side(
                name="Litecoin Regtest",
                landmark=Landmark(0, "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9"),
            ),
        },
    ),
    Entry(
        code="dogecoin",
        family="bitcoin",
        coin="DOGE",
        coin_decimals=8,
        confirmations=(6, 20, 60),
        coin_dust=1_000_000,
        coin_least=1_000_000,
        block_time=timedelta(minutes=1),
        scan_every=timedelta(seconds=10),
        sides={
            "mainnet": Side(
                name="Dogecoin",
                explorer="https://blockchair.com/dogecoin",
                explorer_paths=BLOCKCHAIR_PATHS,
                landmark=Landmark(0, "1a91e3dace36e2be3bf030a65679fe821aa1d6ef92e7c9902eb318182c355691"),
            ),
            "testnet": Side(
                name="Dogecoin Testnet",
                landmark=Landmark(0, "bb0a78264637406b6360aad926284d544d7049f45189db5664f3c4d07350559e"),
            ),
            "regtest": Side(
                name="Dogecoin Regtest",
                landmark=Landmark(0, "3d2160a3b5dc4a9d62e7e66a295f70313ac808440ef7400d6c0772171ce973a5"),
            ),
        },
    ),
    Entry(
        code="bitcoincash",
        family="bitcoin",
        coin="BCH",
        coin_decimals=8,
        confirmations=(2, 6, 15),
        coin_dust=546,
        coin_least=546,
        block_time=timedelta(minutes=10),
        scan_every=timedelta(seconds=15),
        sides={
            "mainnet": Side(
                name="Bitcoin Cash",
                explorer="https://blockchair.com/bitcoin-cash",
                explorer_paths=BLOCKCHAIR_PATHS,
                # The first block after the last split: neither Bitcoin nor the later branches have it.
                landmark=Landmark(661648, "0000000000000000029e471c41818d24b8b74c911071c4ef0b4a0509f9b5a8ce"),
            ),
            "testnet": Side(
                name="Bitcoin Cash Testnet 4",
                landmark=Landmark(0, "000000001dd410c49a788668ce26751718cc797474d3152a5fc073dd44fd9f7b"),
            ),
            "regtest": Side(
                name="Bitcoin Cash Regtest",
                landmark=Landmark(0, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
            ),
        },
    ),
    # A block that two thirds of the stake have voted for, some 13 seconds after it was made, is not undone
    # (Solana documentation, "Commitment"); nothing less is relied on.
)
