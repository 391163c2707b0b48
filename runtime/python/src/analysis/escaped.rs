//! What was given to code that can't be followed, and may come back from anywhere.

use rustpython_parser::text_size::TextRange;

use super::dependencies::Cell as Kept;
use super::engine::Engine;
use super::names::Symbol;
use super::value::{Atom, Value};

impl Engine<'_, '_> {
    /// Hands a value to code that can't be followed: it may come back from anywhere, and its functions may
    /// be called from anywhere.
    pub(super) fn escape(&mut self, carried: &Value) {
        let mut escaped = std::mem::take(&mut self.escaped);
        let mut others = Value::default();
        for atom in carried.atoms() {
            match atom {
                Atom::Function(_) | Atom::Class(_) => {
                    self.join_crowd(*atom);
                }
                Atom::Crowd => {}
                _ => {
                    others.add(*atom);
                }
            }
        }
        let before = escaped.clone();
        let is_new = self.absorb(&mut escaped, &others);
        self.escaped = escaped;
        if is_new {
            self.dependencies.changed(Kept::Escaped);
            let is_new = |atom: &&Atom| !before.atoms().contains(atom);
            let new: Vec<Atom> = self
                .escaped
                .atoms()
                .iter()
                .filter(is_new)
                .copied()
                .collect();
            if new.iter().any(|atom| matches!(atom, Atom::Getter(_))) {
                self.dependencies.changed(Kept::EscapedGetters);
            }
            self.escaped_members_changed(&new);
        }
    }

    /// Whether a value may be anything that was given to code that can't be followed.
    pub(super) fn may_have_escaped(&self, object: &Value) -> bool {
        let is_made =
            |atom: &Atom| matches!(atom, Atom::Path(path) if !self.names.is_static(*path));
        object.is_unknown() || object.atoms().iter().any(is_made)
    }

    /// The alternatives of a value, and of what it may be besides.
    pub(super) fn with_escaped<'v>(&'v self, object: &'v Value) -> impl Iterator<Item = Atom> + 'v {
        let escaped = if self.may_have_escaped(object) {
            self.dependencies.reads(Kept::Escaped);
            self.escaped.atoms()
        } else {
            &[]
        };
        object.atoms().iter().chain(escaped).copied()
    }

    /// What attributes of what escaped may give.
    pub(super) fn escaped_member(
        &mut self,
        object: &Value,
        name: Symbol,
        range: TextRange,
    ) -> Value {
        self.dependencies.reads(Kept::EscapedMember(name));
        let known = match self.escaped_members.get(&name) {
            Some(known) => known.clone(),
            None => self.probe_escaped(name),
        };
        let is_of_interest = known.is_none() || self.exempt.is_some();
        let mut found = known.unwrap_or_default();
        let mut is_opaque = false;
        for atom in self.escaped.atoms().to_vec() {
            if object.atoms().contains(&atom) {
                continue;
            }
            match atom {
                Atom::Path(path) if self.names.is_static(path) => {
                    if is_of_interest {
                        self.path_member(path, name, range, &mut found);
                    }
                }
                Atom::Getter(_) => {}
                _ => is_opaque |= self.member_of(object, atom, name, range, &mut found),
            }
        }
        if is_of_interest {
            self.keep_worthy(&mut found);
        }
        if is_opaque {
            found.join(&self.by_name(name));
            found = found.or_unknown();
        }
        found
    }

    /// What attributes of the modules that escaped may give, if there is nothing to report about them.
    pub(super) fn probe_escaped(&mut self, name: Symbol) -> Option<Value> {
        let escaped = self.escaped.clone();
        let known = self.probe(escaped.atoms(), name);
        self.escaped_members.insert(name, known.clone());
        known
    }

    fn probe(&mut self, atoms: &[Atom], name: Symbol) -> Option<Value> {
        let before = self.reports;
        self.is_probing = true;
        let mut found = Value::default();
        for atom in atoms {
            if let Atom::Path(path) = *atom
                && self.names.is_static(path)
            {
                self.path_member(path, name, TextRange::default(), &mut found);
            }
        }
        self.is_probing = false;
        self.keep_worthy(&mut found);
        (self.reports == before).then_some(found)
    }

    /// Leaves what would be kept in a variable: what can be done with the rest was checked already.
    fn keep_worthy(&self, found: &mut Value) {
        found.retain(|atom| match atom {
            Atom::Path(path) => self.is_worth_keeping(*path),
            _ => true,
        });
    }

    /// Notes that attributes of this name may be more than they were.
    pub(super) fn forget_escaped_member(&mut self, name: Symbol) {
        self.escaped_members.remove(&name);
        self.dependencies.changed(Kept::EscapedMember(name));
    }

    /// Notes that more escaped, which matters for few names.
    pub(super) fn escaped_members_changed(&mut self, new: &[Atom]) {
        // Of modules we know what they have, and lookups have nothing.
        let is_plain = |atom: &Atom| match atom {
            Atom::Path(path) => self.names.is_static(*path),
            Atom::Getter(_) => true,
            _ => false,
        };
        let are_plain = new.iter().all(is_plain);
        let mut names: Vec<Symbol> = self.escaped_members.keys().copied().collect();
        names.sort_unstable();
        self.note_work(names.len());
        for name in names {
            let has_more = match (self.probe(new, name), self.escaped_members.get_mut(&name)) {
                (Some(new), Some(Some(known))) if known.includes(&new) => false,
                (Some(new), Some(Some(known))) => {
                    known.join(&new);
                    true
                }
                (Some(new), _) => !new.says_nothing(),
                (None, known) => {
                    known.into_iter().for_each(|known| *known = None);
                    true
                }
            };
            if has_more || !are_plain {
                self.dependencies.changed(Kept::EscapedMember(name));
            }
        }
    }
}
