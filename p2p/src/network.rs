//! Starting the network.

use std::{
    collections::HashSet,
    net::{IpAddr, TcpListener},
    num::{NonZeroU8, NonZeroUsize},
    sync::{Arc, Mutex},
    time::Duration,
};

use libp2p::{
    Multiaddr, Swarm, SwarmBuilder, core::transport::ListenerId, multiaddr::Protocol, noise, quic,
    swarm, tcp, yamux,
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    time,
};

use crate::{
    behaviour::Behaviour,
    config::NetworkConfig,
    driver::{Driver, Ends, EventSink},
    error::StartError,
    event::NetworkEvent,
    handle::{Inner, NetworkHandle},
    limits,
    metrics::Metrics,
};

/// The network: a task that lives until [`NetworkHandle::shutdown`].
#[derive(Debug)]
pub struct Network;

impl Network {
    /// Starts the network task on the current tokio runtime and returns once every address is
    /// listened on. Dialling of the bootstrap list goes on in the background.
    ///
    /// # Errors
    /// A setting out of its range, or an address that cannot be listened on.
    pub async fn start(
        config: NetworkConfig,
    ) -> Result<(NetworkHandle, mpsc::Receiver<NetworkEvent>), StartError> {
        config.check()?;
        let network_hex: String = config
            .network_id
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut swarm = build_swarm(&config, &network_hex)?;
        let listeners = listen(&mut swarm, &config)?;

        let metrics = Arc::new(Metrics::default());
        let (commands, command_queue) = mpsc::channel(limits::COMMAND_QUEUE);
        let (events, event_queue) = mpsc::channel(config.event_queue);
        let (listening, addresses) = watch::channel(Vec::new());
        let (ready, is_ready) = oneshot::channel();
        let ends = Ends {
            commands: command_queue,
            events: EventSink::new(events, Arc::clone(&metrics)),
            listening,
            ready,
            metrics: Arc::clone(&metrics),
        };
        let local = config.key.peer_id();
        let max_blob_bytes = config.max_blob_bytes;
        let driver = Driver::new(config, network_hex, swarm, listeners, ends);
        let handle = NetworkHandle(Arc::new(Inner {
            local,
            commands,
            listening: addresses,
            metrics,
            fetches: Semaphore::new(limits::MAX_CONCURRENT_FETCHES),
            max_blob_bytes,
            task: Mutex::new(Some(tokio::spawn(driver.run()))),
        }));

        match time::timeout(limits::LISTEN_DEADLINE, is_ready).await {
            Ok(Ok(())) => Ok((handle, event_queue)),
            _ => {
                handle.shutdown().await;
                Err(StartError::ListenDeadline {
                    seconds: limits::LISTEN_DEADLINE.as_secs(),
                })
            }
        }
    }
}

fn build_swarm(config: &NetworkConfig, network_hex: &str) -> Result<Swarm<Behaviour>, StartError> {
    let failed = |setting, reason: String| StartError::Setting { setting, reason };
    let behaviour = Behaviour::new(config, network_hex)?;
    let yamux = || {
        let mut yamux = yamux::Config::default();
        yamux.set_max_num_streams(limits::MAX_YAMUX_STREAMS);
        yamux
    };
    let quic = |mut quic: quic::Config| {
        quic.max_idle_timeout = u32::try_from(limits::QUIC_IDLE.as_millis()).unwrap_or(u32::MAX);
        quic.keep_alive_interval = limits::QUIC_IDLE / 4;
        quic
    };
    let swarm_settings = |settings: swarm::Config| {
        settings
            // Peers stay connected without traffic; silent and foreign ones are cut off by us.
            .with_idle_connection_timeout(Duration::from_secs(u64::from(u32::MAX)))
            .with_dial_concurrency_factor(NonZeroU8::MIN.saturating_add(3))
            .with_notify_handler_buffer_size(NonZeroUsize::MIN.saturating_add(63))
            .with_per_connection_event_buffer_size(64)
            .with_max_negotiating_inbound_streams(limits::MAX_STREAMS_PER_PROTOCOL)
    };
    let builder = SwarmBuilder::with_existing_identity(config.key.keypair())
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux,
        )
        .map_err(|error| failed("tcp", error.to_string()))?
        .with_quic_config(quic);
    let swarm = builder
        .with_behaviour(|_| behaviour)
        .map_err(|error| failed("behaviour", error.to_string()))?
        .with_swarm_config(swarm_settings)
        .build();
    Ok(swarm)
}

fn listen(
    swarm: &mut Swarm<Behaviour>,
    config: &NetworkConfig,
) -> Result<HashSet<ListenerId>, StartError> {
    let mut listeners = HashSet::new();
    for address in &config.listen {
        probe(address)?;
        let listener = swarm
            .listen_on(address.clone())
            .map_err(|error| StartError::Listen {
                address: address.clone(),
                reason: error.to_string(),
            })?;
        listeners.insert(listener);
    }
    for address in &config.external {
        swarm.add_external_address(address.clone());
    }
    Ok(listeners)
}

/// libp2p shares TCP ports (SO_REUSEPORT), so two nodes on one port would each get some of the
/// connections and no error. A listener that does not share finds out.
fn probe(address: &Multiaddr) -> Result<(), StartError> {
    let mut parts = address.iter();
    let ip = match parts.next() {
        Some(Protocol::Ip4(ip)) => IpAddr::V4(ip),
        Some(Protocol::Ip6(ip)) => IpAddr::V6(ip),
        _ => return Ok(()),
    };
    let Some(Protocol::Tcp(port)) = parts.next() else {
        return Ok(());
    };
    TcpListener::bind((ip, port))
        .map(drop)
        .map_err(|error| StartError::Listen {
            address: address.clone(),
            reason: error.to_string(),
        })
}
