//! Runtime APIs: functions of a state that clients call by name with `state_call`.

pub mod hyperparams;
pub mod metagraph;
pub mod neurons;

use frame_metadata::v15;
use parity_scale_codec::{DecodeAll, Encode};
use scale_info::form::MetaForm;
use scale_info::{MetaType, TypeInfo, meta_type};

use crate::metadata::{self, OpaqueExtrinsic};
use crate::pallets::subtensor::network::next_epoch_start;
use crate::pallets::system::{self, DispatchClass, Weight};
use crate::runtime::{RuntimeVersion, SPEC_NAME};
use crate::storage::State;
use crate::types::{AccountId32, Cow, MechId, NetUid, TaoBalance};

/// Metadata as bytes within bytes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
pub struct OpaqueMetadata(pub Vec<u8>);

/// The runtime's version with its APIs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
pub struct ApiRuntimeVersion {
    /// Name of the runtime.
    pub spec_name: Cow<String>,
    /// Name of the implementation.
    pub impl_name: Cow<String>,
    /// Version of block production.
    pub authoring_version: u32,
    /// Version of the runtime.
    pub spec_version: u32,
    /// Version of the implementation.
    pub impl_version: u32,
    /// Runtime APIs by hash of the name, with their versions.
    pub apis: Cow<Vec<([u8; 8], u32)>>,
    /// Version of the transactions.
    pub transaction_version: u32,
    /// Version of the state's layout.
    pub system_version: u8,
}

/// What an extrinsic would cost.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
pub struct RuntimeDispatchInfo {
    /// Its cost.
    pub weight: Weight,
    /// Its class.
    pub class: DispatchClass,
    /// Its fee without the tip (rao); no call of this chain has one.
    pub partial_fee: TaoBalance,
}

/// Why a runtime API can't be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No such function.
    #[error("Execution failed: Other: Exported method {0} is not found")]
    Unknown(String),
    /// Arguments that aren't what the function takes.
    #[error("Execution failed: Bad input data provided to {method}: {reason}")]
    Arguments {
        /// The function.
        method: String,
        /// What is wrong.
        reason: String,
    },
}

type Run = Box<dyn Fn(&State<'_>, &[u8]) -> Result<Vec<u8>, parity_scale_codec::Error>>;

struct Method {
    api: &'static str,
    name: &'static str,
    inputs: Vec<(&'static str, MetaType)>,
    output: MetaType,
    run: Run,
}

/// The function that a runtime with legacy epochs doesn't have.
const NEXT_EPOCH: &str = "get_next_epoch_start_block";

/// Versions of the APIs, as the real runtime has them.
const APIS: [(&str, u32); 6] = [
    ("Core", 5),
    ("Metadata", 2),
    ("AccountNonceApi", 1),
    ("TransactionPaymentApi", 4),
    ("NeuronInfoRuntimeApi", 1),
    ("SubnetInfoRuntimeApi", 2),
];

/// Calls a function by its name, such as `Core_version`, with its arguments as SCALE.
pub fn call(state: &State<'_>, method: &str, arguments: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut methods = methods(system::runtime(state)).into_iter();
    let found = methods.find(|known| {
        method
            .strip_prefix(known.api)
            .and_then(|rest| rest.strip_prefix('_'))
            == Some(known.name)
    });
    let Some(found) = found else {
        return Err(ApiError::Unknown(method.to_owned()));
    };
    (found.run)(state, arguments).map_err(|error| ApiError::Arguments {
        method: method.to_owned(),
        reason: error.to_string(),
    })
}

/// All functions, for the metadata.
pub fn metadata(runtime: RuntimeVersion) -> Vec<v15::RuntimeApiMetadata<MetaForm>> {
    let mut methods = methods(runtime);
    let api = |(name, _): (&'static str, u32)| {
        let of_api = methods.extract_if(.., |method| method.api == name);
        v15::RuntimeApiMetadata {
            name,
            methods: of_api.map(method_metadata).collect(),
            docs: Vec::new(),
        }
    };
    APIS.into_iter().map(api).collect()
}

/// The version of a state's runtime.
pub fn version(state: &State<'_>) -> ApiRuntimeVersion {
    let runtime = system::runtime(state);
    ApiRuntimeVersion {
        spec_name: Cow(SPEC_NAME.to_owned()),
        impl_name: Cow(SPEC_NAME.to_owned()),
        authoring_version: 1,
        spec_version: runtime.spec_version,
        impl_version: 1,
        apis: Cow(APIS
            .iter()
            .map(|(name, version)| (sp_crypto_hashing::blake2_64(name.as_bytes()), *version))
            .collect()),
        transaction_version: runtime.transaction_version,
        system_version: 1,
    }
}

fn methods(runtime: RuntimeVersion) -> Vec<Method> {
    let mut methods = core_methods();
    methods.extend(subnet_methods());
    if runtime.legacy_epochs {
        methods.retain(|method| method.name != NEXT_EPOCH);
    }
    methods
}

fn core_methods() -> Vec<Method> {
    vec![
        method("Core", "version", vec![], |state, ()| version(state)),
        method("Metadata", "metadata", vec![], |state, ()| {
            let bytes = metadata::encoded(14, system::runtime(state));
            OpaqueMetadata(bytes.unwrap_or_default())
        }),
        method(
            "Metadata",
            "metadata_at_version",
            vec![("version", meta_type::<u32>())],
            |state, (version,): (u32,)| {
                metadata::encoded(version, system::runtime(state)).map(OpaqueMetadata)
            },
        ),
        method("Metadata", "metadata_versions", vec![], |_, ()| {
            metadata::VERSIONS.to_vec()
        }),
        method(
            "AccountNonceApi",
            "account_nonce",
            vec![("account", meta_type::<AccountId32>())],
            |state, (account,): (AccountId32,)| system::ACCOUNT.get(state, (account,)).nonce,
        ),
        method(
            "TransactionPaymentApi",
            "query_info",
            vec![
                ("uxt", meta_type::<OpaqueExtrinsic>()),
                ("len", meta_type::<u32>()),
            ],
            |_, _: (Vec<u8>, u32)| RuntimeDispatchInfo {
                weight: Weight::default(),
                class: DispatchClass::Normal,
                partial_fee: TaoBalance(0),
            },
        ),
    ]
}

fn subnet_methods() -> Vec<Method> {
    let netuid = || ("netuid", meta_type::<NetUid>());
    let mechanism = |name| (name, meta_type::<MechId>());
    let indexes = || ("metagraph_indexes", meta_type::<Vec<u16>>());
    let subnet = |name, inputs| ("SubnetInfoRuntimeApi", name, inputs);
    let first = MechId(0);
    vec![
        method(
            "NeuronInfoRuntimeApi",
            "get_neurons_lite",
            vec![netuid()],
            |state, (netuid,): (NetUid,)| neurons::all(state, netuid),
        ),
        method(
            "NeuronInfoRuntimeApi",
            "get_neuron_lite",
            vec![netuid(), ("uid", meta_type::<u16>())],
            |state, (netuid, uid): (NetUid, u16)| neurons::one(state, netuid, uid),
        ),
        method_of(
            subnet("get_metagraph", vec![netuid()]),
            move |state, (netuid,): (NetUid,)| metagraph::full(state, netuid, first),
        ),
        method_of(
            subnet("get_mechagraph", vec![netuid(), mechanism("mecid")]),
            |state, (netuid, mechanism): (NetUid, MechId)| {
                metagraph::full(state, netuid, mechanism)
            },
        ),
        method_of(
            subnet("get_selective_metagraph", vec![netuid(), indexes()]),
            move |state, (netuid, indexes): (NetUid, Vec<u16>)| {
                metagraph::selective(state, netuid, first, &indexes)
            },
        ),
        method_of(
            subnet(
                "get_selective_mechagraph",
                vec![netuid(), mechanism("subid"), indexes()],
            ),
            |state, (netuid, mechanism, indexes): (NetUid, MechId, Vec<u16>)| {
                metagraph::selective(state, netuid, mechanism, &indexes)
            },
        ),
        method_of(
            subnet(NEXT_EPOCH, vec![netuid()]),
            |state, (netuid,): (NetUid,)| next_epoch_start(state, netuid),
        ),
        method_of(
            subnet("get_subnet_hyperparams_v3", vec![netuid()]),
            |state, (netuid,): (NetUid,)| hyperparams::of(state, netuid),
        ),
    ]
}

fn method_of<I: DecodeAll, O: Encode + TypeInfo + 'static>(
    (api, name, inputs): (&'static str, &'static str, Vec<(&'static str, MetaType)>),
    run: impl Fn(&State<'_>, I) -> O + 'static,
) -> Method {
    Method {
        api,
        name,
        inputs,
        output: meta_type::<O>(),
        run: Box::new(move |state, mut arguments| {
            Ok(run(state, I::decode_all(&mut arguments)?).encode())
        }),
    }
}

fn method<I: DecodeAll, O: Encode + TypeInfo + 'static>(
    api: &'static str,
    name: &'static str,
    inputs: Vec<(&'static str, MetaType)>,
    run: impl Fn(&State<'_>, I) -> O + 'static,
) -> Method {
    method_of((api, name, inputs), run)
}

fn method_metadata(method: Method) -> v15::RuntimeApiMethodMetadata<MetaForm> {
    let inputs = method.inputs.into_iter();
    v15::RuntimeApiMethodMetadata {
        name: method.name,
        inputs: inputs
            .map(|(name, ty)| v15::RuntimeApiMethodParamMetadata { name, ty })
            .collect(),
        output: method.output,
        docs: Vec::new(),
    }
}
