//! What reaches out of a box without opening anything: news, permissions and names of files, names
//! of sockets and networks.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};

use crate::support::{assert_held, held, labs, python};

#[test]
fn files_of_others_are_not_watched() {
    held(
        "import fcntl
refused_with([errno.EPERM], 'inotify', syscall, 'inotify_init1', 0)
refused_with([errno.EPERM], 'fanotify', syscall, 'fanotify_init', 0, 0)
directory = os.open('/usr/bin', os.O_RDONLY)
refused_with([errno.EPERM], 'dnotify', fcntl.fcntl, directory, 1026, 0x3f)
file = os.open('/usr/bin/env', os.O_RDONLY)
refused_with([errno.EPERM], 'lease', fcntl.fcntl, file, 1024, fcntl.F_RDLCK)",
    );
}

#[test]
fn permissions_times_and_attributes_of_the_nodes_files_stay() {
    for mut lab in labs() {
        let state = lab.state_dir.clone();
        let before = std::fs::metadata(&state).unwrap();
        // A box with a root of its own does not even see it.
        let script = format!(
            "for name, call in dict(
    mode=lambda: os.chmod({state:?}, 0o777), owner=lambda: os.chown({state:?}, os.getuid(), os.getgid()),
    times=lambda: os.utime({state:?}, (1, 1)), now=lambda: os.utime({state:?}),
    attribute=lambda: os.setxattr({state:?}, 'user.seen', b'1'),
    number=lambda: syscall('chmod', {state:?}.encode(), 0o777), old=lambda: syscall('utime', {state:?}.encode(), 0),
    mode2=lambda: syscall(452, -100, {state:?}.encode(), 0o777, 0)).items(): refused(name, call)"
        );
        let outcome = lab.run(&python(&script));
        assert_held(&lab.name, &outcome);
        let after = std::fs::metadata(&state).unwrap();
        assert_eq!(before.permissions(), after.permissions(), "{}", lab.name);
    }
}

#[test]
fn attributes_that_outlive_a_run_are_not_left_at_files_that_all_may_write_to() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let everybody = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(file.path(), everybody).unwrap();
    let path = file.path();
    held(&format!(
        "refused('attribute', lambda: os.setxattr({path:?}, 'user.left', b'1'))
refused('through a link', lambda: os.setxattr({path:?}, 'user.left', b'1', follow_symlinks=False))"
    ));
    assert_eq!(std::fs::metadata(path).unwrap().size(), 0);
}

#[test]
fn names_and_addresses_of_the_hosts_networks_are_not_told() {
    held(
        "import fcntl, socket, struct
pair = socket.socketpair()
for request in [0x8910, 0x8912, 0x8913, 0x8915, 0x8927, 0x8933]:
    refused_with([errno.EPERM], hex(request), fcntl.ioctl, pair[0], request, struct.pack('16si20x', b'lo', 1))",
    );
}

#[test]
fn flags_of_files_are_not_changed() {
    held(
        "import fcntl
file = os.open('/usr/bin/env', os.O_RDONLY)
for request in [0x40086602, 0x401c5820, 0xc020660b]:
    refused_with([errno.EPERM], hex(request), fcntl.ioctl, file, request, bytes(64))",
    );
}

/// A name is the whole network's: whoever takes it keeps a service from starting.
#[test]
fn names_of_sockets_are_not_taken_from_the_host() {
    let name = format!("assay-name-{}", std::process::id());
    for mut lab in labs() {
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let holder = UnixListener::bind_addr(&address).unwrap();
        // The same name is another one in a network of its own.
        let script = format!(
            "import socket
try: socket.socketpair()[0].bind('\\0{name}')
except OSError as error: number = error.errno
else: number = 0
if number != {}: print('ESCAPED', number)",
            if lab.is_native() { "0" } else { "errno.EPERM" }
        );
        let outcome = lab.run(&python(&script));
        drop(holder);
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn cores_and_tables_of_the_kernel_are_not_reserved() {
    held(
        "for option in [62, 78, 35]:
    refused_with([errno.EPERM], option, syscall, 'prctl', option, 1, 16, 0, 0)",
    );
}

#[test]
fn huge_pages_of_the_host_are_not_taken() {
    held(
        "refused_with([errno.EPERM], 'mmap', syscall, 'mmap', 0, 1 << 21, 3, 0x40022, -1, 0)
refused_with([errno.EPERM], 'memfd', os.memfd_create, 'huge', 4)
os.write(os.memfd_create('small', 0), b'x')",
    );
}

#[test]
fn device_files_work_and_stay_as_they_are() {
    for mut lab in labs() {
        // Those of a container are its own.
        let shared = if lab.is_container() { "False" } else { "True" };
        let outcome = lab.run(&python(&format!(
            "open('/dev/null', 'r+b', 0).write(b'x')
if len(open('/dev/urandom', 'rb').read(16)) != 16: print('ESCAPED')
for name in ['null', 'zero', 'full', 'random', 'urandom']:
    refused('mode', os.chmod, '/dev/' + name, 0o600)
    refused('attribute', os.setxattr, '/dev/' + name, 'user.left', b'1')
    refused('name', os.unlink, '/dev/' + name)
    refused('times', os.utime, '/dev/' + name, (1, 1))
    if {shared}: refused('now', os.utime, '/dev/' + name)"
        )));
        assert_held(&lab.name, &outcome);
    }
}
