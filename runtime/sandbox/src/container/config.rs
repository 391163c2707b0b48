//! Settings of the container back end, and where a daemon is looked for.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::SandboxError;

/// Longest name of an image, in bytes: what registries allow, with a tag and a digest.
const IMAGE_MAX_BYTES: usize = 255 + 1 + 128 + 1 + 7 + 64;
/// Longest tag of an image, in bytes.
const TAG_MAX_BYTES: usize = 128;
/// Longest name of a runtime, in bytes.
const RUNTIME_MAX_BYTES: usize = 64;
/// Hexadecimal digits of a digest.
const DIGEST_DIGITS: usize = 64;

/// Settings of the container back end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerConfig {
    /// Name, name with digest, or id of the image that programs run in. It must be on the machine;
    /// it is never pulled or built. Its `python3` runs the self-test.
    pub image: String,
    /// Socket of the daemon, on the same machine. Default: `DOCKER_HOST`, then the usual places.
    #[serde(default)]
    pub socket: Option<PathBuf>,
    /// Runtime to ask the daemon for, such as `runsc`. Default: the daemon's own.
    #[serde(default)]
    pub runtime: Option<String>,
}

impl ContainerConfig {
    /// An image, by the daemon in the usual place.
    pub fn of(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            socket: None,
            runtime: None,
        }
    }

    /// Checks names before they get into a request.
    pub fn validate(&self) -> Result<(), SandboxError> {
        check_image(&self.image)?;
        let Some(runtime) = &self.runtime else {
            return Ok(());
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = !runtime.is_empty() && runtime.len() <= RUNTIME_MAX_BYTES;
        if fits && runtime.bytes().all(allowed) {
            return Ok(());
        }
        Err(SandboxError::Invalid {
            what: "container runtime",
            expected: format!("a name of at most {RUNTIME_MAX_BYTES} letters and digits"),
            got: format!("{runtime:?}"),
        })
    }

    /// The daemon's socket.
    ///
    /// # Errors
    ///
    /// With all paths that were tried and what is there.
    pub fn find_socket(&self) -> Result<PathBuf, String> {
        let candidates = match &self.socket {
            Some(socket) => vec![("configured", Ok(socket.clone()))],
            None => usual_places(),
        };
        let mut tried = Vec::new();
        for (name, candidate) in candidates {
            match candidate.and_then(|path| usable(&path).map(|()| path)) {
                Ok(path) => return Ok(path),
                Err(reason) => tried.push(format!("{name}: {reason}")),
            }
        }
        Err(format!(
            "no socket of a Docker or Podman daemon was found ({}); start one \
             (systemctl start docker, or systemctl --user start podman.socket) or name its socket",
            tried.join("; ")
        ))
    }
}

fn usual_places() -> Vec<(&'static str, Result<PathBuf, String>)> {
    let docker_host = match std::env::var("DOCKER_HOST") {
        Ok(host) => match host.strip_prefix("unix://") {
            Some(path) => Ok(PathBuf::from(path)),
            None => Err(format!("{host} is not a unix:// socket of this machine")),
        },
        Err(_) => Err("not set".to_owned()),
    };
    let runtime_dir = match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(directory) => Ok(PathBuf::from(directory).join("podman/podman.sock")),
        None => Err("not set".to_owned()),
    };
    vec![
        ("DOCKER_HOST", docker_host),
        ("docker", Ok("/var/run/docker.sock".into())),
        ("podman", Ok("/run/podman/podman.sock".into())),
        ("XDG_RUNTIME_DIR", runtime_dir),
    ]
}

fn usable(path: &Path) -> Result<(), String> {
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|error| format!("{}: {error}", path.display()))?;
    if !metadata.file_type().is_socket() {
        return Err(format!("{} is not a socket", path.display()));
    }
    let access = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
    let allowed = rustix::fs::access(path, access);
    allowed.map_err(|error| format!("{}: {error}", path.display()))
}

/// `[host[:port]/]path[:tag][@sha256:digest]`, or `sha256:` and a digest.
fn check_image(image: &str) -> Result<(), SandboxError> {
    if image.len() <= IMAGE_MAX_BYTES && is_image(image) {
        return Ok(());
    }
    Err(SandboxError::Invalid {
        what: "container image",
        expected: "name[:tag][@sha256:digest], or sha256:digest, in lower case".to_owned(),
        got: format!(
            "{:?}",
            image.chars().take(IMAGE_MAX_BYTES).collect::<String>()
        ),
    })
}

fn is_image(image: &str) -> bool {
    let is_digest = |digest: &str| {
        let digits = digest.strip_prefix("sha256:");
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        digits.is_some_and(|digits| digits.len() == DIGEST_DIGITS && digits.bytes().all(hex))
    };
    if image.starts_with("sha256:") {
        return is_digest(image);
    }
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return false;
    }
    // A colon before the last slash is a port.
    let (host, last) = match name.rsplit_once('/') {
        Some((host, last)) => (Some(host), last),
        None => (None, name),
    };
    let (last, tag) = match last.split_once(':') {
        Some((last, tag)) => (last, Some(tag)),
        None => (last, None),
    };
    let in_tag = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let is_tag = |tag: &str| {
        let begins = tag.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_');
        begins && tag.len() <= TAG_MAX_BYTES && tag.bytes().all(in_tag)
    };
    let in_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| {
        let inner = |byte: u8| in_part(byte) || b"._-".contains(&byte);
        let ends = |edge: Option<u8>| edge.is_some_and(in_part);
        ends(part.bytes().next()) && ends(part.bytes().last()) && part.bytes().all(inner)
    };
    let mut parts: Vec<&str> = host
        .map(|host| host.split('/').collect())
        .unwrap_or_default();
    if let Some(first) = parts.first_mut()
        && let Some((host, port)) = first.split_once(':')
    {
        if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        *first = host;
    }
    parts.push(last);
    tag.is_none_or(is_tag) && parts.into_iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(image: &str) -> ContainerConfig {
        ContainerConfig::of(image)
    }

    #[test]
    fn names_of_images_are_taken() {
        let digest = "sha256:".to_owned() + &"0a".repeat(32);
        for image in [
            "python",
            "python:3.12-slim",
            "localhost/assay/box:1",
            "localhost:5000/box",
            "example.org/a/b_c:Tag_1.2-3",
            &format!("python@{digest}"),
            &format!("python:3@{digest}"),
            &digest,
        ] {
            config(image).validate().unwrap();
        }
    }

    #[test]
    fn other_texts_are_no_names_of_images() {
        let digest = "sha256:".to_owned() + &"0a".repeat(32);
        for image in [
            "",
            "/",
            "Python",
            "a//b",
            "../a",
            "a/../b",
            "a b",
            "a?b",
            "a%2fb",
            "a:",
            "a:b:c",
            "a@",
            "a@sha256:12",
            "a\n",
            "-a",
            "host:x/a",
            &digest.to_uppercase(),
            &format!("{digest}0"),
            &"a".repeat(1000),
        ] {
            config(image).validate().unwrap_err();
        }
    }

    #[test]
    fn names_of_runtimes_are_checked() {
        for (runtime, fits) in [
            ("runsc", true),
            ("io.runc.v2", true),
            ("", false),
            ("a/b", false),
        ] {
            let runtime = Some(runtime.to_owned());
            let config = ContainerConfig {
                runtime,
                ..config("python")
            };
            assert_eq!(config.validate().is_ok(), fits, "{config:?}");
        }
    }

    #[test]
    fn a_missing_socket_is_named() {
        let mut config = config("python");
        config.socket = Some("/nowhere/daemon.sock".into());
        let reason = config.find_socket().unwrap_err();
        assert!(reason.contains("/nowhere/daemon.sock"), "{reason}");
        config.socket = Some("/etc/passwd".into());
        let reason = config.find_socket().unwrap_err();
        assert!(reason.contains("not a socket"), "{reason}");
    }
}
