//! x
use crate::args::{Global, TuiArgs};
use crate::exit::{Exit, Failure};
/// x
pub async fn run(_global: &Global, _args: &TuiArgs) -> Result<Exit, Failure> {
    Ok(Exit::Ok)
}
