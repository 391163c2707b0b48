//! Where the password of an encrypted key file comes from.
//!
//! [`Passwords`] asks in this order: the password file, the variable that Bittensor's tools keep
//! for that key file, `BT_WALLET_PASSWORD`, the prompt. The first that has one is taken; if it is
//! wrong, the error says which it was, and no other is tried.

use core::fmt;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::PasswordError;
use crate::file::{self, Secrecy};
use crate::limits::{ENV_NAME_MAX_BYTES, PASSWORD_MAX_BYTES};

/// Variable with the plain password of any wallet.
pub const PASSWORD_VARIABLE: &str = "BT_WALLET_PASSWORD";

/// Start of the names of variables with the password of one key file.
const FILE_VARIABLE_PREFIX: &str = "BT_PW_";

/// A password. Wiped when dropped, never printed.
pub struct Password {
    bytes: Zeroizing<Vec<u8>>,
    origin: PasswordOrigin,
}

/// Where a password came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordOrigin {
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// Somebody typed it.
    Prompt,
}

/// Something that knows passwords.
pub trait PasswordSource {
    /// The password of the key file at that path, or `None` if none is known. Called only for
    /// files that are encrypted.
    fn password(&mut self, key_file: &Path) -> Result<Option<Password>, PasswordError>;
}

type Lookup<'a> = Box<dyn Fn(&str) -> Option<OsString> + 'a>;
type Prompt<'a> = Box<dyn FnMut(&Path) -> io::Result<Zeroizing<String>> + 'a>;

/// The usual sources, each only if asked for.
#[derive(Default)]
pub struct Passwords<'a> {
    file: Option<PathBuf>,
    environment: Option<Lookup<'a>>,
    prompt: Option<Prompt<'a>>,
}

impl Password {
    /// A password that was typed. Neither empty nor longer than a password can be.
    pub fn typed(text: &str) -> Result<Password, PasswordError> {
        Password::new(
            Zeroizing::new(text.as_bytes().to_vec()),
            PasswordOrigin::Prompt,
        )
    }

    /// Where it came from.
    pub fn origin(&self) -> &PasswordOrigin {
        &self.origin
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn new(bytes: Zeroizing<Vec<u8>>, origin: PasswordOrigin) -> Result<Password, PasswordError> {
        if bytes.is_empty() {
            return Err(PasswordError::Empty { origin });
        }
        if bytes.len() > PASSWORD_MAX_BYTES {
            return Err(PasswordError::TooLong { origin });
        }
        Ok(Password { bytes, origin })
    }
}

impl<'a> Passwords<'a> {
    /// No source at all: encrypted files can't be opened.
    pub fn none() -> Passwords<'a> {
        Passwords::default()
    }

    /// A file with the password; a line break at its end doesn't belong to it. Only its owner may
    /// be able to read it.
    pub fn with_file(mut self, path: Option<PathBuf>) -> Passwords<'a> {
        self.file = path;
        self
    }

    /// The environment of this process.
    pub fn with_environment(self) -> Passwords<'a> {
        self.with_environment_of(|name| std::env::var_os(name))
    }

    /// Another environment.
    pub fn with_environment_of(
        mut self,
        lookup: impl Fn(&str) -> Option<OsString> + 'a,
    ) -> Passwords<'a> {
        self.environment = Some(Box::new(lookup));
        self
    }

    /// Somebody who can be asked; the path is that of the key file.
    pub fn with_prompt(
        mut self,
        prompt: impl FnMut(&Path) -> io::Result<Zeroizing<String>> + 'a,
    ) -> Passwords<'a> {
        self.prompt = Some(Box::new(prompt));
        self
    }
}

impl PasswordSource for Passwords<'_> {
    fn password(&mut self, key_file: &Path) -> Result<Option<Password>, PasswordError> {
        if let Some(path) = &self.file {
            return from_file(path).map(Some);
        }
        if let Some(lookup) = &self.environment
            && let Some(password) = from_environment(lookup, key_file)?
        {
            return Ok(Some(password));
        }
        let Some(prompt) = &mut self.prompt else {
            return Ok(None);
        };
        let text = prompt(key_file).map_err(PasswordError::Prompt)?;
        Password::typed(&text).map(Some)
    }
}

/// Name of the variable with the password of the key file at that path: upper case, `/` and `.`
/// as `_`.
pub fn variable_of(key_file: &Path) -> String {
    let path = key_file.to_string_lossy();
    let name: String = path
        .chars()
        .map(|letter| {
            if matches!(letter, '/' | '.') {
                '_'
            } else {
                letter
            }
        })
        .collect();
    format!("{FILE_VARIABLE_PREFIX}{name}").to_uppercase()
}

fn from_file(path: &Path) -> Result<Password, PasswordError> {
    // A line break more than the longest password.
    let contents = file::read(path, PASSWORD_MAX_BYTES + 2, Secrecy::Private)
        .map_err(|error| PasswordError::File(Box::new(error)))?;
    let line = contents.strip_suffix(b"\n").unwrap_or(&contents);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Password::new(
        Zeroizing::new(line.to_vec()),
        PasswordOrigin::File(path.into()),
    )
}

fn from_environment(
    lookup: &Lookup<'_>,
    key_file: &Path,
) -> Result<Option<Password>, PasswordError> {
    // Set to nothing means not set, as everywhere.
    let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
    // Tools name the variable after the path as they were given it, which may be either of these.
    let absolute = std::path::absolute(key_file).unwrap_or_default();
    for name in [variable_of(key_file), variable_of(&absolute)] {
        if name.len() <= ENV_NAME_MAX_BYTES
            && let Some(value) = lookup(&name)
        {
            let value = Zeroizing::new(value.into_encoded_bytes());
            return Password::new(decode(&value, &name)?, PasswordOrigin::Environment(name))
                .map(Some);
        }
    }
    let Some(value) = lookup(PASSWORD_VARIABLE) else {
        return Ok(None);
    };
    let origin = PasswordOrigin::Environment(PASSWORD_VARIABLE.to_owned());
    Password::new(Zeroizing::new(value.into_encoded_bytes()), origin).map(Some)
}

/// Undoes how Bittensor's tools keep a password from being read at a glance.
fn decode(value: &[u8], name: &str) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    let encoding = || PasswordError::Encoding { name: name.into() };
    if value.len() > 2 * PASSWORD_MAX_BYTES {
        return Err(encoding());
    }
    let mut bytes = Zeroizing::new(
        STANDARD
            .decode(value.trim_ascii())
            .map_err(|_| encoding())?,
    );
    for (byte, key) in bytes.iter_mut().zip(name.bytes().cycle()) {
        *byte ^= key;
    }
    Ok(bytes)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for PasswordOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordOrigin::File(path) => write!(f, "password file {}", path.display()),
            PasswordOrigin::Environment(name) => write!(f, "variable {name}"),
            PasswordOrigin::Prompt => f.write_str("password as typed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_as_the_python_package_names_them() {
        assert_eq!(variable_of(Path::new("/x")), "BT_PW__X");
        assert_eq!(
            variable_of(Path::new("rel/a.b/Kéy-1")),
            "BT_PW_REL_A_B_KÉY-1"
        );
    }

    #[test]
    fn a_variable_of_the_python_package_gives_its_password() {
        // A password longer than the name of the variable.
        let mut passwords = Passwords::none().with_environment_of(|name| {
            (name == "BT_PW__X").then(|| "cmVtY2NqaW96bT4yNDs6PiU8Njo=".into())
        });
        let found = passwords.password(Path::new("/x")).unwrap().unwrap();
        assert_eq!(found.bytes(), b"0123456789abcdefghij");
        assert!(!format!("{found:?}").contains("0123"), "{found:?}");
    }
}
