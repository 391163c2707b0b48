//! A Podman daemon with directories of its own, started for this run of the tests, and gone with it;
//! with `ASSAY_CONTAINER_DAEMON=docker` a Docker daemon.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use assay_sandbox::ContainerConfig;

use crate::image;

const IMAGE: &str = "localhost/assay-sandbox-test:1";
/// With vfs each container is a copy of the image, so it comes last.
const SETUPS: &[(&str, &str)] = &[
    ("runc", "overlay"),
    ("crun", "overlay"),
    ("runc", "vfs"),
    ("crun", "vfs"),
];
const START_MAX: Duration = Duration::from_secs(30);
const SOCKET: &str = "daemon.sock";
/// Instead of Podman.
const DOCKER: &str = "docker";
/// A runtime with a kernel of its own.
const GVISOR: &str = "runsc";
/// Ends the daemon and removes everything once the tests are gone, however they ended.
const KEEPER: &str = include_str!("keeper.py");

/// A daemon that runs containers with all limits.
pub struct Daemon {
    directory: PathBuf,
    client: Vec<String>,
    _keeper: Child,
}

static DAEMON: LazyLock<Option<Daemon>> = LazyLock::new(|| match Daemon::start() {
    Ok(daemon) => Some(daemon),
    Err(reason) => {
        let banner = "*".repeat(78);
        let text = format!(
            "{banner}\n*** NOT TESTED ON THIS MACHINE: the container back end\n*** {reason}\n*** \
             It needs root and: apt-get install --no-install-recommends podman conmon catatonit \
             runc netavark python3 (or docker.io, with ASSAY_CONTAINER_DAEMON=docker)\n{banner}\n"
        );
        // Past what the test harness captures.
        std::io::stderr().write_all(text.as_bytes()).unwrap();
        let required = std::env::var_os("ASSAY_REQUIRE_CONTAINER").is_some();
        assert!(!required, "{reason}");
        None
    }
});

/// The daemon of this run, if it could be started.
pub fn daemon() -> Option<&'static Daemon> {
    DAEMON.as_ref()
}

impl Daemon {
    fn start() -> Result<Self, String> {
        let directory = tempfile::Builder::new().prefix("assay-podman-").tempdir();
        let directory = directory.map_err(|error| error.to_string())?;
        let tree = directory.path().join("tree");
        image::make(&tree)?;
        if std::env::var_os("ASSAY_CONTAINER_DAEMON").is_some_and(|daemon| daemon == DOCKER) {
            return Self::docker(directory.keep());
        }
        let config = directory.path().join("containers.conf");
        // Only what the tests' own user may have.
        let limits =
            "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\n";
        fs::write(&config, limits).map_err(|error| error.to_string())?;
        let setups = match runtime() {
            None => SETUPS,
            Some(_) => [(GVISOR, "overlay"), (GVISOR, "vfs")].as_slice(),
        };
        let wrapper = match runtime() {
            None => None,
            Some(_) => Some(gvisor(directory.path())?),
        };
        let mut reasons = Vec::new();
        for (runtime, driver) in setups {
            let at = |name: &str| {
                let path = directory.path().join(format!("{runtime}-{driver}-{name}"));
                path.to_str().unwrap().to_owned()
            };
            let podman = vec![
                "env".to_owned(),
                format!("CONTAINERS_CONF={}", config.display()),
                format!("CONTAINERS_STORAGE_CONF={}", at("storage.conf")),
                "podman".to_owned(),
                format!("--root={}", at("root")),
                format!("--runroot={}", at("runroot")),
                format!("--tmpdir={}", at("tmp")),
                format!("--storage-driver={driver}"),
                match &wrapper {
                    None => format!("--runtime={runtime}"),
                    Some(wrapper) => format!("--runtime={}", wrapper.display()),
                },
                "--cgroup-manager=cgroupfs".to_owned(),
            ];
            let storage = format!(
                "[storage]\ndriver = {driver:?}\ngraphroot = {:?}\nrunroot = {:?}\n",
                at("root"),
                at("runroot")
            );
            fs::write(at("storage.conf"), storage).map_err(|error| error.to_string())?;
            match try_out(&podman, &tree) {
                Ok(()) => {
                    let socket = format!("unix://{}", directory.path().join(SOCKET).display());
                    let mut server = podman.clone();
                    server.extend(["system", "service", "--time=0", &socket].map(str::to_owned));
                    return Self::serve(directory.keep(), &server, podman);
                }
                Err(reason) => reasons.push(format!("{runtime} with {driver}: {reason}")),
            }
        }
        Err(reasons.join("\n*** "))
    }

    fn docker(directory: PathBuf) -> Result<Self, String> {
        let at = |name: &str| directory.join(name).to_str().unwrap().to_owned();
        let socket = format!("unix://{}", at(SOCKET));
        fs::write(at("daemon.json"), "{}").map_err(|error| error.to_string())?;
        let server = [
            "dockerd",
            &format!("--host={socket}"),
            &format!("--config-file={}", at("daemon.json")),
            &format!("--data-root={}", at("data")),
            &format!("--exec-root={}", at("exec")),
            &format!("--pidfile={}", at("pid")),
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
        ];
        let client = [DOCKER, &format!("--host={socket}")].map(str::to_owned);
        let tree = directory.join("tree");
        let daemon = Self::serve(directory, &server.map(str::to_owned), client.to_vec())?;
        try_out(&daemon.client, &tree).map(|()| daemon)
    }

    /// Starts a server that makes a socket in the directory.
    fn serve(directory: PathBuf, server: &[String], client: Vec<String>) -> Result<Self, String> {
        let keeper = Command::new("python3")
            .args(["-I", "-S", "-c", KEEPER])
            .arg(&directory)
            .args(server)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let keeper = keeper.map_err(|error| error.to_string())?;
        let begun = Instant::now();
        while std::os::unix::net::UnixStream::connect(directory.join(SOCKET)).is_err() {
            if begun.elapsed() > START_MAX {
                let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
                return Err(format!("the daemon does not listen: {log}"));
            }
            std::thread::yield_now();
        }
        // For ordinary users as well, like those in Docker's group.
        for (path, mode) in [(directory.clone(), 0o755), (directory.join(SOCKET), 0o666)] {
            let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
            fs::set_permissions(path, permissions).map_err(|error| error.to_string())?;
        }
        Ok(Self {
            directory,
            client,
            _keeper: keeper,
        })
    }

    /// What a node needs to use it.
    pub fn config(&self) -> ContainerConfig {
        ContainerConfig {
            image: IMAGE.to_owned(),
            socket: Some(self.directory.join(SOCKET)),
            runtime: runtime(),
        }
    }

    /// Runs a command of its client.
    pub fn client(&self, args: &[&str]) -> String {
        let output = command(&self.client).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", words(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// What containers are asked for with.
fn runtime() -> Option<String> {
    let asked = std::env::var_os("ASSAY_CONTAINER_RUNTIME")?;
    assert!(asked == GVISOR, "expected {GVISOR}, got {asked:?}");
    Some(GVISOR.to_owned())
}

/// gVisor that looks at profiles of system calls, which it doesn't unless told.
fn gvisor(directory: &Path) -> Result<PathBuf, String> {
    let wrapper = directory.join(GVISOR);
    let script = format!("#!/bin/sh\nexec {GVISOR} --network=none --oci-seccomp \"$@\"\n");
    fs::write(&wrapper, script).map_err(|error| error.to_string())?;
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&wrapper, executable).map_err(|error| error.to_string())?;
    run(Command::new(GVISOR).arg("--version"))?;
    Ok(wrapper)
}

fn try_out(client: &[String], tree: &Path) -> Result<(), String> {
    let archive = tree.with_extension("tar");
    if !archive.exists() {
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(tree).arg("-cf").arg(&archive).arg(".");
        run(&mut tar)?;
    }
    run(command(client).args(["import"]).arg(&archive).arg(IMAGE))?;
    let limits = [
        "run",
        "--rm",
        "--network=none",
        "--read-only",
        "--init",
        "--cap-drop=all",
        "--memory=64m",
        // Some runtimes have many threads of their own.
        "--pids-limit=128",
        "--ulimit=nofile=64:64",
        "--ulimit=nproc=64:64",
        "--user=300000:300000",
        IMAGE,
        "/bin/true",
    ];
    run(command(client).args(limits))
}

fn command(client: &[String]) -> Command {
    let mut command = Command::new(&client[0]);
    command.args(&client[1..]);
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(words(&output))
}

fn words(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().last().unwrap_or("no reason given").to_owned()
}
