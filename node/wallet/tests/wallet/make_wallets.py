"""Makes wallets below a directory with Bittensor's wallet package, and checks one of ours.

Usage: make_wallets.py DIRECTORY PASSWORD
Prints a JSON list of [hotkey, address, variable with its password or null, value].
"""

import json
import sys

from bittensor_wallet import Keyfile, Keypair, Wallet


def main(root, password):
    made = []
    phrase = Keypair.generate_mnemonic(24)
    sources = {
        "phrase12": Keypair.create_from_mnemonic(Keypair.generate_mnemonic(12)),
        "phrase24": Keypair.create_from_mnemonic(phrase),
        "seed": Keypair.create_from_seed("0x" + "f7" * 32),
        "ascii-seed": Keypair.create_from_seed("0x" + "41" * 32),
        "uri": Keypair.create_from_uri("//Alice//hotkey"),
    }
    for name, keypair in sources.items():
        wallet = Wallet(name="python", hotkey=name, path=root)
        wallet.set_hotkey(keypair, encrypt=False, overwrite=True)
        wallet.set_hotkeypub(keypair, encrypt=False, overwrite=True)
        made.append([name, keypair.ss58_address, None, None])

    sealed = Keyfile(f"{root}/python/hotkeys/sealed", "sealed", True)
    sealed.set_keypair(sources["uri"], encrypt=True, overwrite=True, password=password)
    value = sealed.save_password_to_env(password)
    made.append(["sealed", sources["uri"].ss58_address, sealed.env_var_name(), value])

    for name in ("plain", "encrypted"):
        ours = Keyfile(f"{root}/rust/hotkeys/{name}", name, False)
        keypair = ours.get_keypair(password) if name == "encrypted" else ours.get_keypair()
        assert keypair.verify(b"message", keypair.sign(b"message"))
        made.append([f"rust/{name}", keypair.ss58_address, None, None])
    print("\n" + json.dumps(made))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
