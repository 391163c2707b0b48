//! What a variable or an expression may stand for.

use super::names::{PathId, Symbol};

/// Something that a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Atom {
    /// Something from outside of the package.
    Path(PathId),
    /// A constant.
    Const(ConstId),
    /// A string that begins with this and goes on unknown.
    Prefix(Symbol),
    /// A module of the package.
    Local(FileId),
    /// A function of the package.
    Function(FunctionId),
    /// A class of the package.
    Class(ScopeId),
    /// A container, or a value that may hold what was given to whatever made it.
    Holder(HolderId),
    /// `operator.attrgetter(name)` or `operator.methodcaller(name)`.
    Getter(Symbol),
}

macro_rules! index {
    ($(#[$doc:meta] $name:ident),*) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(pub(crate) u32);

        impl $name {
            pub(crate) fn of(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }

            pub(crate) fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

index!(
    /// A constant of an analysis.
    ConstId,
    /// A file of the package.
    FileId,
    /// A function of the package.
    FunctionId,
    /// A scope of the package.
    ScopeId,
    /// A place that makes a container.
    HolderId
);

/// Alternatives told apart in one value; more are too many to follow.
pub(crate) const MAX_ATOMS: usize = 128;
/// Constants among them; beyond, the value counts as unknown.
const MAX_CONSTANTS: usize = 24;

/// All that a value may be, whatever way the program takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// In order, without duplicates.
    atoms: Vec<Atom>,
    /// Whether it may be something else besides.
    is_unknown: bool,
}

impl Value {
    pub(crate) fn unknown() -> Self {
        Self {
            atoms: Vec::new(),
            is_unknown: true,
        }
    }

    pub(crate) fn of(atom: Atom) -> Self {
        Self {
            atoms: vec![atom],
            is_unknown: false,
        }
    }

    pub(crate) fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.is_unknown
    }

    /// Whether it says nothing at all.
    pub(crate) fn has_no_atoms(&self) -> bool {
        self.atoms.is_empty()
    }

    pub(crate) fn or_unknown(mut self) -> Self {
        self.is_unknown = true;
        self
    }

    /// Adds the alternatives of another value. Whether anything was new.
    pub(crate) fn join(&mut self, other: &Value) -> bool {
        let mut is_changed = other.is_unknown && !self.is_unknown;
        self.is_unknown |= other.is_unknown;
        if self.atoms.is_empty() && !other.atoms.is_empty() {
            self.atoms.clone_from(&other.atoms);
            return true;
        }
        for atom in &other.atoms {
            is_changed |= self.add(*atom);
        }
        is_changed
    }

    /// Adds one alternative. Whether it was new.
    pub(crate) fn add(&mut self, atom: Atom) -> bool {
        let Err(at) = self.atoms.binary_search(&atom) else {
            return false;
        };
        if is_text(atom)
            && self.atoms.iter().filter(|atom| is_text(**atom)).count() >= MAX_CONSTANTS
        {
            return !std::mem::replace(&mut self.is_unknown, true);
        }
        // One more than the maximum shows that there were too many.
        if self.atoms.len() > MAX_ATOMS {
            return false;
        }
        self.atoms.insert(at, atom);
        true
    }

    pub(crate) fn is_too_wide(&self) -> bool {
        self.atoms.len() > MAX_ATOMS
    }

    pub(crate) fn joined(mut self, other: &Value) -> Self {
        self.join(other);
        self
    }
}

fn is_text(atom: Atom) -> bool {
    matches!(atom, Atom::Const(_) | Atom::Prefix(_))
}

impl FromIterator<Atom> for Value {
    fn from_iter<I: IntoIterator<Item = Atom>>(atoms: I) -> Self {
        let mut value = Value::default();
        for atom in atoms {
            value.add(atom);
        }
        value
    }
}
