// Writes compiled.json: node compile.js <directory of the npm package solc>
const fs = require("fs");
const path = require("path");
const solc = require(path.resolve(process.argv[2]));

const names = ["Coin", "SilentCoin", "Till"];
const source = (name) => fs.readFileSync(path.join(__dirname, `${name}.sol`), "utf8");
const input = {
  language: "Solidity",
  sources: Object.fromEntries(names.map((name) => [`${name}.sol`, { content: source(name) }])),
  settings: {
    evmVersion: "paris",
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.methodIdentifiers"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const problems = (output.errors || []).filter((problem) => problem.severity === "error");
if (problems.length) {
  throw new Error(problems.map((problem) => problem.formattedMessage).join("\n"));
}
const compiled = Object.fromEntries(
  names.map((name) => {
    const contract = output.contracts[`${name}.sol`][name];
    return [
      name,
      {
        abi: contract.abi,
        bytecode: `0x${contract.evm.bytecode.object}`,
        selectors: contract.evm.methodIdentifiers,
      },
    ];
  }),
);
fs.writeFileSync(path.join(__dirname, "compiled.json"), `${JSON.stringify(compiled, null, 2)}\n`);
