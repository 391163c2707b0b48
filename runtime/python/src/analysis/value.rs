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
    /// Any of the functions and classes that are too many to be told apart.
    Crowd,
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

/// Constants told apart in one value; beyond, it counts as unknown.
const MAX_CONSTANTS: usize = 12;

/// All that a value may be, whatever way the program takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// In order, without duplicates.
    atoms: Vec<Atom>,
    /// Whether it may be something else besides.
    is_unknown: bool,
    /// Whether it may be too many texts to tell them apart.
    is_any_text: bool,
    /// Whether it may be too many things from outside to tell them apart.
    pub is_any_path: bool,
}

impl Value {
    /// What nothing has reached yet.
    pub(crate) const NOTHING: &Self = &Self {
        atoms: Vec::new(),
        is_unknown: false,
        is_any_text: false,
        is_any_path: false,
    };

    pub(crate) fn unknown() -> Self {
        Self {
            atoms: Vec::new(),
            is_unknown: true,
            is_any_text: false,
            is_any_path: false,
        }
    }

    pub(crate) fn of(atom: Atom) -> Self {
        Self {
            atoms: vec![atom],
            is_unknown: false,
            is_any_text: false,
            is_any_path: false,
        }
    }

    pub(crate) fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.is_unknown
    }

    /// Whether nothing has reached it yet.
    pub(crate) fn says_nothing(&self) -> bool {
        self.atoms.is_empty() && !self.is_unknown
    }

    /// Whether nothing is known of it.
    pub(crate) fn has_no_atoms(&self) -> bool {
        self.atoms.is_empty()
    }

    pub(crate) fn or_unknown(mut self) -> Self {
        self.is_unknown = true;
        self
    }

    pub(crate) fn set_unknown(&mut self) {
        self.is_unknown = true;
    }

    /// Whether it says all that the other says.
    pub(crate) fn includes(&self, other: &Value) -> bool {
        if self.atoms.len() < other.atoms.len() && !self.is_any_text {
            return false;
        }
        let mut own = self.atoms.iter();
        (self.is_unknown || !other.is_unknown)
            && (self.is_any_text || !other.is_any_text)
            && (self.is_any_path || !other.is_any_path)
            && other.atoms.iter().all(|atom| {
                (self.is_any_text && is_text(*atom)) || own.by_ref().any(|own| own == atom)
            })
    }

    /// The value without its things from outside.
    pub(crate) fn without_paths(&self) -> Self {
        let mut value = self.clone();
        value.retain(|atom| !matches!(atom, Atom::Path(_)));
        value
    }

    pub(crate) fn retain(&mut self, keeps: impl Fn(&Atom) -> bool) {
        self.atoms.retain(keeps);
    }

    /// Adds the alternatives of another value.
    pub(crate) fn join(&mut self, other: &Value) {
        if self.includes(other) {
            return;
        }
        self.is_unknown |= other.is_unknown;
        self.is_any_text |= other.is_any_text;
        self.is_any_path |= other.is_any_path;
        match other.atoms.as_slice() {
            all if self.atoms.is_empty() => self.atoms.extend_from_slice(all),
            [one] => {
                self.add(*one);
            }
            all => self.merge(all),
        }
        self.bound_texts();
    }

    /// Adds atoms that are in order.
    fn merge(&mut self, others: &[Atom]) {
        let mut merged = Vec::with_capacity(self.atoms.len() + others.len());
        let mut own = self.atoms.iter().copied().peekable();
        for other in others.iter().copied() {
            while let Some(atom) = own.next_if(|atom| *atom < other) {
                merged.push(atom);
            }
            own.next_if_eq(&other);
            merged.push(other);
        }
        merged.extend(own);
        self.atoms = merged;
    }

    /// Adds one alternative. Whether it was new.
    pub(crate) fn add(&mut self, atom: Atom) -> bool {
        if self.is_any_text && is_text(atom) {
            return false;
        }
        let Err(at) = self.atoms.binary_search(&atom) else {
            return false;
        };
        self.atoms.insert(at, atom);
        if is_text(atom) {
            self.bound_texts();
        }
        true
    }

    /// Too many constants are no constants: then it may be any.
    fn bound_texts(&mut self) {
        if self.atoms.len() <= MAX_CONSTANTS && !self.is_any_text {
            return;
        }
        let texts = self.atoms.iter().filter(|atom| is_text(**atom)).count();
        if texts > MAX_CONSTANTS || self.is_any_text {
            self.atoms.retain(|atom| !is_text(*atom));
            self.is_any_text = true;
            self.is_unknown = true;
        }
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
