"""A foreign implementation of SCALE, of the RPC and of the decryption talks to a dev chain.

Arguments: URL, number of the subnet. Prints `ok` at the end; anything that is not as it should be
raises. Alice has stake, Bob has too little, Charlie has none.
"""

import sys

from async_substrate_interface import SubstrateInterface
from async_substrate_interface.errors import SubstrateRequestException
from bittensor_core import Keypair, decrypt_with_signature

PALLET = "SubtensorModule"


class Signer:
    """A key whose payload to sign may be the codec's own kind of bytes."""

    def __init__(self, uri):
        self.keypair = Keypair.create_from_uri(uri)
        self.crypto_type = 1
        self.ss58_format = 42
        self.public_key = bytes(self.keypair.public_key)
        self.ss58_address = self.keypair.ss58_address

    def sign(self, data):
        return self.keypair.sign(bytes(getattr(data, "data", data)))


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: expected {wanted!r}, got {got!r}")


def plain(value):
    return getattr(value, "value", value)


def read(chain, netuid, alice):
    expect("prefix", chain.ss58_format, 42)
    expect("tempo", chain.query(PALLET, "Tempo", [netuid]).value, 20)
    expect("uid", chain.query(PALLET, "Uids", [netuid, alice.ss58_address]).value, 0)
    expect("limit", chain.query(PALLET, "MaxWeightsLimit", [netuid]).value, 65535)
    expect("nonce", chain.query("System", "Account", [alice.ss58_address]).value["nonce"], 0)
    keys = {plain(uid): plain(key) for uid, key in chain.query_map(PALLET, "Keys", [netuid])}
    expect("hotkeys", len(keys), 3)
    expect("first hotkey", keys[0], alice.ss58_address)
    expect("constant", chain.get_constant("System", "SS58Prefix").value, 42)
    beacon = chain.query("Drand", "BeaconConfig").value
    expect("beacon period", beacon["period"], 1)
    head = chain.get_chain_finalised_head()
    number = chain.get_block_number(head)
    expect("hash by number", chain.get_block_hash(number), head)
    block = chain.get_block(head)
    call = block["extrinsics"][0].value["call"]
    expect("inherent", (call["call_module"], call["call_function"]), ("Timestamp", "set"))


def read_runtime_apis(chain, netuid, alice):
    api = "SubnetInfoRuntimeApi"
    graph = chain.runtime_call(api, "get_metagraph", [netuid])
    expect("permits", list(graph["validator_permit"]), [True, False, False])
    expect("stake", list(graph["total_stake"]), [1000, 500, 0])
    expect("owner of uid 0", graph["hotkeys"][0], alice.ss58_address)
    part = chain.runtime_call(api, "get_selective_metagraph", [netuid, [8, 57]])
    expect("tempo", part["tempo"], 20)
    expect("not asked for", part["hotkeys"], None)
    neurons = chain.runtime_call("NeuronInfoRuntimeApi", "get_neurons_lite", [netuid])
    expect("uids", [neuron["uid"] for neuron in neurons], [0, 1, 2])
    params = chain.runtime_call(api, "get_subnet_hyperparams_v3", [netuid])
    values = {entry["name"]: entry["value"] for entry in params}
    expect("commit-reveal", values["commit_reveal_weights_enabled"], {"Bool": False})
    start = chain.runtime_call(api, "get_next_epoch_start_block", [netuid])
    expect("epoch length", start % 20, 0)


def submit(chain, netuid, keypair, uids, weights):
    call = chain.compose_call(
        PALLET,
        "set_weights",
        {"netuid": netuid, "dests": uids, "weights": weights, "version_key": 0},
    )
    extrinsic = chain.create_signed_extrinsic(call, keypair, era={"period": 64})
    return chain.submit_extrinsic(extrinsic, wait_for_inclusion=True)


def write(chain, netuid, alice, bob):
    receipt = submit(chain, netuid, alice, [1, 2], [100, 300])
    expect("weights", receipt.is_success, True)
    stored = chain.query(PALLET, "Weights", [netuid, 0], block_hash=receipt.block_hash).value
    expect("stored", [tuple(entry) for entry in stored], [(1, 21845), (2, 65535)])
    names = [event["event"]["event_id"] for event in chain.get_events(receipt.block_hash)]
    if "WeightsSet" not in names:
        raise AssertionError(f"no WeightsSet among {names}")
    receipt = submit(chain, netuid, alice, [1, 1], [1, 1])
    expect("twice the same", receipt.is_success, False)
    expect("its error", receipt.error_message["name"], "DuplicateUids")
    try:
        submit(chain, netuid, bob, [1], [1])
    except SubstrateRequestException as error:
        if "Custom error: 1" not in str(error):
            raise
    else:
        raise AssertionError("weights of someone without enough stake were taken")


def decrypt(chain, netuid, block_hash, epoch, alice):
    """A commit that is in storage opens with the round that the chain has stored."""
    stored = chain.query(
        PALLET, "TimelockedWeightCommits", [netuid, epoch], block_hash=block_hash
    ).value
    hotkey, _, commit, reveal_round = stored[0]
    expect("committer", hotkey, alice.ss58_address)
    commit = bytes.fromhex(commit.removeprefix("0x")) if isinstance(commit, str) else bytes(commit)
    pulse = chain.query("Drand", "Pulses", [reveal_round]).value
    signature = pulse["signature"]
    signature = signature.removeprefix("0x") if isinstance(signature, str) else bytes(signature).hex()
    length = len(commit)
    if not 64 <= length < 2**14:
        raise AssertionError(f"a commit of {length} bytes")
    envelope = (length << 2 | 1).to_bytes(2, "little") + commit + reveal_round.to_bytes(8, "little")
    opened = bytes(decrypt_with_signature(envelope, signature))
    expect("hotkey inside", opened[1:33], alice.public_key)
    expect("uids and values inside", opened[33:43].hex(), "080100020008" + "6400" + "2c01")


def main():
    url, netuid = sys.argv[1], int(sys.argv[2])
    alice = Signer("//Alice")
    bob = Signer("//Bob")
    with SubstrateInterface(url, ss58_format=42, chain_name="Bittensor") as chain:
        if len(sys.argv) > 3:
            decrypt(chain, netuid, sys.argv[3], int(sys.argv[4]), alice)
        else:
            read(chain, netuid, alice)
            read_runtime_apis(chain, netuid, alice)
            write(chain, netuid, alice, bob)
    print("ok")


main()
