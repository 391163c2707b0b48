//! Which parts of a package have to be looked at again when something new is known.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::names::{PathId, Symbol};
use super::value::{FunctionId, HolderId, ScopeId};

/// Something that is kept and may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Cell {
    Variable(ScopeId, Symbol),
    Attribute(Symbol),
    AnyAttribute,
    Overlay(PathId),
    Holder(HolderId),
    /// What a function gives.
    Function(FunctionId),
    /// What may come from anywhere.
    Escaped,
    /// What the crowd leads to.
    Crowd,
}

/// The body of a module or of a function: what is looked at in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Unit(pub u32);

/// Who has read what, and who has to be looked at again.
#[derive(Default)]
pub(super) struct Dependencies {
    /// Units that were looked at before.
    started: Vec<bool>,
    current: Option<Unit>,
    seen: RefCell<FxHashSet<(Unit, Cell)>>,
    readers: RefCell<FxHashMap<Cell, Vec<Unit>>>,
    dirty: BTreeSet<Unit>,
}

impl Dependencies {
    /// So many units in all, of which the first have to be looked at; the others when they are called.
    pub(super) fn of(units: usize, first: usize) -> Self {
        let first = u32::try_from(first).unwrap_or(u32::MAX);
        Self {
            started: vec![false; units],
            dirty: (0..first).map(Unit).collect(),
            ..Self::default()
        }
    }

    /// Notes that the current unit depends on a cell.
    pub(super) fn reads(&self, cell: Cell) {
        let Some(unit) = self.current else { return };
        if self.seen.borrow_mut().insert((unit, cell)) {
            self.readers
                .borrow_mut()
                .entry(cell)
                .or_default()
                .push(unit);
        }
    }

    /// Notes that a cell has grown.
    pub(super) fn changed(&mut self, cell: Cell) {
        if let Some(readers) = self.readers.get_mut().get(&cell) {
            self.dirty.extend(readers);
        }
    }

    /// Notes something on which everything may depend.
    pub(super) fn all_changed(&mut self) {
        let started = self
            .started
            .iter()
            .enumerate()
            .filter(|(_, started)| **started);
        let started = started.filter_map(|(unit, _)| u32::try_from(unit).ok());
        self.dirty.extend(started.map(Unit));
    }

    pub(super) fn unit_changed(&mut self, unit: Unit) {
        self.dirty.insert(unit);
    }

    pub(super) fn is_settled(&self) -> bool {
        self.dirty.is_empty()
    }

    /// The units to be looked at in this round.
    pub(super) fn round(&self) -> Vec<Unit> {
        self.dirty.iter().copied().collect()
    }

    /// Begins to look at a unit.
    pub(super) fn begin(&mut self, unit: Unit) {
        self.current = Some(unit);
        if let Some(started) = self.started.get_mut(unit.0 as usize) {
            *started = true;
        }
        self.dirty.remove(&unit);
    }

    pub(super) fn end(&mut self) {
        self.current = None;
    }
}
