//! A folder with files in which the binary runs.

use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use zip::write::SimpleFileOptions;

pub struct Folder {
    dir: tempfile::TempDir,
    subcommand: &'static str,
}

impl Folder {
    /// A folder with these files, for tests of this subcommand.
    pub fn with(subcommand: &'static str, files: &[(&str, &str)]) -> Folder {
        let folder = Folder {
            dir: tempfile::tempdir().unwrap(),
            subcommand,
        };
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn command(&self, args: &[&OsStr]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command
            .arg(self.subcommand)
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        self.command(&args).output().unwrap()
    }

    /// The exit code is 2, nothing is on standard output, and the reason is on standard error.
    pub fn refuses(&self, args: &[&str], reason: &str) {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        assert_eq!(out(&output), "", "{args:?}");
        assert!(err(&output).contains(reason), "{args:?}: {}", err(&output));
    }
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", out(output), err(output));
    })
}

pub fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
