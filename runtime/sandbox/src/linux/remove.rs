//! Removes directories that a hostile program filled: of any depth, with any names, without
//! following links, without recursion, and with few open descriptors.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// Removes a directory and all in it. Nothing to do if it isn't there.
pub fn tree(path: &Path) -> io::Result<()> {
    match contents(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        emptied => emptied?,
    }
    Ok(rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR)?)
}

/// Removes all in a directory. A directory in it that is not empty gives its own directories to the
/// top, so that nothing is ever more than two levels down.
pub fn contents(path: &Path) -> io::Result<()> {
    let top = open(CWD, path.as_os_str())?;
    let mut moved = 0_u64;
    loop {
        let directories = remove_files(&top)?;
        if directories.is_empty() {
            return Ok(());
        }
        for name in directories {
            let inner = match open(&top, &name) {
                Err(Errno::ACCESS) => {
                    rustix::fs::chmodat(&top, &name, Mode::RWXU, AtFlags::empty())?;
                    open(&top, &name)?
                }
                opened => opened?,
            };
            rustix::fs::fchmod(&inner, Mode::RWXU)?;
            for deeper in remove_files(&inner)? {
                let _ = rustix::fs::chmodat(&inner, &deeper, Mode::RWXU, AtFlags::empty());
                moved += 1;
                while let Err(error) =
                    rustix::fs::renameat(&inner, &deeper, &top, format!(".moved-{moved}"))
                {
                    if error != Errno::EXIST && error != Errno::NOTEMPTY && error != Errno::NOTDIR {
                        return Err(error.into());
                    }
                    moved += 1;
                }
            }
            rustix::fs::unlinkat(&top, &name, AtFlags::REMOVEDIR)?;
        }
    }
}

/// Removes everything but directories, whose names it returns.
fn remove_files(directory: &OwnedFd) -> io::Result<Vec<OsString>> {
    let mut directories = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            directories.push(name.to_owned());
            continue;
        }
        match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
            Err(Errno::ISDIR) => directories.push(name.to_owned()),
            Err(Errno::NOENT) => {}
            removed => removed?,
        }
    }
    Ok(directories)
}

fn open(directory: impl std::os::fd::AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_deep_tree_with_links_goes_and_the_linked_stays() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("kept"), "x").unwrap();
        let base = tempfile::tempdir().unwrap();
        let top = base.path().join("top");
        std::fs::create_dir(&top).unwrap();
        let mut directory = open(CWD, top.as_os_str()).unwrap();
        for _ in 0..3000 {
            rustix::fs::mkdirat(&directory, "d", Mode::RWXU).unwrap();
            rustix::fs::mkdirat(&directory, ".moved-1", Mode::RWXU).unwrap();
            rustix::fs::symlinkat(outside.path(), &directory, "link").unwrap();
            directory = open(&directory, OsStr::new("d")).unwrap();
        }
        symlink(outside.path(), top.join("link2")).unwrap();
        tree(&top).unwrap();
        assert!(!top.exists());
        assert!(outside.path().join("kept").exists());
    }

    #[test]
    fn nothing_is_removed_already() {
        let base = tempfile::tempdir().unwrap();
        tree(&base.path().join("none")).unwrap();
    }
}
