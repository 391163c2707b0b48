//! Calls to the daemon, each with a deadline, and what is known about it.

use std::collections::HashMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerStatsResponse, ContainerWaitResponse, SystemInfoCgroupVersionEnum,
};
use bollard::query_parameters::{
    AttachContainerOptions, ContainerArchiveInfoOptions, CreateContainerOptions,
    KillContainerOptions, RemoveContainerOptions, StatsOptions,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::transport::{self, Budget};
use crate::backend::BackendKind;
use crate::error::SandboxError;

/// Longest time for one call: daemons copy images and wait for locks when many containers start.
const CALL_MAX: Duration = Duration::from_secs(120);
/// Longest time for the first word of a daemon.
const HELLO_MAX: Duration = Duration::from_secs(10);
/// Longest piece of a program's output at once, in bytes: daemons pass on 32 KiB.
const FRAME_MAX_BYTES: usize = 1024 * 1024;
/// Longest message of the daemon that is repeated, in characters.
const MESSAGE_MAX_CHARS: usize = 1000;
/// Says which node made a container.
pub const PLACE_LABEL: &str = "assay.sandbox.place";

/// A daemon that answered.
#[derive(Debug, Clone)]
pub struct Daemon {
    docker: Docker,
    socket: PathBuf,
    /// Podman takes some settings in another form.
    pub podman: bool,
    /// It has the rights of a user.
    pub rootless: bool,
    /// What runs containers if nothing else is asked for.
    pub default_runtime: String,
    /// It can limit memory.
    pub limits_memory: bool,
    /// It can limit the number of processes.
    pub limits_processes: bool,
}

/// Who listens at a socket has the rights of a user.
fn is_of_a_user(socket: &Path) -> std::io::Result<bool> {
    let connection = std::os::unix::net::UnixStream::connect(socket)?;
    let peer = rustix::net::sockopt::socket_peercred(&connection)?;
    Ok(!peer.uid.is_root())
}

/// How a container is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct State {
    /// Its first process is there.
    pub running: bool,
    /// Number of its first process, 0 if it is gone.
    pub pid: i64,
    /// What its first process returned.
    pub exit_code: i64,
    /// The kernel killed for lack of memory.
    #[serde(rename = "OOMKilled")]
    pub oom_killed: bool,
    /// When it ended, in RFC 3339.
    pub finished_at: String,
}

/// The streams of a container.
pub struct Attached {
    /// What it prints.
    pub output: Output,
    /// To be refilled with each piece of output that was taken.
    pub budget: Budget,
    /// What it reads. By a connection of its own: Podman ends one as a whole if nobody reads.
    pub input: Option<AttachContainerResults>,
}

type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;

impl Daemon {
    /// Greets the daemon and agrees on a version.
    pub async fn connect(socket: &Path) -> Result<Self, SandboxError> {
        let doing = "talking to the daemon";
        let docker = transport::client(socket, API_DEFAULT_VERSION, None)
            .map_err(|error| failed(doing, &error))?;
        let docker = hello(doing, docker.negotiate_version()).await?;
        let version = hello(doing, docker.version()).await?;
        let components = version.components.unwrap_or_default();
        let podman = components
            .iter()
            .any(|component| component.name.contains("Podman"));
        let info = hello(doing, docker.info()).await?;
        let options = info.security_options.unwrap_or_default();
        // Podman does not always say so.
        let rootless = options.iter().any(|option| option.contains("rootless"))
            || podman && is_of_a_user(socket).map_err(|error| setup(doing, error.to_string()))?;
        // Whatever it says: a user can't make groups of version 1, and Podman goes on without.
        let version = info.cgroup_version;
        let groups = !rootless || version == Some(SystemInfoCgroupVersionEnum::_2);
        Ok(Self {
            docker,
            socket: socket.to_owned(),
            podman,
            rootless,
            default_runtime: info.default_runtime.unwrap_or_default(),
            limits_memory: groups && info.memory_limit.unwrap_or(false),
            limits_processes: groups && info.pids_limit.unwrap_or(false),
        })
    }

    /// The id of an image that is on the machine, and the volumes it would make.
    pub async fn image(&self, name: &str) -> Result<(String, Vec<String>), SandboxError> {
        let doing = "looking for the image";
        let asked = tokio::time::timeout(CALL_MAX, self.docker.inspect_image(name)).await;
        let image = match asked {
            Ok(Err(error)) if is_status(&error, 404) => {
                let reason = format!(
                    "the image {name} is not on this machine: pull or import it, it is not done \
                     for you"
                );
                return Err(setup(doing, reason));
            }
            Ok(image) => image.map_err(|error| failed(doing, &error))?,
            Err(_) => return Err(late(doing)),
        };
        let id = image.id.unwrap_or_default();
        if id.is_empty() {
            return Err(setup(doing, "the daemon gave no id".to_owned()));
        }
        let config = image.config.unwrap_or_default();
        Ok((id, config.volumes.unwrap_or_default()))
    }

    /// Makes a container; its id.
    pub async fn create(
        &self,
        name: &str,
        body: ContainerCreateBody,
    ) -> Result<String, SandboxError> {
        let options = CreateContainerOptions {
            name: Some(name.to_owned()),
            ..CreateContainerOptions::default()
        };
        let making = self.docker.create_container(Some(options), body);
        Ok(within("making a container", making).await?.id)
    }

    /// Is there such a file in the container?
    pub async fn has_file(&self, id: &str, path: &Path) -> Result<bool, SandboxError> {
        let doing = "looking for the program";
        let options = ContainerArchiveInfoOptions {
            path: path.to_string_lossy().into_owned(),
        };
        let asking = self.docker.get_container_archive_info(id, Some(options));
        match tokio::time::timeout(CALL_MAX, asking).await {
            Ok(Ok(_)) => Ok(true),
            Ok(Err(error)) if is_status(&error, 404) => Ok(false),
            Ok(Err(error)) => Err(failed(doing, &error)),
            Err(_) => Err(late(doing)),
        }
    }

    /// Connects to a container's streams.
    pub async fn attach(&self, id: &str, stdin: bool) -> Result<Attached, SandboxError> {
        let budget = Budget::new(FRAME_MAX_BYTES);
        let output = AttachContainerOptions {
            stream: true,
            stdout: true,
            stderr: true,
            ..AttachContainerOptions::default()
        };
        let output = self.attach_to(id, output, &budget).await?.output;
        let input = AttachContainerOptions {
            stream: true,
            stdin: true,
            ..AttachContainerOptions::default()
        };
        let unread = Budget::new(FRAME_MAX_BYTES);
        let input = match stdin {
            true => Some(self.attach_to(id, input, &unread).await?),
            false => None,
        };
        Ok(Attached {
            output,
            budget,
            input,
        })
    }

    async fn attach_to(
        &self,
        id: &str,
        options: AttachContainerOptions,
        budget: &Budget,
    ) -> Result<AttachContainerResults, SandboxError> {
        let doing = "attaching to a container";
        let version = self.docker.client_version();
        let docker = transport::client(&self.socket, &version, Some(budget));
        let docker = docker.map_err(|error| failed(doing, &error))?;
        within(doing, docker.attach_container(id, Some(options))).await
    }

    /// Starts a container. The inner error is the daemon's refusal.
    pub async fn start(&self, id: &str) -> Result<Result<(), String>, SandboxError> {
        let doing = "starting a container";
        match tokio::time::timeout(CALL_MAX, self.docker.start_container(id, None)).await {
            Ok(Ok(())) => Ok(Ok(())),
            Ok(Err(Error::DockerResponseServerError { message, .. })) => Ok(Err(shorten(&message))),
            Ok(Err(error)) => Err(failed(doing, &error)),
            Err(_) => Err(late(doing)),
        }
    }

    /// Waits for the end of a container, as long as it takes.
    pub fn wait(
        &self,
        id: &str,
    ) -> impl Stream<Item = Result<ContainerWaitResponse, Error>> + use<> {
        Box::pin(self.docker.wait_container(id, None))
    }

    /// How a container is.
    pub async fn state(&self, id: &str) -> Result<State, SandboxError> {
        let inspected: Inspected = self
            .ask("asking for a container", &format!("/containers/{id}/json"))
            .await?;
        Ok(inspected.state)
    }

    /// What a container uses, if the daemon can tell.
    pub async fn stats(&self, id: &str) -> Option<ContainerStatsResponse> {
        let options = StatsOptions {
            stream: false,
            one_shot: true,
        };
        let mut answers = std::pin::pin!(self.docker.stats(id, Some(options)));
        let answer = tokio::time::timeout(CALL_MAX, answers.next()).await;
        answer.ok()??.ok()
    }

    /// Kills all processes of a container. It may be gone already.
    pub async fn kill(&self, id: &str) {
        let options = KillContainerOptions {
            signal: "SIGKILL".to_owned(),
        };
        let killing = self.docker.kill_container(id, Some(options));
        let _ = tokio::time::timeout(CALL_MAX, killing).await;
    }

    /// Ends and removes a container by id or name, with what it has. Nothing to do if it is gone.
    pub async fn remove(&self, name: &str) -> Result<(), SandboxError> {
        let doing = "removing a container";
        let options = RemoveContainerOptions {
            force: true,
            v: true,
            ..RemoveContainerOptions::default()
        };
        let mut last = late(doing);
        for _ in 0..3 {
            let removing = self.docker.remove_container(name, Some(options.clone()));
            match tokio::time::timeout(CALL_MAX, removing).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) if is_status(&error, 404) => return Ok(()),
                Ok(Err(error)) => last = failed(doing, &error),
                Err(_) => last = late(doing),
            }
        }
        Err(last)
    }

    /// Ids and places of all containers that nodes made.
    pub async fn made_by_nodes(&self) -> Result<Vec<(String, PathBuf)>, SandboxError> {
        // {"label":["assay.sandbox.place"]}
        let path = format!(
            "/containers/json?all=true&filters=%7B%22label%22%3A%5B%22{PLACE_LABEL}%22%5D%7D"
        );
        let listed: Vec<Listed> = self.ask("listing containers", &path).await?;
        let found = listed.into_iter().filter_map(|mut container| {
            let place = container.labels.remove(PLACE_LABEL)?;
            Some((container.id, place.into()))
        });
        Ok(found.collect())
    }

    /// The library refuses words that only Podman uses, such as a container's being `stopped`.
    async fn ask<T: DeserializeOwned>(&self, doing: &str, path: &str) -> Result<T, SandboxError> {
        let version = self.docker.client_version();
        let (major, minor) = (version.major_version, version.minor_version);
        let path = format!("/v{major}.{minor}{path}");
        let (status, text) = within(doing, transport::get(&self.socket, &path)).await?;
        if status != 200 {
            let said = shorten(&String::from_utf8_lossy(&text));
            return Err(setup(doing, format!("status {status}: {said}")));
        }
        serde_json::from_slice(&text).map_err(|error| setup(doing, error.to_string()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    state: State,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    #[serde(default)]
    labels: HashMap<String, String>,
}

/// An error of the container back end.
pub fn setup(stage: &str, reason: String) -> SandboxError {
    SandboxError::Setup {
        backend: BackendKind::Container,
        stage: stage.to_owned(),
        reason,
    }
}

async fn hello<T>(
    doing: &str,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, SandboxError> {
    match tokio::time::timeout(HELLO_MAX, call).await {
        Ok(answer) => answer.map_err(|error| failed(doing, &error)),
        Err(_) => Err(late(doing)),
    }
}

async fn within<T>(
    doing: &str,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, SandboxError> {
    match tokio::time::timeout(CALL_MAX, call).await {
        Ok(answer) => answer.map_err(|error| failed(doing, &error)),
        Err(_) => Err(late(doing)),
    }
}

fn failed(doing: &str, error: &Error) -> SandboxError {
    setup(doing, shorten(&error.to_string()))
}

fn late(doing: &str) -> SandboxError {
    setup(doing, "the daemon did not answer in time".to_owned())
}

fn is_status(error: &Error, status: u16) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code, .. } if *status_code == status)
}

fn shorten(message: &str) -> String {
    message.chars().take(MESSAGE_MAX_CHARS).collect()
}
