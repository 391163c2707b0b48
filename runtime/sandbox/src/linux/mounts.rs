//! System calls about mounts that no library wraps.

use std::ffi::{CString, OsString};
use std::io;
use std::ops::BitOr;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::mount::UnmountFlags;

/// Attributes of a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes(u64);

impl Attributes {
    /// Nothing can be written.
    pub const READ_ONLY: Self = Self(libc::MOUNT_ATTR_RDONLY);
    /// Set-uid bits mean nothing.
    pub const NO_SET_UID: Self = Self(libc::MOUNT_ATTR_NOSUID);
    /// Device files are dead.
    pub const NO_DEVICES: Self = Self(libc::MOUNT_ATTR_NODEV);
    /// Nothing can be executed.
    pub const NO_EXEC: Self = Self(libc::MOUNT_ATTR_NOEXEC);

    /// Both.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOr for Attributes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

/// Adds attributes to the mount at `path` under `directory`, or to `directory` itself if `path` is
/// empty, and cuts it off from mounts made elsewhere.
pub fn set_attributes(
    directory: impl AsFd,
    path: &str,
    attributes: Attributes,
    recursive: bool,
) -> io::Result<()> {
    let path = CString::new(path)?;
    let change = libc::mount_attr {
        attr_set: attributes.0,
        attr_clr: 0,
        propagation: libc::MS_PRIVATE,
        userns_fd: 0,
    };
    let mut flags = libc::AT_EMPTY_PATH;
    if recursive {
        flags |= libc::AT_RECURSIVE;
    }
    // SAFETY: path is a string that ends in zero, change is of the size that is passed, and both
    // outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            directory.as_fd().as_raw_fd(),
            path.as_ptr(),
            flags,
            &raw const change,
            size_of::<libc::mount_attr>(),
        )
    };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Takes away every mount at or below a directory, the innermost first.
pub fn detach_below(directory: &Path) -> io::Result<()> {
    let directory = directory.canonicalize()?;
    let mounts = std::fs::read("/proc/self/mountinfo")?;
    let mut points: Vec<PathBuf> = mounts
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .map(|point| PathBuf::from(OsString::from_vec(unescape(point))))
        .filter(|point| point.starts_with(&directory))
        .collect();
    points.sort();
    for point in points.into_iter().rev() {
        rustix::mount::unmount(&point, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)?;
    }
    Ok(())
}

/// Spaces and the like come as three octal digits behind a backslash.
fn unescape(point: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(point.len());
    let mut rest = point;
    while let [first, behind @ ..] = rest {
        if let ([b'\\'], [a, b, c, behind @ ..]) = ([*first], behind) {
            let digit = |byte: &u8| byte.wrapping_sub(b'0');
            plain.push((digit(a) << 6) | (digit(b) << 3) | digit(c));
            rest = behind;
        } else {
            plain.push(*first);
            rest = behind;
        }
    }
    plain
}
