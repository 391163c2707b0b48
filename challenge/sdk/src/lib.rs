//! Guest SDK for challenge modules: ABI types, the Challenge and Host traits, register_challenge!.
