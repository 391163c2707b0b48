//! The checks of a weights call, in the order and under the names of the real chain.

use std::collections::BTreeSet;

use assay_chain::WeightsRefusal;
use assay_chain::dev::SetWeights;
use assay_consensus::envelope::Signed;

use super::chain::DevChain;

/// A weights call that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}: {message}")]
pub struct Refused {
    /// The named reason.
    pub refusal: WeightsRefusal,
    /// What was expected and what came.
    pub message: String,
}

/// Checks a call against the state in which the next block would run it.
pub(super) fn check(chain: &DevChain, signed: &Signed<SetWeights>) -> Result<(), Refused> {
    check_envelope(chain, signed)?;
    check_shape(chain, &signed.payload)?;
    check_signer(chain, signed)?;
    check_entries(chain, signed)
}

/// What the real chain checks of every extrinsic: signature, nonce, era.
fn check_envelope(chain: &DevChain, signed: &Signed<SetWeights>) -> Result<(), Refused> {
    let network = chain.info().signing_network();
    signed
        .clone()
        .verify(&network)
        .map_err(|error| refused(WeightsRefusal::BadSignature, error))?;
    let call = &signed.payload;
    let nonce = chain.next_nonce(&signed.signer);
    ensure(call.nonce == nonce, WeightsRefusal::BadNonce, || {
        format!("expected nonce {nonce}, got {}", call.nonce)
    })?;
    let epoch = chain.epoch_of(chain.next_number());
    ensure(call.epoch == epoch, WeightsRefusal::WrongEpoch, || {
        format!(
            "the next block is in epoch {epoch}, the weights are for {}",
            call.epoch
        )
    })
}

fn check_shape(chain: &DevChain, call: &SetWeights) -> Result<(), Refused> {
    let config = chain.config();
    ensure(
        !config.commit_reveal,
        WeightsRefusal::CommitRevealEnabled,
        || "this subnet wants commitments".into(),
    )?;
    ensure(
        call.netuid != 0,
        WeightsRefusal::CanNotSetRootNetworkWeights,
        || "subnet 0 takes no weights".into(),
    )?;
    let (uids, weights) = (call.dests.len(), call.weights.len());
    ensure(
        uids == weights,
        WeightsRefusal::WeightVecNotEqualSize,
        || format!("{uids} uids, {weights} weights"),
    )?;
    let netuid = config.netuid;
    ensure(
        call.netuid == netuid,
        WeightsRefusal::MechanismDoesNotExist,
        || format!("there is subnet {netuid}, not {}", call.netuid),
    )?;
    let neurons = chain.latest_neurons().len();
    ensure(
        uids <= neurons,
        WeightsRefusal::UidsLengthExceedUidsInSubNet,
        || format!("{uids} uids, {neurons} neurons"),
    )
}

fn check_signer(chain: &DevChain, signed: &Signed<SetWeights>) -> Result<(), Refused> {
    let (config, call, signer) = (chain.config(), &signed.payload, &signed.signer);
    let neuron = chain
        .latest_neurons()
        .iter()
        .find(|neuron| neuron.hotkey == *signer)
        .ok_or_else(|| refused(WeightsRefusal::HotKeyNotRegisteredInSubNet, signer))?;
    let (stake, threshold) = (neuron.stake, config.stake_threshold);
    ensure(
        stake >= threshold,
        WeightsRefusal::NotEnoughStakeToSetWeights,
        || format!("expected a stake of at least {threshold}, got {stake}"),
    )?;
    let (key, oldest) = (call.version_key, config.weights_version_key);
    let is_current = oldest == 0 || key >= oldest;
    ensure(
        is_current,
        WeightsRefusal::IncorrectWeightVersionKey,
        || format!("expected a version key of at least {oldest}, got {key}"),
    )?;
    let (block, last) = (chain.next_number(), chain.last_update(signer));
    let pause = config.weights_rate_limit_blocks;
    let is_rested = last == 0 || block.saturating_sub(last) >= pause;
    ensure(is_rested, WeightsRefusal::SettingWeightsTooFast, || {
        format!("last at block {last}, this would be {block}, expected {pause} blocks between")
    })?;
    let is_self_weight = call.dests.as_slice() == [neuron.uid];
    let may_set = neuron.validator_permit || is_self_weight;
    ensure(may_set, WeightsRefusal::NeuronNoValidatorPermit, || {
        format!("uid {} has no validator permit", neuron.uid)
    })
}

fn check_entries(chain: &DevChain, signed: &Signed<SetWeights>) -> Result<(), Refused> {
    let (config, call) = (chain.config(), &signed.payload);
    let unique: BTreeSet<u16> = call.dests.iter().copied().collect();
    ensure(
        unique.len() == call.dests.len(),
        WeightsRefusal::DuplicateUids,
        || "a uid appears twice".into(),
    )?;
    let neurons = chain.latest_neurons();
    let unknown = unique
        .iter()
        .find(|uid| !neurons.iter().any(|neuron| neuron.uid == **uid));
    ensure(
        unknown.is_none(),
        WeightsRefusal::UidVecContainInvalidOne,
        || {
            format!(
                "uid {} is not in the subnet",
                unknown.copied().unwrap_or_default()
            )
        },
    )?;
    let fewest = usize::from(config.min_allowed_weights).min(neurons.len());
    let got = call.dests.len();
    let is_self_weight = got == 1
        && neurons
            .iter()
            .any(|n| n.hotkey == signed.signer && unique.contains(&n.uid));
    ensure(got >= fewest, WeightsRefusal::WeightVecLengthIsLow, || {
        format!("expected at least {fewest} entries, got {got}")
    })?;
    let sum: u64 = call.weights.iter().copied().map(u64::from).sum();
    let max = call.weights.iter().copied().max().map_or(0, u64::from);
    let limit = u64::from(config.max_weight_limit);
    let is_within =
        limit == u64::from(u16::MAX) || is_self_weight || max * u64::from(u16::MAX) <= limit * sum;
    ensure(is_within, WeightsRefusal::MaxWeightExceeded, || {
        format!("{max} of {sum} is more than {limit}/65535")
    })
}

fn ensure(
    holds: bool,
    refusal: WeightsRefusal,
    message: impl FnOnce() -> String,
) -> Result<(), Refused> {
    if holds {
        Ok(())
    } else {
        Err(refused(refusal, message()))
    }
}

fn refused(refusal: WeightsRefusal, message: impl ToString) -> Refused {
    Refused {
        refusal,
        message: message.to_string(),
    }
}
