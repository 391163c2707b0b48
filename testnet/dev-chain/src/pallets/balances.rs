//! Pallet Balances, as far as the metadata needs it: the money itself is in pallet System's
//! accounts, and there is nothing to pay here but tips.

use crate::storage::storage;
use crate::types::TaoBalance;

storage! {
    pallet "Balances";
    /// All money (rao).
    TOTAL_ISSUANCE "TotalIssuance" () => TaoBalance;
}
