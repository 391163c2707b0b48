//! What a package may import and name. Policies are TOML; the Term Challenge's is built in.

pub(crate) mod rules;

use std::collections::BTreeSet;

use serde::Deserialize;

/// Name of the built-in policy.
const TERM: &str = "term";
const TERM_TOML: &str = include_str!("../../policies/term.toml");
/// Bytes of a policy given as TOML.
const MAX_POLICY_BYTES: usize = 64 * 1024;

/// Why a policy can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than the cap.
    #[error("policy of {0} bytes, at most {MAX_POLICY_BYTES} are accepted")]
    TooLarge(usize),
    /// Neither a known name nor a policy.
    #[error("not the name of a policy and not a policy in TOML: {0}")]
    Malformed(String),
}

/// What a package may import and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Modules that may be imported, with everything below them.
    pub allowed_imports: BTreeSet<String>,
    /// Modules that may not, even below an allowed one or shadowed by a file of the package.
    #[serde(default)]
    pub forbidden_imports: BTreeSet<String>,
    /// Names that code must not use.
    #[serde(default)]
    pub forbidden_names: BTreeSet<String>,
    /// Attributes that code must not use, on whatever object.
    #[serde(default)]
    pub forbidden_attributes: BTreeSet<String>,
}

impl Policy {
    /// The policy of this name, or the policy that the text is. An empty text means the built-in one.
    ///
    /// # Errors
    /// [`PolicyError`] when it is neither.
    pub fn named_or_toml(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::TooLarge(text.len()));
        }
        let source = match text {
            "" | TERM => TERM_TOML,
            other => other,
        };
        toml::from_str(source).map_err(|error| PolicyError::Malformed(error.to_string()))
    }

    /// Whether an absolute import of this dotted path is allowed.
    pub(super) fn allows_import(&self, path: &str, local: &BTreeSet<&str>) -> bool {
        if prefixes(path).any(|prefix| self.forbidden_imports.contains(prefix)) {
            return false;
        }
        let root = path.split('.').next().unwrap_or(path);
        local.contains(root) || prefixes(path).any(|prefix| self.allowed_imports.contains(prefix))
    }
}

/// `a`, `a.b`, `a.b.c` of `a.b.c`.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('.')
        .map(|(end, _)| end)
        .chain([path.len()])
        .filter_map(|end| path.get(..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_policy_parses_and_contradicts_itself_nowhere() {
        let policy = Policy::named_or_toml(TERM).unwrap();
        assert!(!policy.allowed_imports.is_empty());
        for name in &policy.allowed_imports {
            assert!(policy.allows_import(name, &BTreeSet::new()), "{name}");
        }
    }

    #[test]
    fn forbidden_submodule_of_an_allowed_package_stays_forbidden() {
        let policy = Policy::named_or_toml(
            "allowed_imports = ['a', 'c.d']\nforbidden_imports = ['a.b', 'evil']",
        )
        .unwrap();
        let local = BTreeSet::from(["mine", "evil"]);
        for (path, allowed) in [
            ("a", true),
            ("a.x.y", true),
            ("a.b", false),
            ("a.b.x", false),
            ("ab", false),
            ("c", false),
            ("c.d.e", true),
            ("mine.sub", true),
            ("evil", false),
            ("evil.sub", false),
        ] {
            assert_eq!(policy.allows_import(path, &local), allowed, "{path}");
        }
    }

    #[test]
    fn unknown_names_and_keys_are_refused() {
        assert!(Policy::named_or_toml("lenient").is_err());
        assert!(Policy::named_or_toml("allowed_imports = []\nallow_all = true").is_err());
        assert!(Policy::named_or_toml(&" ".repeat(MAX_POLICY_BYTES + 1)).is_err());
    }
}
