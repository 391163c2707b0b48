//! What programs leave in their output directory, and what they make of their input.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use assay_sandbox::{EndReason, Input, Layer, Outcome, SkipReason};

use crate::support::{Lab, assert_held, labs, python, text};

fn skipped(outcome: &Outcome) -> BTreeMap<&Path, SkipReason> {
    let skipped = outcome.skipped.iter();
    skipped
        .map(|file| (file.path.as_path(), file.reason))
        .collect()
}

#[test]
fn links_are_not_followed() {
    let script = "os.chdir('output')
os.symlink('/etc/passwd', 'passwd')
os.symlink('/etc', 'etc')
os.symlink('good', 'inside')
os.symlink('nowhere', 'dangling')
os.symlink('loop', 'loop')
open('good', 'w').write('good')
os.mkdir('d')
os.symlink('../..', 'd/up')";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        assert_held(&lab.name, &outcome);
        let names: Vec<_> = outcome
            .files
            .iter()
            .map(|file| file.path.as_path())
            .collect();
        assert_eq!(names, [Path::new("good")], "{}", lab.name);
        let skipped = skipped(&outcome);
        for name in ["passwd", "etc", "inside", "dangling", "loop", "d/up"] {
            let reason = skipped.get(Path::new(name));
            assert_eq!(
                reason,
                Some(&SkipReason::SymbolicLink),
                "{} {name}",
                lab.name
            );
        }
    }
}

#[test]
fn hard_links_are_not_taken() {
    let script = "os.chdir('output')
open('a', 'w').write('a')
os.link('a', 'b')
for source in ['/etc/passwd', '/usr/bin/python3', sys.executable, '../input/x']:
    refused(source, os.link, source, 'stolen')";
    for mut lab in labs() {
        let mut request = python(script);
        request.input = Some(Input::Files([("x".into(), b"x".to_vec())].into()));
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
        assert!(
            outcome.files.is_empty(),
            "{}: {:?}",
            lab.name,
            outcome.files
        );
        let expected = [
            (Path::new("a"), SkipReason::HardLink),
            (Path::new("b"), SkipReason::HardLink),
        ];
        assert_eq!(skipped(&outcome), expected.into(), "{}", lab.name);
    }
}

#[test]
fn pipes_sockets_and_devices_are_not_opened() {
    let script = "import socket, stat
os.chdir('output')
os.mkfifo('pipe')
try: s = socket.socket(socket.AF_UNIX); s.bind('socket')
except OSError as error: print(error)
for kind in [stat.S_IFCHR, stat.S_IFBLK]:
    refused('device', os.mknod, 'device', kind | 0o666, os.makedev(1, 3))
    refused('disk', os.mknod, 'disk', kind | 0o666, os.makedev(254, 0))";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        assert_held(&lab.name, &outcome);
        let mut expected = vec![(Path::new("pipe"), SkipReason::SpecialFile)];
        if lab.is_native() {
            expected.push((Path::new("socket"), SkipReason::SpecialFile));
        }
        let expected = expected.into_iter().collect();
        assert_eq!(skipped(&outcome), expected, "{}", lab.name);
    }
}

#[test]
fn sparse_file_counts_in_full() {
    let mut request = python(
        "os.chdir('output')
with open('sparse', 'wb') as file: file.truncate(1 << 30)
open('small', 'w').write('x')",
    );
    request.limits.file_bytes = 2 << 30;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_eq!(outcome.end, EndReason::Output, "{}", lab.name);
        assert_eq!(outcome.files.len(), 1, "{}", lab.name);
        let expected = [(Path::new("sparse"), SkipReason::TooLarge)];
        assert_eq!(skipped(&outcome), expected.into(), "{}", lab.name);
    }
    // And it can't be made with the usual limits.
    let request = python(
        "refused('sparse', os.truncate, os.open('output/x', os.O_CREAT | os.O_WRONLY), 1 << 30)",
    );
    for mut lab in labs() {
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn deep_directories_end_at_a_depth() {
    let mut request = python(
        "os.chdir('output')
try:
    for i in range(5000):
        os.mkdir('d'); os.chdir('d')
        if i in (5, 100): open('file', 'w').write('x')
except OSError as error: print(error)
time.sleep(0.3)",
    );
    request.limits.output_files = 10_000;
    for mut lab in labs() {
        let outcome = lab.run(&request);
        if lab.has(Layer::DiskQuota) {
            assert_held(&lab.name, &outcome);
            assert_eq!(outcome.files.len(), 1, "{}", lab.name);
        } else {
            // Who only looks can't tell what is in there.
            assert_eq!(outcome.end, EndReason::Output, "{}", lab.name);
        }
        let reasons: Vec<_> = outcome.skipped.iter().map(|file| file.reason).collect();
        assert_eq!(reasons, [SkipReason::TooDeep], "{}", lab.name);
    }
}

#[test]
fn strange_names_are_kept_as_they_are() {
    let script = r"os.chdir(b'output')
for name in [b'new\nline', b'\xff\xfe', b' ', b'-rf', b'\x1b[31m', b'quote\x22', '\u202e'.encode(), b'x' * 255]:
    open(name, 'wb').write(name)";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        assert_held(&lab.name, &outcome);
        assert_eq!(
            outcome.files.len(),
            8,
            "{}: {:?}",
            lab.name,
            outcome.skipped
        );
        for file in &outcome.files {
            assert_eq!(file.path.as_os_str().as_bytes(), file.data, "{}", lab.name);
        }
        assert!(
            outcome.files.is_sorted_by(|a, b| a.path < b.path),
            "{}",
            lab.name
        );
    }
}

/// Whether a container without a disk quota was ended for what nobody may look into: who only looks may
/// have looked when nobody could tell any more what is in there.
fn was_taken_for_too_much(lab: &Lab, outcome: &Outcome) -> bool {
    lab.is_container() && outcome.end == EndReason::Output && !lab.has(Layer::DiskQuota)
}

#[test]
fn unreadable_leavings_do_not_stop_the_collection() {
    let script = "os.chdir('output')
open('a', 'w').write('a'); os.mkdir('b'); open('b/c', 'w').write('c'); open('z', 'w').write('z')
for path, mode in [('a', 0), ('b', 0), ('.', 0o500)]:
    # With the node's uid and no root of its own, a box may not change permissions.
    try: os.chmod(path, mode)
    except PermissionError as error: print(error)";
    for mut lab in labs() {
        let outcome = lab.run(&python(script));
        if was_taken_for_too_much(&lab, &outcome) {
            continue;
        }
        assert_held(&lab.name, &outcome);
        let names: Vec<_> = outcome.files.iter().map(|file| file.path.clone()).collect();
        if lab.root || !lab.is_native() {
            let all: Vec<PathBuf> = ["a", "b/c", "z"].map(PathBuf::from).into();
            assert_eq!(names, all, "{}", lab.name);
        } else {
            assert_eq!(names, [PathBuf::from("z")], "{}", lab.name);
            assert!(
                outcome
                    .skipped
                    .iter()
                    .all(|file| file.reason == SkipReason::Unreadable)
            );
        }
    }
}

#[test]
fn an_output_directory_without_permissions_is_empty() {
    for mut lab in labs() {
        let outcome = lab.run(&python(
            "try: os.chmod('output', 0)
except PermissionError as error: print(error)",
        ));
        if !was_taken_for_too_much(&lab, &outcome) {
            assert_held(&lab.name, &outcome);
        }
        assert!(outcome.files.is_empty(), "{}", lab.name);
        let next = lab.run(&python("print(os.listdir('output'))"));
        assert_held(&lab.name, &next);
    }
}

#[test]
fn runs_do_not_see_each_other() {
    for mut lab in labs() {
        let first = "for place in ['output', os.environ['TMPDIR'], '/dev/shm']:
    try: open(place + '/left', 'w').write('left')
    except OSError: pass";
        let outcome = lab.run(&python(first));
        assert_held(&lab.name, &outcome);
        let second = "for place in ['output', os.environ['TMPDIR'], '/dev/shm']:
    refused(place, open, place + '/left')";
        let outcome = lab.run(&python(second));
        assert_held(&lab.name, &outcome);
        assert!(outcome.files.is_empty(), "{}", lab.name);
    }
}

#[test]
fn input_is_read_only() {
    let script = "os.chdir('input')
assert open('dir/file').read() == 'content'
refused('write', open, 'dir/file', 'w')
refused('append', open, 'dir/file', 'a')
refused('new', open, 'new', 'w')
refused('remove', os.unlink, 'dir/file')
refused('rename', os.rename, 'dir', 'other')
refused('permissions', lambda: os.chmod('dir/file', 0o777) or open('dir/file', 'w'))";
    for mut lab in labs() {
        let mut request = python(script);
        let files = [(PathBuf::from("dir/file"), b"content".to_vec())];
        request.input = Some(Input::Files(files.into()));
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn input_with_links_or_devices_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(directory.path(), open).unwrap();
    std::os::unix::fs::symlink("/etc/shadow", directory.path().join("link")).unwrap();
    for mut lab in labs() {
        let mut request = python("pass");
        request.input = Some(Input::Copy(directory.path().to_owned()));
        let refused = lab.try_run(&request).unwrap_err();
        assert!(refused.contains("link"), "{}: {refused}", lab.name);
    }
}

#[test]
fn bound_input_is_read_only() {
    let directory = tempfile::tempdir().unwrap();
    let open = || std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(directory.path(), open()).unwrap();
    std::fs::write(directory.path().join("file"), "content").unwrap();
    std::fs::set_permissions(directory.path().join("file"), open()).unwrap();
    for mut lab in labs() {
        let mut request = python(
            "assert open('input/file').read() == 'content'
refused('write', open, 'input/file', 'w')
refused('new', open, 'input/new', 'w')
refused('remove', os.unlink, 'input/file')",
        );
        request.input = Some(Input::Bind(directory.path().to_owned()));
        let outcome = lab.run(&request);
        assert_held(&lab.name, &outcome);
    }
    assert_eq!(
        std::fs::read(directory.path().join("file")).unwrap(),
        b"content"
    );
}

#[test]
fn a_missing_program_is_the_requests_fault() {
    for mut lab in labs() {
        for program in ["/nowhere/program", "no-such-program", "input/none"] {
            let request = assay_sandbox::Request::new(program);
            let refused = lab.try_run(&request).unwrap_err();
            assert!(
                refused.contains("can't be run in the box"),
                "{}: {refused}",
                lab.name
            );
        }
        let outcome = lab.run(&python("pass"));
        assert_held(&lab.name, &outcome);
    }
}

#[test]
fn a_program_of_the_input_runs() {
    for mut lab in labs() {
        let mut request = assay_sandbox::Request::new("python3").arg("input/main.py");
        let script = b"open('output/result', 'w').write('done'); print('ran')".to_vec();
        request.input = Some(Input::Files([("main.py".into(), script)].into()));
        let outcome = lab.run(&request);
        assert!(
            outcome.success(),
            "{}: {}",
            lab.name,
            text(&outcome.stderr.data)
        );
        assert_eq!(outcome.stdout.data, b"ran\n", "{}", lab.name);
        assert_eq!(outcome.files[0].data, b"done", "{}", lab.name);
    }
}
