//! When to dial whom. Time and the state of connections are inputs.
//!
//! Bootstrap addresses are tried forever, with a pause that stays short: after a restart the
//! network must be whole again within a second or two. Other peers that were once connected are
//! tried with growing pauses and forgotten in the end. Announced addresses come as a whole list from
//! somewhere else and may be anybody's: they are tried as long as they stand there, ever more rarely,
//! and only while peers are wanted.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol, swarm::ConnectionId};
use tokio::time::Instant;

use crate::limits;

/// A dial to be made now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    target: Target,
    /// The peer that must answer, or `None` for whoever is there.
    pub(crate) peer: Option<PeerId>,
    pub(crate) addresses: Vec<Multiaddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Bootstrap(usize),
    Known(PeerId),
    Announced(u64),
}

#[derive(Debug)]
struct Entry {
    addresses: Vec<Multiaddr>,
    /// The peer behind the addresses, as configured or as last met.
    peer: Option<PeerId>,
    /// Whether another peer at the address is an error.
    fixed: bool,
    next: Instant,
    pause: Duration,
    failures: u32,
    dialing: bool,
}

#[derive(Debug)]
pub(crate) struct Dialer {
    local: PeerId,
    bootstrap: Vec<Entry>,
    known: BTreeMap<PeerId, Entry>,
    announced: BTreeMap<u64, Entry>,
    /// Number of the next announced entry; never used twice, so that dials find theirs or nothing.
    next_announced: u64,
    in_flight: HashMap<ConnectionId, Target>,
}

impl Dialer {
    pub(crate) fn new(local: PeerId, bootstrap: &[Multiaddr], now: Instant) -> Self {
        let mut dialer = Self {
            local,
            bootstrap: Vec::new(),
            known: BTreeMap::new(),
            announced: BTreeMap::new(),
            next_announced: 0,
            in_flight: HashMap::new(),
        };
        for address in bootstrap {
            dialer.add_bootstrap(address.clone(), now);
        }
        dialer
    }

    /// Adds an address to dial forever. Addresses of one peer are tried together.
    pub(crate) fn add_bootstrap(&mut self, mut address: Multiaddr, now: Instant) {
        let peer = match address.iter().last() {
            Some(Protocol::P2p(peer)) => {
                address.pop();
                Some(peer)
            }
            _ => None,
        };
        if peer == Some(self.local) {
            return;
        }
        let same = self.bootstrap.iter_mut().find(|entry| {
            entry.addresses.contains(&address)
                || (peer.is_some() && entry.fixed && entry.peer == peer)
        });
        match same {
            Some(entry) if entry.addresses.contains(&address) => {}
            Some(entry) => entry.addresses.push(address),
            None => self.bootstrap.push(Entry::new(vec![address], peer, now)),
        }
    }

    /// Takes the whole list of announced addresses. What stood there before keeps its pause, what no
    /// longer stands there is not dialled any more.
    pub(crate) fn set_announced(&mut self, addresses: &[Multiaddr], now: Instant) {
        let wanted: BTreeSet<&Multiaddr> = addresses.iter().take(limits::MAX_KNOWN_PEERS).collect();
        self.announced
            .retain(|_, entry| entry.addresses.iter().any(|known| wanted.contains(known)));
        for address in wanted {
            let mut known = self.announced.values();
            if known.any(|entry| entry.addresses.contains(address)) {
                continue;
            }
            let entry = Entry::new(vec![address.clone()], None, now);
            self.announced.insert(self.next_announced, entry);
            self.next_announced += 1;
        }
    }

    /// Remembers where a peer of this network listens. It is connected now.
    pub(crate) fn learn(&mut self, peer: PeerId, addresses: &[Multiaddr], now: Instant) {
        if addresses.is_empty() || peer == self.local {
            return;
        }
        if let Some(entry) = self.known.get_mut(&peer) {
            entry.addresses = addresses.to_vec();
            return;
        }
        if self.known.len() >= limits::MAX_KNOWN_PEERS {
            let worst = self.known.iter().max_by_key(|(_, entry)| entry.failures);
            match worst.map(|(peer, entry)| (*peer, entry.failures)) {
                Some((worst, failures)) if failures > 0 => self.known.remove(&worst),
                _ => return,
            };
        }
        self.known
            .insert(peer, Entry::new(addresses.to_vec(), Some(peer), now));
    }

    /// Forgets a peer that turned out to be none of ours.
    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.known.remove(peer);
    }

    /// Dials to be made now. `skip` says which peers are connected or banned; `more` whether
    /// peers beyond the bootstrap list are wanted.
    pub(crate) fn due(
        &mut self,
        now: Instant,
        more: bool,
        skip: impl Fn(&PeerId) -> bool,
    ) -> Vec<Plan> {
        let bootstrap = self
            .bootstrap
            .iter_mut()
            .enumerate()
            .map(|(index, entry)| (Target::Bootstrap(index), entry));
        let known = self
            .known
            .iter_mut()
            .filter(|_| more)
            .map(|(peer, entry)| (Target::Known(*peer), entry));
        let announced = self
            .announced
            .iter_mut()
            .filter(|_| more)
            .map(|(number, entry)| (Target::Announced(*number), entry));
        let mut plans = Vec::new();
        let mut expected = BTreeSet::new();
        for (target, entry) in bootstrap.chain(known).chain(announced) {
            if entry.dialing || entry.next > now || entry.peer.as_ref().is_some_and(&skip) {
                continue;
            }
            // One dial per peer, also where it is known only from the last time.
            if entry.peer.is_some() && !expected.insert(entry.peer) {
                continue;
            }
            let peer = entry.peer.filter(|_| entry.fixed);
            plans.push(Plan {
                target,
                peer,
                addresses: entry.addresses.clone(),
            });
        }
        plans
    }

    pub(crate) fn started(&mut self, plan: &Plan, connection: ConnectionId) {
        if let Some(entry) = self.entry(plan.target) {
            entry.dialing = true;
            self.in_flight.insert(connection, plan.target);
        }
    }

    pub(crate) fn connected(&mut self, connection: ConnectionId, peer: PeerId) {
        if let Some(target) = self.in_flight.remove(&connection)
            && let Some(entry) = self.entry(target)
        {
            entry.dialing = false;
            entry.peer = Some(peer);
        }
        for entry in self.entries_of(peer) {
            entry.pause = limits::REDIAL_MIN;
            entry.failures = 0;
        }
    }

    pub(crate) fn failed(&mut self, connection: ConnectionId, now: Instant) {
        let Some(target) = self.in_flight.remove(&connection) else {
            return;
        };
        let Some(entry) = self.entry(target) else {
            return;
        };
        entry.dialing = false;
        entry.next = now + entry.pause;
        entry.failures = entry.failures.saturating_add(1);
        let longest = match target {
            Target::Bootstrap(_) => limits::REDIAL_BOOTSTRAP_MAX,
            Target::Known(_) => limits::REDIAL_KNOWN_MAX,
            Target::Announced(_) => limits::REDIAL_ANNOUNCED_MAX,
        };
        entry.pause = (entry.pause * 2).min(longest);
        if let Target::Known(peer) = target
            && entry.failures >= limits::REDIAL_KNOWN_ATTEMPTS
        {
            self.known.remove(&peer);
        }
    }

    /// The address leads to ourselves: never dial it again.
    pub(crate) fn is_self(&mut self, connection: ConnectionId) {
        // The entry stays, marked as connected to the local peer, so that indices keep.
        let local = self.local;
        if let Some(target) = self.in_flight.remove(&connection)
            && let Some(entry) = self.entry(target)
        {
            entry.dialing = true;
            entry.peer = Some(local);
        }
    }

    pub(crate) fn disconnected(&mut self, peer: PeerId, now: Instant) {
        for entry in self.entries_of(peer) {
            entry.next = now + limits::REDIAL_MIN;
        }
    }

    fn entry(&mut self, target: Target) -> Option<&mut Entry> {
        match target {
            Target::Bootstrap(index) => self.bootstrap.get_mut(index),
            Target::Known(peer) => self.known.get_mut(&peer),
            Target::Announced(number) => self.announced.get_mut(&number),
        }
    }

    fn entries_of(&mut self, peer: PeerId) -> impl Iterator<Item = &mut Entry> {
        self.bootstrap
            .iter_mut()
            .chain(self.announced.values_mut())
            .filter(move |entry| entry.peer == Some(peer))
            .chain(self.known.get_mut(&peer))
    }
}

impl Entry {
    fn new(addresses: Vec<Multiaddr>, peer: Option<PeerId>, now: Instant) -> Self {
        Self {
            addresses,
            peer,
            fixed: peer.is_some(),
            next: now,
            pause: limits::REDIAL_MIN,
            failures: 0,
            dialing: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> Multiaddr {
        format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()
    }

    fn connection(id: usize) -> ConnectionId {
        ConnectionId::new_unchecked(id)
    }

    #[test]
    fn a_dead_bootstrap_peer_is_dialled_forever_with_a_short_pause() {
        let mut now = Instant::now();
        let mut dialer = Dialer::new(PeerId::random(), &[address(1)], now);
        for attempt in 0..200 {
            let plans = dialer.due(now, true, |_| false);
            assert_eq!(plans.len(), 1, "attempt {attempt}");
            dialer.started(&plans[0], connection(attempt));
            assert!(
                dialer.due(now, true, |_| false).is_empty(),
                "one dial at a time"
            );
            dialer.failed(connection(attempt), now);
            now += limits::REDIAL_BOOTSTRAP_MAX;
        }
    }

    #[test]
    fn a_known_peer_is_forgotten_in_the_end() {
        let mut now = Instant::now();
        let peer = PeerId::random();
        let mut dialer = Dialer::new(PeerId::random(), &[], now);
        dialer.learn(peer, &[address(1)], now);
        let mut dials = 0;
        while let Some(plan) = dialer.due(now, true, |_| false).first() {
            assert_eq!(plan.peer, Some(peer));
            dialer.started(plan, connection(dials));
            dialer.failed(connection(dials), now);
            dials += 1;
            now += limits::REDIAL_KNOWN_MAX;
        }
        assert_eq!(dials, limits::REDIAL_KNOWN_ATTEMPTS as usize);
    }

    #[test]
    fn announced_addresses_are_dialled_ever_more_rarely_while_they_stand_in_the_list() {
        let mut now = Instant::now();
        let mut dialer = Dialer::new(PeerId::random(), &[], now);
        dialer.set_announced(&[address(1), address(2)], now);
        assert!(dialer.due(now, false, |_| false).is_empty(), "none wanted");
        assert_eq!(dialer.due(now, true, |_| false).len(), 2);
        let mut dials = 0;
        let end = now + limits::REDIAL_ANNOUNCED_MAX * 20;
        dialer.set_announced(&[address(2)], now);
        while now < end {
            for plan in dialer.due(now, true, |_| false) {
                assert_eq!(plan.addresses, [address(2)]);
                dialer.started(&plan, connection(dials));
                dialer.failed(connection(dials), now);
                dials += 1;
            }
            // The same list again does not begin anew.
            dialer.set_announced(&[address(2)], now);
            now += limits::REDIAL_MIN;
        }
        assert!((20..40).contains(&dials), "{dials} dials");
    }

    #[test]
    fn a_dial_of_an_address_that_left_the_list_is_forgotten() {
        let now = Instant::now();
        let mut dialer = Dialer::new(PeerId::random(), &[], now);
        dialer.set_announced(&[address(1)], now);
        let plans = dialer.due(now, true, |_| false);
        dialer.started(&plans[0], connection(1));
        dialer.set_announced(&[address(2)], now);
        dialer.failed(connection(1), now);
        let plans = dialer.due(now, true, |_| false);
        assert_eq!(plans[0].addresses, [address(2)]);
    }

    #[test]
    fn connected_and_banned_peers_are_left_alone_and_redialled_once_lost() {
        let now = Instant::now();
        let peer = PeerId::random();
        let with_id = address(1).with(Protocol::P2p(peer));
        let mut dialer = Dialer::new(PeerId::random(), &[with_id], now);
        assert!(dialer.due(now, true, |_| true).is_empty());
        let plans = dialer.due(now, true, |_| false);
        dialer.started(&plans[0], connection(1));
        dialer.connected(connection(1), peer);
        dialer.disconnected(peer, now);
        assert!(dialer.due(now, true, |_| false).is_empty());
        assert_eq!(
            dialer.due(now + limits::REDIAL_MIN, true, |_| false).len(),
            1
        );
    }

    #[test]
    fn addresses_of_one_peer_are_one_target_and_our_own_is_none() {
        let now = Instant::now();
        let (local, peer) = (PeerId::random(), PeerId::random());
        let list = [
            address(1).with(Protocol::P2p(peer)),
            address(2).with(Protocol::P2p(peer)),
            address(3).with(Protocol::P2p(local)),
        ];
        let mut dialer = Dialer::new(local, &list, now);
        let plans = dialer.due(now, true, |_| false);
        assert_eq!(plans.len(), 1);
        assert_eq!(plans[0].addresses, [address(1), address(2)]);
    }

    #[test]
    fn an_address_without_id_may_change_its_peer() {
        let now = Instant::now();
        let mut dialer = Dialer::new(PeerId::random(), &[address(1)], now);
        let plan = dialer.due(now, true, |_| false).remove(0);
        dialer.started(&plan, connection(1));
        let first = PeerId::random();
        dialer.connected(connection(1), first);
        assert!(dialer.due(now, true, |peer| *peer == first).is_empty());
        dialer.disconnected(first, now);
        let plan = dialer
            .due(now + limits::REDIAL_MIN, true, |_| false)
            .remove(0);
        assert_eq!(plan.peer, None, "whoever answers at the address will do");
    }

    #[test]
    fn two_addresses_that_turned_out_to_be_one_peer_are_not_dialled_together() {
        let now = Instant::now();
        let peer = PeerId::random();
        let mut dialer = Dialer::new(PeerId::random(), &[address(1), address(2)], now);
        for (n, plan) in dialer.due(now, true, |_| false).iter().enumerate() {
            dialer.started(plan, connection(n));
            dialer.connected(connection(n), peer);
        }
        dialer.disconnected(peer, now);
        assert_eq!(
            dialer.due(now + limits::REDIAL_MIN, true, |_| false).len(),
            1
        );
    }

    #[test]
    fn an_address_that_leads_to_ourselves_is_never_dialled_again() {
        let now = Instant::now();
        let mut dialer = Dialer::new(PeerId::random(), &[address(1)], now);
        let plan = dialer.due(now, true, |_| false).remove(0);
        dialer.started(&plan, connection(1));
        dialer.is_self(connection(1));
        assert!(
            dialer
                .due(now + Duration::from_secs(3600), true, |_| false)
                .is_empty()
        );
    }

    #[test]
    fn known_peers_stay_bounded() {
        let now = Instant::now();
        let mut dialer = Dialer::new(PeerId::random(), &[], now);
        for _ in 0..limits::MAX_KNOWN_PEERS + 50 {
            dialer.learn(PeerId::random(), &[address(1)], now);
        }
        assert_eq!(dialer.known.len(), limits::MAX_KNOWN_PEERS);
    }
}
