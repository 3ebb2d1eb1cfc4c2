// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Passes the network's coin on from inside a contract, or refuses it.
contract Till {
    function pass(address payable to) external payable {
        (bool sent, ) = to.call{value: msg.value}("");
        require(sent, "not accepted");
    }

    receive() external payable {
        revert("closed");
    }
}
