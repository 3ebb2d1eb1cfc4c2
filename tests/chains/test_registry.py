import re

import pytest
from django.core.exceptions import ImproperlyConfigured

from chains import registry
from chains.addresses import normalise_contract
from chains.base import FINALIZED
from chains.catalogue import NETWORKS
from chains.evm import EvmReader
from chains.tron import TronReader
from config.chains import chains_from_env

TOKEN = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
KNOWN_USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"


@pytest.fixture
def from_env(settings):
    """Put what an environment says into force."""

    def apply(**environ):
        settings.CHAINS = chains_from_env(environ)
        return registry

    return apply


class TestCatalogue:
    def test_every_contract_is_written_with_its_checksum(self):
        for entry in NETWORKS.values():
            for side in entry.sides.values():
                for token in side.tokens:
                    assert normalise_contract(entry.family, token.contract) == token.contract

    def test_no_contract_is_listed_twice(self):
        contracts = [
            (side.chain_id, token.contract)
            for entry in NETWORKS.values()
            for side in entry.sides.values()
            for token in side.tokens
        ]

        assert len(contracts) == len(set(contracts)) == 23

    def test_decimals_are_exactly_these(self):
        decimals = {
            code: {
                side: {entry.coin: entry.coin_decimals} | {token.code: token.decimals for token in tokens.tokens}
                for side, tokens in entry.sides.items()
            }
            for code, entry in NETWORKS.items()
        }

        assert decimals == {
            "tron": {"mainnet": {"TRX": 6, "USDT": 6}, "testnet": {"TRX": 6, "USDT": 6}, "shasta": {"TRX": 6}},
            "ethereum": {"mainnet": {"ETH": 18, "USDT": 6, "USDC": 6}, "testnet": {"ETH": 18, "USDC": 6}},
            "base": {"mainnet": {"ETH": 18, "USDC": 6}, "testnet": {"ETH": 18, "USDC": 6}},
            "polygon": {"mainnet": {"POL": 18, "USDT": 6, "USDC": 6}, "testnet": {"POL": 18, "USDC": 6}},
            "bsc": {
                "mainnet": {"BNB": 18, "USDT": 18, "USDC": 18},
                "testnet": {"BNB": 18, "USDT": 18, "USDC": 18},
            },
            "arbitrum": {"mainnet": {"ETH": 18, "USDT": 6, "USDC": 6}, "testnet": {"ETH": 18, "USDC": 6}},
            "optimism": {"mainnet": {"ETH": 18, "USDT": 6, "USDC": 6}, "testnet": {"ETH": 18, "USDC": 6}},
            "bitcoin": {side: {"BTC": 8} for side in ("mainnet", "testnet", "testnet3", "signet", "regtest")},
            "litecoin": {side: {"LTC": 8} for side in ("mainnet", "testnet", "regtest")},
            "dogecoin": {side: {"DOGE": 8} for side in ("mainnet", "testnet", "regtest")},
            "bitcoincash": {side: {"BCH": 8} for side in ("mainnet", "testnet", "regtest")},
            "solana": {"mainnet": {"SOL": 9, "USDT": 6, "USDC": 6}, "testnet": {"SOL": 9, "USDC": 6}},
            "xrp": {side: {"XRP": 6} for side in ("mainnet", "testnet")},
            "cardano": {side: {"ADA": 6} for side in ("mainnet", "testnet", "preview")},
        }

    def test_chain_ids_are_exactly_these(self):
        found = {
            code: {side: s.chain_id for side, s in entry.sides.items()}
            for code, entry in NETWORKS.items()
            if entry.family in {"evm", "tron", "xrp", "cardano"}
        }

        assert found == {
            "tron": {"mainnet": 728126428, "testnet": 3448148188, "shasta": 2494104990},
            "ethereum": {"mainnet": 1, "testnet": 11155111},
            "base": {"mainnet": 8453, "testnet": 84532},
            "polygon": {"mainnet": 137, "testnet": 80002},
            "bsc": {"mainnet": 56, "testnet": 97},
            "arbitrum": {"mainnet": 42161, "testnet": 421614},
            "optimism": {"mainnet": 10, "testnet": 11155420},
            "xrp": {"mainnet": 0, "testnet": 1},
            "cardano": {"mainnet": 764824073, "testnet": 1, "preview": 2},
        }

    def test_confirmations_are_those_of_the_domain(self):
        assert {code: entry.confirmations for code, entry in NETWORKS.items()} == {
            "tron": (1, 12, 19),
            "ethereum": (3, 12, FINALIZED),
            "base": (5, 20, FINALIZED),
            "polygon": (20, FINALIZED, FINALIZED),
            "bsc": (5, FINALIZED, FINALIZED),
            "arbitrum": (5, 20, FINALIZED),
            "optimism": (5, 20, FINALIZED),
            "bitcoin": (1, 3, 6),
            "litecoin": (2, 6, 12),
            "dogecoin": (6, 20, 60),
            "bitcoincash": (2, 6, 15),
            "solana": (FINALIZED, FINALIZED, FINALIZED),
            "xrp": (FINALIZED, FINALIZED, FINALIZED),
            "cardano": (5, 15, 30),
        }

    def test_chains_without_an_id_are_told_apart_by_a_block(self):
        bitcoin_family = {
            (code, side): found.landmark
            for code, entry in NETWORKS.items()
            if entry.family == "bitcoin"
            for side, found in entry.sides.items()
        }

        assert all(re.fullmatch("[0-9a-f]{64}", landmark.hash) for landmark in bitcoin_family.values())
        # Two development chains begin alike; nobody runs those by mistake.
        assert bitcoin_family.pop(("bitcoincash", "regtest")) == bitcoin_family[("bitcoin", "regtest")]
        assert len(set(bitcoin_family.values())) == len(bitcoin_family)

    def test_shared_addresses_are_told_apart_by_tags_where_the_chain_has_a_place_for_them(self):
        tagged = {code: entry.tag_kind for code, entry in NETWORKS.items() if entry.tag_kind}

        assert tagged == {"solana": "reference", "xrp": "destination_tag"}


class TestNetworks:
    def test_without_any_setting_only_the_sandbox_is_enabled(self, from_env):
        from_env()

        assert [network.code for network in registry.networks()] == [*NETWORKS, "sandbox"]
        assert [network.code for network in registry.networks(enabled_only=True)] == ["sandbox"]
        assert [network.code for network in registry.networks(livemode=False)] == ["sandbox"]
        assert [network.code for network in registry.networks(livemode=True)] == list(NETWORKS)

    def test_the_sandbox_is_always_as_it_is(self, from_env):
        from_env(SANDBOX_RPC_URL="http://127.0.0.1:1")

        sandbox = registry.network("sandbox")
        assert {asset.code: asset.decimals for asset in sandbox.assets} == {
            "USDT": 6,
            "USDC": 6,
            "BTC": 8,
            "ETH": 18,
            "TRX": 6,
            "BNB": 18,
            "POL": 18,
        }
        assert (sandbox.livemode, sandbox.confirmations, sandbox.family) == (False, (1, 2, 3), "sandbox")
        assert type(registry.reader("sandbox")).__name__ == "SandboxReader"

    def test_a_node_enables_a_network(self, from_env):
        from_env(ETHEREUM_RPC_URL=" https://a.example.com/key , http://10.0.0.1:8545 ", TRON_RPC_URL="http://tron:8090")

        ethereum = registry.network("ethereum")
        assert ethereum.is_enabled
        assert ethereum.livemode
        assert ethereum.rpc_urls == ("https://a.example.com/key", "http://10.0.0.1:8545")
        assert ethereum.explorer_tx == "https://etherscan.io/tx/{txid}"
        assert isinstance(registry.reader("ethereum"), EvmReader)
        assert registry.reader("ethereum") is registry.reader("ethereum")
        assert isinstance(registry.reader("tron"), TronReader)
        with pytest.raises(LookupError, match="no node"):
            registry.reader("base")

    def test_the_test_network_has_its_own_contracts(self, from_env):
        from_env(BASE_NETWORK="testnet")

        base = registry.network("base")
        assert (base.name, base.chain_id) == ("Base Sepolia", 84532)
        assert registry.asset("base", "USDC").contract == "0x036CbD53842c5426634e7929541eC2318f3dCF7e"

    def test_a_development_node_has_only_the_tokens_it_is_given(self, from_env):
        from_env(
            ETHEREUM_RPC_URL="http://127.0.0.1:8545",
            ETHEREUM_CHAIN_ID="31337",
            ETHEREUM_USDT_CONTRACT=TOKEN.lower(),
            ETHEREUM_CONFIRMATIONS="1,2,finalized",
        )

        ethereum = registry.network("ethereum")
        assert ethereum.chain_id == 31337
        assert [asset.code for asset in ethereum.assets] == ["ETH", "USDT"]
        assert ethereum.asset("USDT").contract == TOKEN
        assert (ethereum.asset("USDT").decimals, ethereum.asset("USDT").display_digits) == (6, 2)
        assert ethereum.confirmations == (1, 2, FINALIZED)
        assert ethereum.explorer_tx == ""

    def test_an_explorer_of_one_s_own_is_used_on_any_chain(self, from_env):
        own = "https://explorer.example.com/tx/{txid}?from=shop"
        from_env(ETHEREUM_CHAIN_ID="31337", ETHEREUM_EXPLORER_TX=own, TRON_EXPLORER_TX=own)

        assert registry.network("ethereum").explorer_tx == registry.network("tron").explorer_tx == own
        assert registry.network("base").explorer_tx == "https://basescan.org/tx/{txid}"

    @pytest.mark.parametrize(
        "value",
        [
            "explorer",
            "javascript:{txid}",
            "https://example.com/tx/",
            "https://e.com/{txid}{x}",
            "https://e.com/{x}",
            "https://e.com/{",
        ],
    )
    def test_an_explorer_that_is_no_address_of_transactions_is_refused(self, from_env, value):
        with pytest.raises(ImproperlyConfigured, match=r"ETHEREUM_EXPLORER_TX must be a URL with \{txid\}"):
            from_env(ETHEREUM_EXPLORER_TX=value)

    def test_a_wallet_is_told_of_public_nodes_only(self, from_env):
        from_env(ETHEREUM_RPC_URL="https://node.example.com/key", ETHEREUM_WALLET_RPC_URL="https://public.example.com")

        assert registry.network("ethereum").wallet_rpc_urls == ("https://public.example.com",)
        assert registry.network("base").wallet_rpc_urls == ()

    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("ETHEREUM_WALLET_RPC_URL", "http://node.example.com", "must be public https URLs"),
            ("ETHEREUM_WALLET_RPC_URL", "https://me:secret@node.example.com", "must be public https URLs"),
            ("TRON_WALLET_RPC_URL", "https://node.example.com", "only wallets of EVM chains"),
        ],
    )
    def test_a_node_that_no_wallet_may_be_told_of_is_refused(self, from_env, name, value, problem):
        with pytest.raises(ImproperlyConfigured, match=problem) as refusal:
            from_env(**{name: value})

        assert "secret" not in str(refusal.value)

    def test_a_token_can_be_added(self, from_env):
        from_env(POLYGON_EURC_CONTRACT=TOKEN, POLYGON_EURC_DECIMALS="6", POLYGON_USDC_DECIMALS="")

        assert [asset.code for asset in registry.network("polygon").assets] == ["POL", "USDT", "USDC", "EURC"]
        assert registry.asset("polygon", "EURC").decimals == 6

    def test_another_value_of_the_setting_is_seen_at_once(self, from_env):
        from_env(ETHEREUM_RPC_URL="http://127.0.0.1:1")
        before = registry.reader("ethereum")

        from_env(ETHEREUM_RPC_URL="http://127.0.0.1:2")

        assert registry.network("ethereum").rpc_urls == ("http://127.0.0.1:2",)
        assert registry.reader("ethereum") is not before

    def test_what_is_unknown_is_said_to_be(self, from_env):
        from_env()

        assert registry.find_network("nowhere") is None
        assert registry.asset("nowhere", "DOGE") is None
        assert registry.asset("tron", "DOGE") is None
        with pytest.raises(LookupError):
            registry.network("nowhere")


class TestEnvironment:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("ETHEREUM_RPC_URL", "localhost:8545"),
            ("ETHEREUM_RPC_URL", "ftp://node"),
            ("ETHEREUM_RPC_URL", "http://"),
            ("ETHEREUM_RPC_URL", "https://user:very-secret@node:99999"),
            ("ETHEREUM_NETWORK", "Mainnet"),
            ("ETHEREUM_NETWORK", "shasta"),
            ("ETHEREUM_CHAIN_ID", "0x1"),
            ("ETHEREUM_CHAIN_ID", "0"),
            ("ETHEREUM_CHAIN_ID", "-1"),
            ("ETHEREUM_CHAIN_ID", "9" * 30),
            ("ETHEREUM_USDT_CONTRACT", "0x12"),
            ("ETHEREUM_USDT_CONTRACT", TOKEN.replace("5aA", "5aa")),
            ("ETHEREUM_USDT_CONTRACT", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
            ("TRON_USDT_CONTRACT", TOKEN),
            ("ETHEREUM_USDT_DECIMALS", "six"),
            ("ETHEREUM_USDT_DECIMALS", "37"),
            ("ETHEREUM_USDT_DECIMALS", "-6"),
            ("ETHEREUM_USDT_DECIMALS", "٦"),
            ("ETHEREUM_ETH_CONTRACT", TOKEN),
            ("ETHEREUM_CONFIRMATIONS", "3,12"),
            ("ETHEREUM_CONFIRMATIONS", "3,12,never"),
            ("ETHEREUM_CONFIRMATIONS", "12,3,20"),
            ("ETHEREUM_CONFIRMATIONS", "finalized,3,20"),
            ("ETHEREUM_CONFIRMATIONS", "0,1,2"),
            ("ETHEREUM_CONFIRMATIONS", "1,2,1001"),
            ("ETHEREUM_BLOCK_RANGE", "0"),
            ("ETHEREUM_BATCH_SIZE", "lots"),
            ("TRON_JSONRPC_URL", "tron:50545/jsonrpc"),
            ("BITCOIN_NETWORK", "testnet5"),
            ("BITCOIN_CHAIN_ID", "1"),
            ("BITCOIN_USDT_CONTRACT", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
            ("SOLANA_CHAIN_ID", "1"),
            ("SOLANA_NETWORK", "devnet"),
            ("SOLANA_USDC_CONTRACT", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1vv"),
            ("XRP_RLUSD_CONTRACT", "rMxCKbEDwqr76QuheSUMdEGf4B9xJ8m5De"),
            ("CARDANO_API_URL", "cardano-mainnet.blockfrost.io"),
        ],
    )
    def test_garbage_stops_the_start_and_names_the_variable(self, name, value):
        with pytest.raises(ImproperlyConfigured, match=rf"^{name} ") as refusal:
            chains_from_env({name: value})

        assert "very-secret" not in str(refusal.value)

    @pytest.mark.parametrize(
        ("environ", "named"),
        [
            ({"ETHEREUM_EURC_CONTRACT": TOKEN}, "ETHEREUM_EURC_DECIMALS"),
            ({"ETHEREUM_EURC_DECIMALS": "6"}, "ETHEREUM_EURC_CONTRACT"),
            ({"ETHEREUM_USDC_CONTRACT": TOKEN, "ETHEREUM_USDT_CONTRACT": TOKEN.lower()}, "ETHEREUM_USDT_CONTRACT"),
            ({"ETHEREUM_TETHER_CONTRACT": KNOWN_USDT, "ETHEREUM_TETHER_DECIMALS": "6"}, "ETHEREUM_TETHER_CONTRACT"),
        ],
    )
    def test_half_a_token_and_a_token_twice_are_refused(self, environ, named):
        with pytest.raises(ImproperlyConfigured, match=rf"^{named} "):
            chains_from_env(environ)

    def test_what_is_not_about_chains_is_left_alone(self):
        assert chains_from_env({"HOME": "/root", "BASE_URL": "x", "API_BASE_URL": "y", "BASE_RPC_URL": ""}) == {}

    def test_cardano_is_read_over_an_interface_with_a_key(self):
        assert chains_from_env(
            {"CARDANO_API_URL": "https://cardano.example.com/api/v0", "CARDANO_API_KEY": "mainnetKey"}
        ) == {"cardano": {"rpc_urls": ["https://cardano.example.com/api/v0"], "options": {"api_key": "mainnetKey"}}}

    def test_a_mint_may_lie_off_the_curve(self):
        mint = "F4YA4H7HeXLCvjLRKdh56FgE4cyHpPqLP1VCM6fEqEmX"

        found = chains_from_env({"SOLANA_EURC_CONTRACT": mint, "SOLANA_EURC_DECIMALS": "6"})

        assert found == {"solana": {"tokens": {"EURC": {"contract": mint, "decimals": 6}}}}

    def test_the_reader_gets_its_options(self):
        assert chains_from_env(
            {"TRON_API_KEY": " k ", "TRON_JSONRPC_URL": "http://t:50545/jsonrpc", "TRON_BLOCK_RANGE": "7"}
        ) == {"tron": {"options": {"api_key": "k", "jsonrpc_urls": "http://t:50545/jsonrpc", "block_range": "7"}}}
