// bcoin gives its development chain addresses of its own; here it writes them as Bitcoin Core does (bcrt1…, m…, 2…).
const { regtest } = require(`${process.env.BCOIN_HOME}/lib/protocol/networks`);
Object.assign(regtest.addressPrefix, { pubkeyhash: 0x6f, scripthash: 0xc4, bech32: 'bcrt' });
