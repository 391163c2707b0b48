//! Which parts of a package have to be looked at again when something new is known.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::names::{PathId, Symbol};
use super::value::{FileId, FunctionId, HolderId, ScopeId};

/// Something that is kept and may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Cell {
    Variable(ScopeId, Symbol),
    Attribute(Symbol),
    AnyAttribute,
    /// Modules that attributes of this name may be, whatever class from outside they belong to.
    Shared(Symbol),
    /// Whether attributes are set by names that are not written down.
    DynamicStores,
    /// Whether something evaluates annotations that are written as text.
    Evaluator,
    Overlay(PathId),
    /// What a container holds, and under which keys.
    Holder(HolderId),
    /// What a container leads to, at any depth.
    HolderReach(HolderId),
    /// Whether a container may have changed after it was written down.
    HolderChanged(HolderId),
    /// What a function gives.
    Function(FunctionId),
    /// What that leads to, at any depth.
    FunctionReach(FunctionId),
    /// What a class derives from.
    Class(ScopeId),
    /// Where a module first calls what may lead into the package's functions.
    FirstCall(FileId),
    /// What may come from anywhere.
    Escaped,
    /// Lookups that may come from anywhere.
    EscapedGetters,
    /// What attributes of this name of what may come from anywhere are.
    EscapedMember(Symbol),
    /// What the crowd leads to.
    Crowd,
}

/// The body of a module or of a function: looked at once as a whole, then step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Unit(pub u32);

/// A statement without the statements in it, or the expression of a lambda: what is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step(u32);

impl Step {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// That a step has read something, in which of its runs.
#[derive(Clone, Copy)]
struct Reader {
    step: Step,
    run: u32,
}

/// Most things are read in one place or two.
type Readers = SmallVec<[Reader; 2]>;

/// Who has read what, and who has to be looked at again.
#[derive(Default)]
pub(super) struct Dependencies {
    /// Bodies that were never looked at, and have to be.
    fresh: BTreeSet<Unit>,
    /// Bodies that were looked at.
    started: Vec<bool>,
    current: Option<Step>,
    /// How often each step was looked at.
    runs: Vec<u32>,
    is_dirty: Vec<bool>,
    dirty: Vec<Step>,
    readers: RefCell<FxHashMap<Cell, Readers>>,
}

impl Dependencies {
    /// So many bodies in all, of which the first have to be looked at; the others when they are called.
    pub(super) fn of(units: usize, first: usize) -> Self {
        let first = u32::try_from(first).unwrap_or(u32::MAX);
        Self {
            fresh: (0..first).map(Unit).collect(),
            started: vec![false; units],
            ..Self::default()
        }
    }

    /// Notes that the current step depends on a cell.
    pub(super) fn reads(&self, cell: Cell) {
        let Some(step) = self.current else { return };
        let run = self.run_of(step);
        let mut readers = self.readers.borrow_mut();
        let readers = readers.entry(cell).or_default();
        if let Some(last) = readers.last_mut()
            && last.step == step
        {
            last.run = run;
            return;
        }
        if readers.len() == readers.capacity() {
            readers.retain(|reader| self.is_newest(*reader));
        }
        readers.push(Reader { step, run });
    }

    /// Notes that a cell has grown. Who has read it will read it again.
    pub(super) fn changed(&mut self, cell: Cell) {
        let Some(readers) = self.readers.get_mut().get_mut(&cell) else {
            return;
        };
        for reader in std::mem::take(readers) {
            if self.is_newest(reader) {
                self.step_changed(reader.step);
            }
        }
    }

    /// Notes something on which everything may depend.
    pub(super) fn all_changed(&mut self) {
        for index in 0..self.runs.len() {
            self.step_changed(step(index));
        }
    }

    /// Asks for a body that may run.
    pub(super) fn start(&mut self, unit: Unit) {
        if self.started.get(unit.0 as usize) == Some(&false) {
            self.fresh.insert(unit);
        }
    }

    /// A body that was not looked at yet.
    pub(super) fn next_fresh(&mut self) -> Option<Unit> {
        let unit = self.fresh.pop_first()?;
        if let Some(started) = self.started.get_mut(unit.0 as usize) {
            *started = true;
        }
        Some(unit)
    }

    pub(super) fn is_settled(&self) -> bool {
        self.dirty.is_empty() && self.fresh.is_empty()
    }

    /// The steps to be looked at in this round, in the order of the program.
    pub(super) fn round(&mut self) -> Vec<Step> {
        let mut round = std::mem::take(&mut self.dirty);
        round.sort_unstable();
        round
    }

    /// A step that was not there before.
    pub(super) fn new_step(&mut self) -> Step {
        let new = step(self.runs.len());
        self.runs.push(0);
        self.is_dirty.push(false);
        new
    }

    /// Begins to look at a step, and gives the one that it is a part of.
    pub(super) fn begin(&mut self, step: Step) -> Option<Step> {
        if let Some(run) = self.runs.get_mut(step.index()) {
            *run += 1;
        }
        if let Some(is_dirty) = self.is_dirty.get_mut(step.index()) {
            *is_dirty = false;
        }
        self.current.replace(step)
    }

    /// Goes on with what was looked at before.
    pub(super) fn end(&mut self, outer: Option<Step>) {
        self.current = outer;
    }

    /// Notes that a step was not looked at to its end.
    pub(super) fn step_changed(&mut self, step: Step) {
        if let Some(is_dirty) = self.is_dirty.get_mut(step.index())
            && !std::mem::replace(is_dirty, true)
        {
            self.dirty.push(step);
        }
    }

    fn run_of(&self, step: Step) -> u32 {
        self.runs.get(step.index()).copied().unwrap_or_default()
    }

    /// Whether the step hasn't been looked at again since: then it knows by itself what it has read.
    fn is_newest(&self, reader: Reader) -> bool {
        self.run_of(reader.step) == reader.run
    }
}

fn step(index: usize) -> Step {
    Step(u32::try_from(index).unwrap_or(u32::MAX))
}
