//! The policy engine: an abstract interpreter over a whole package.
//!
//! For every variable, attribute and container it keeps the set of things that may be in it, whatever way
//! the program takes: things from outside as dotted paths (`os.system`), constants, functions and modules
//! of the package. It runs over the package again and again until nothing new appears. So a forbidden
//! thing is found under every alias, and `getattr(os, "sys" + "tem")` is `os.system`.
//!
//! Where it loses sight it assumes the worst that stays useful: code from outside may hand on whatever it
//! is given (see [`value::Atom::Holder`]), and may call any function with it; attributes are known by name
//! alone, whatever object they belong to; what methods like `__enter__` return may turn up wherever
//! nothing better is known. Lookups by a name that stays unknown are findings in themselves.
//!
//! The work is bounded by the size of the package; what doesn't settle within the bound is a finding too.

mod annotations;
mod attributes;
mod bases;
mod bindings;
mod calls;
mod checks;
mod comprehensions;
mod dependencies;
mod engine;
mod escaped;
mod expressions;
mod findings;
mod imports;
mod levels;
mod memory;
mod models;
mod names;
mod narrowing;
mod patterns;
mod scopes;
mod search_path;
mod sharing;
mod special;
mod statements;
mod steps;
mod stores;
mod texts;
mod value;
mod visit;

use rustpython_parser::ast::Stmt;

use crate::finding::Finding;
use crate::policy::Policy;
pub(crate) use attributes::FIELD_NAMES;
pub use engine::MAX_WORK;
use names::Names;
pub(crate) use names::told_apart;
use scopes::Scopes;

/// A file of a package that parsed.
pub(crate) struct Module {
    /// Path in the package, with `/`.
    pub path: String,
    pub body: Vec<Stmt>,
}

/// What came of an analysis.
pub(crate) struct Analysed {
    /// What the policy has against each file.
    pub findings: Vec<Vec<Finding>>,
    /// Alternatives that were looked at: the same for the same package and policy, whatever the machine.
    pub work: usize,
}

pub(crate) fn analyse(modules: &[Module], policy: &Policy) -> Analysed {
    let mut names = Names::telling_apart(policy.told_apart());
    let mut scopes = Scopes::default();
    for module in modules {
        scopes.add_file(&module.body, &mut names);
    }
    let quoted = annotations::quoted(&scopes.annotations);
    let special = special::Special::of(&mut names);
    engine::run(modules, scopes, (names, special), &quoted, policy)
}
