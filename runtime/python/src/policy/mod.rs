//! What a package may use. Policies are TOML files; those of the challenges are built in.
//!
//! A policy says what it allows and forbids by dotted paths: modules, their members, built-in names
//! (`builtins.eval`), attributes. The catalogue (`catalogue.toml`) knows which of all that Python offers
//! runs code, starts programs and so on, and gives each such thing its rule. For a path the longest entry
//! decides; at the same path the policy wins over the catalogue, an extension over what it extends, and
//! `forbidden` over `allowed`.

mod catalogue;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use assay_challenge_sdk::abi::PythonVerdict;
use serde::Deserialize;

use crate::analysis::{FIELD_NAMES, told_apart};

pub(crate) use catalogue::{Catalogue, Rule, catalogue, id};

/// Names and texts of the built-in policies.
const BUILT_IN: [(&str, &str); 3] = [
    ("term", include_str!("../../policies/term.toml")),
    (
        "data-fabrication",
        include_str!("../../policies/data-fabrication.toml"),
    ),
    ("bitsec", include_str!("../../policies/bitsec.toml")),
];
/// Bytes of a policy given as TOML.
const MAX_POLICY_BYTES: usize = 64 * 1024;

/// Why a policy can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than the cap.
    #[error("policy of {0} bytes, at most {MAX_POLICY_BYTES} are accepted")]
    TooLarge(usize),
    /// Neither a known name nor a policy.
    #[error("not the name of a policy ({known}) and not a policy in TOML: {reason}", known = names())]
    Malformed {
        /// What TOML said.
        reason: String,
    },
    /// Extends something that isn't built in.
    #[error("extends `{0}`, which is no built-in policy ({known})", known = names())]
    UnknownBase(String),
    /// A severity for a rule that doesn't exist.
    #[error("severity for `{0}`, which is no rule; the rules are {known}", known = rules())]
    UnknownRule(String),
}

fn names() -> String {
    BUILT_IN.map(|(name, _)| name).join(", ")
}

fn rules() -> String {
    let ids: Vec<&str> = catalogue().rules().map(|rule| rule.id.as_str()).collect();
    ids.join(", ")
}

/// The text of a policy.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    extends: Option<String>,
    #[serde(default)]
    imports: Lists,
    #[serde(default)]
    members: Lists,
    #[serde(default)]
    names: Lists,
    #[serde(default)]
    attributes: Lists,
    #[serde(default)]
    severity: BTreeMap<String, PythonVerdict>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    #[serde(default)]
    allowed: BTreeSet<String>,
    #[serde(default)]
    forbidden: BTreeSet<String>,
}

/// What is decided about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    Forbidden(&'static Rule),
}

/// What a package may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    paths: BTreeMap<String, Decision>,
    attributes: BTreeMap<String, Decision>,
    /// Attributes that are forbidden unless a class of the package has them.
    foreign: BTreeMap<String, &'static Rule>,
    severity: BTreeMap<String, PythonVerdict>,
    /// Beginnings of the paths through made values (`a.b().c`), from the made value on.
    told_apart: BTreeSet<String>,
}

/// The built-in policies, which nearly every check uses.
static BUILT_IN_POLICIES: LazyLock<BTreeMap<&str, Arc<Policy>>> = LazyLock::new(|| {
    let policies = BUILT_IN.iter().filter_map(|(name, text)| {
        let policy = Policy::of_text(text).ok()?;
        Some((*name, Arc::new(policy)))
    });
    policies.collect()
});

impl Policy {
    /// The policy of this name, or the policy that the text is. An empty text means `term`.
    ///
    /// # Errors
    /// [`PolicyError`] when it is neither.
    pub fn named_or_toml(text: &str) -> Result<Arc<Self>, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::TooLarge(text.len()));
        }
        let name = if text.is_empty() { "term" } else { text };
        match BUILT_IN_POLICIES.get(name) {
            Some(known) => Ok(Arc::clone(known)),
            None => Self::of_text(text).map(Arc::new),
        }
    }

    fn of_text(text: &str) -> Result<Self, PolicyError> {
        let mut policy = Self::of_catalogue();
        policy.extend(text)?;
        let paths = policy.paths.keys().map(String::as_str);
        policy.told_apart = told_apart(paths.chain(FIELD_NAMES));
        Ok(policy)
    }

    /// The names of the built-in policies.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.into_iter().map(|(name, _)| name)
    }

    /// The decision about exactly this dotted path, if there is an entry for it.
    pub(crate) fn entry(&self, path: &str) -> Option<Decision> {
        self.paths.get(path).copied()
    }

    /// Texts of the paths through made values that mean something.
    pub(crate) fn told_apart(&self) -> &BTreeSet<String> {
        &self.told_apart
    }

    /// Whether there are entries below a path.
    pub(crate) fn has_paths_below(&self, path: &str) -> bool {
        let below = format!("{path}.");
        let called = format!("{path}(");
        [below, called].into_iter().any(|start| {
            let mut from = self.paths.range(start.clone()..);
            from.next()
                .is_some_and(|(entry, _)| entry.starts_with(&start))
        })
    }

    /// The rule against an attribute of whatever object.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Rule> {
        match self.attributes.get(name) {
            Some(Decision::Forbidden(rule)) => Some(*rule),
            Some(Decision::Allowed) | None => None,
        }
    }

    /// The rule against an attribute of objects that the package doesn't make itself.
    pub(crate) fn foreign_attribute(&self, name: &str) -> Option<&'static Rule> {
        if self.attributes.contains_key(name) {
            return None;
        }
        self.foreign.get(name).copied()
    }

    /// What stands between these two in forbidden attributes, with the attributes' rules.
    pub(crate) fn attributes_around<'p>(
        &'p self,
        begin: &'p str,
        end: &'p str,
    ) -> impl Iterator<Item = (&'p str, &'static Rule)> {
        self.attributes.iter().filter_map(move |(name, decision)| {
            if name.starts_with('_') && !name.starts_with("__") {
                return None;
            }
            let middle = name.strip_prefix(begin)?.strip_suffix(end)?;
            match decision {
                Decision::Forbidden(rule) => Some((middle, *rule)),
                Decision::Allowed => None,
            }
        })
    }

    /// Whether some forbidden attribute begins like this.
    pub(crate) fn has_attribute_that_begins_with(&self, prefix: &str) -> bool {
        let mut from = self.attributes.range(prefix.to_owned()..);
        from.next()
            .is_some_and(|(name, _)| name.starts_with(prefix))
    }

    /// What a finding of this rule leads to.
    pub(crate) fn severity(&self, rule: &Rule) -> PythonVerdict {
        self.severity
            .get(&rule.id)
            .copied()
            .unwrap_or(rule.severity)
    }

    fn of_catalogue() -> Self {
        let mut policy = Self::default();
        for rule in catalogue().rules() {
            let forbidden = Decision::Forbidden(rule);
            let paths = rule.paths.iter().map(|path| (path.clone(), forbidden));
            policy.paths.extend(paths);
            let attributes = rule.attributes.iter().map(|name| (name.clone(), forbidden));
            policy.attributes.extend(attributes);
            let foreign = rule.foreign_attributes.iter();
            policy
                .foreign
                .extend(foreign.map(|name| (name.clone(), rule)));
        }
        policy
    }

    fn extend(&mut self, text: &str) -> Result<(), PolicyError> {
        let file: PolicyFile = toml::from_str(text).map_err(|error| PolicyError::Malformed {
            reason: error.to_string(),
        })?;
        if let Some(base) = &file.extends {
            let text = built_in(base).ok_or_else(|| PolicyError::UnknownBase(base.clone()))?;
            self.extend(text)?;
        }
        let builtin = |names: BTreeSet<String>| -> BTreeSet<String> {
            names
                .into_iter()
                .map(|name| format!("builtins.{name}"))
                .collect()
        };
        let rules = catalogue();
        apply(&mut self.paths, file.imports, rules.rule(id::IMPORT));
        apply(&mut self.paths, file.members, rules.rule(id::MEMBER));
        let names = Lists {
            allowed: builtin(file.names.allowed),
            forbidden: builtin(file.names.forbidden),
        };
        apply(&mut self.paths, names, rules.rule(id::NAME));
        apply(
            &mut self.attributes,
            file.attributes,
            rules.rule(id::ATTRIBUTE),
        );
        for (rule, severity) in file.severity {
            if !rules.rules().any(|known| known.id == rule) {
                return Err(PolicyError::UnknownRule(rule));
            }
            self.severity.insert(rule, severity);
        }
        Ok(())
    }
}

/// Enters lists. What the catalogue has a rule for keeps that rule when it is forbidden.
fn apply(entries: &mut BTreeMap<String, Decision>, lists: Lists, rule: &'static Rule) {
    let Lists { allowed, forbidden } = lists;
    for name in allowed {
        entries.insert(name, Decision::Allowed);
    }
    for name in forbidden {
        match entries.get(&name) {
            Some(Decision::Forbidden(_)) => {}
            Some(Decision::Allowed) | None => {
                entries.insert(name, Decision::Forbidden(rule));
            }
        }
    }
}

/// The text of a built-in policy. None extends another by a cycle, since they extend nothing or `term`.
fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_policies_parse() {
        for name in Policy::built_in_names() {
            let policy = Policy::named_or_toml(name).unwrap();
            assert_eq!(policy.entry("json"), Some(Decision::Allowed), "{name}");
        }
    }

    #[test]
    fn an_extension_adds_to_its_base_and_lifts_what_the_base_forbids() {
        let text = "extends = 'term'\n[imports]\nallowed = ['subprocess']\nforbidden = ['json']";
        let policy = Policy::named_or_toml(text).unwrap();
        assert_eq!(policy.entry("subprocess"), Some(Decision::Allowed));
        assert!(matches!(policy.entry("json"), Some(Decision::Forbidden(_))));
        assert_eq!(policy.entry("math"), Some(Decision::Allowed));
    }

    #[test]
    fn what_the_catalogue_knows_keeps_its_rule_when_a_policy_forbids_it() {
        let policy = Policy::named_or_toml("[imports]\nforbidden = ['ctypes', 'mine']").unwrap();
        let rule = |path| match policy.entry(path) {
            Some(Decision::Forbidden(rule)) => rule.id.as_str(),
            other => panic!("{other:?}"),
        };
        assert_eq!(rule("ctypes"), "py.native-code");
        assert_eq!(rule("mine"), "py.import");
    }

    #[test]
    fn unknown_names_keys_bases_and_rules_are_refused() {
        for text in [
            "lenient",
            "allow_all = true",
            "extends = 'lenient'",
            "[severity]\n'py.nothing' = 'allow'",
            "[severity]\n'py.import' = 'maybe'",
        ] {
            assert!(Policy::named_or_toml(text).is_err(), "{text}");
        }
        assert!(Policy::named_or_toml(&" ".repeat(MAX_POLICY_BYTES + 1)).is_err());
    }
}
