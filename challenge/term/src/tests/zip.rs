//! One fault per archive: the structure.

use std::{vec, vec::Vec};

use proptest::prelude::*;

use super::fixtures::{RawEntry, archive, archive_with_comment};
use crate::{
    limits::{FILE_MAX_BYTES, PACKAGE_MAX_BYTES},
    package,
    zip::{read, unpack},
};

fn agent() -> RawEntry {
    RawEntry::deflated("agent.py", b"print('hello')\n")
}

fn code(bytes: &[u8]) -> &'static str {
    match package::read(bytes) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

/// The code for an archive whose first entry is changed like this.
fn code_with(change: impl FnOnce(&mut RawEntry)) -> &'static str {
    let mut entry = agent();
    change(&mut entry);
    code(&archive(&[entry]))
}

fn descriptor(entry: &RawEntry, signed: bool) -> Vec<u8> {
    let mut bytes = if signed {
        0x0807_4b50u32.to_le_bytes().to_vec()
    } else {
        vec![]
    };
    for field in [entry.crc32, entry.data.len() as u32, entry.size] {
        bytes.extend(field.to_le_bytes());
    }
    bytes
}

#[test]
fn sound_archives_pass() {
    assert_eq!(code(&archive(&[agent()])), "ok");
    assert_eq!(code(&archive(&[RawEntry::stored("agent.py", b"")])), "ok");
    assert_eq!(code(&archive(&[RawEntry::deflated("agent.py", b"")])), "ok");
    assert_eq!(
        code(&archive_with_comment(&[agent()], b"a commit id")),
        "ok"
    );
    // The extended timestamp of common tools.
    assert_eq!(
        code_with(|entry| entry.extra = b"UT\x05\x00\x01abcd".to_vec()),
        "ok"
    );
    // Made elsewhere than on Unix.
    assert_eq!(code_with(|entry| entry.mode = 0), "ok");
}

#[test]
fn data_descriptors_of_both_forms_pass_and_must_agree() {
    for signed in [false, true] {
        let with = |change: fn(&mut Vec<u8>)| {
            code_with(|entry| {
                entry.flags = 8;
                entry.descriptor = descriptor(entry, signed);
                change(&mut entry.descriptor);
            })
        };
        assert_eq!(with(|_| {}), "ok");
        assert_eq!(
            with(|bytes| *bytes.last_mut().unwrap() ^= 1),
            "zip.headers_disagree"
        );
        assert_eq!(with(|bytes| bytes.clear()), "zip.headers_disagree");
        assert_eq!(with(|bytes| bytes.push(0)), "zip.headers_disagree");
    }
}

#[test]
fn no_archive_at_all_is_named() {
    assert_eq!(code(b""), "zip.not_a_zip");
    assert_eq!(code(b"PK"), "zip.not_a_zip");
    assert_eq!(code(&[0; 4_096]), "zip.not_a_zip");
    assert_eq!(code(&archive(&[])), "zip.entry_count");
}

#[test]
fn every_truncation_is_refused() {
    let whole = archive(&[agent(), RawEntry::stored("data.txt", b"text")]);
    for len in 0..whole.len() {
        assert!(package::read(&whole[..len]).is_err(), "truncated to {len}");
    }
}

#[test]
fn bytes_before_between_and_behind_are_refused() {
    let whole = archive(&[agent()]);
    let mut prefixed = b"#!/bin/sh\n".to_vec();
    prefixed.extend(&whole);
    assert_eq!(code(&prefixed), "zip.overlap");
    let mut trailing = whole;
    trailing.push(0);
    assert_eq!(code(&trailing), "zip.not_a_zip");
    assert_eq!(
        code_with(|entry| entry.gap = b"hidden".to_vec()),
        "zip.overlap"
    );
}

#[test]
fn two_end_records_are_two_readings() {
    let inner = archive(&[agent()]);
    let end = &inner[inner.len() - 22..];
    assert_eq!(
        code(&archive_with_comment(&[agent()], end)),
        "zip.not_a_zip"
    );
}

#[test]
fn overlapping_entries_are_refused() {
    let mut second = RawEntry::stored("data.txt", b"text");
    second.local_offset = Some(0);
    assert_eq!(code(&archive(&[agent(), second.clone()])), "zip.overlap");
    // An entry that lies in another one's data, as in a quoted bomb.
    let inner = archive(&[RawEntry::stored("data.txt", b"text")]);
    let outer = RawEntry::stored("agent.py", &inner[..42]);
    second.local_offset = Some(38);
    assert_eq!(code(&archive(&[outer, second])), "zip.overlap");
}

#[test]
fn headers_that_disagree_are_refused() {
    let name = |entry: &mut RawEntry| entry.local_name = Some(b"other.py".to_vec());
    assert_eq!(code_with(name), "zip.headers_disagree");
    assert_eq!(
        code_with(|entry| entry.local_crc32 = Some(1)),
        "zip.headers_disagree"
    );
    let mut stored = RawEntry::stored("agent.py", b"text");
    stored.size = 5;
    assert_eq!(code(&archive(&[stored])), "zip.headers_disagree");
}

#[test]
fn encryption_and_foreign_methods_are_refused() {
    for flag in [1, 1 << 6, 1 << 13] {
        assert_eq!(code_with(|entry| entry.flags = flag), "zip.encrypted");
    }
    assert_eq!(
        code_with(|entry| entry.extra = b"\x01\x99\x00\x00".to_vec()),
        "zip.encrypted"
    );
    for method in [1, 9, 12, 14, 93, 99] {
        assert_eq!(code_with(|entry| entry.method = method), "zip.method");
    }
    assert_eq!(code_with(|entry| entry.flags = 1 << 5), "zip.method");
}

#[test]
fn zip64_and_second_names_are_refused() {
    assert_eq!(
        code_with(|entry| entry.extra = b"\x01\x00\x00\x00".to_vec()),
        "zip.unsupported"
    );
    assert_eq!(
        code_with(|entry| entry.extra = b"up\x00\x00".to_vec()),
        "zip.unsupported"
    );
}

#[test]
fn links_and_devices_are_refused() {
    assert_eq!(code_with(|entry| entry.mode = 0o120_777), "zip.symlink");
    assert_eq!(code_with(|entry| entry.mode = 0o060_644), "zip.file_type");
    assert_eq!(code_with(|entry| entry.mode = 0o040_755), "zip.file_type");
    let mut directory = RawEntry::stored("lib/", b"");
    directory.mode = 0o100_644;
    assert_eq!(code(&archive(&[agent(), directory])), "zip.file_type");
    assert_eq!(
        code(&archive(&[agent(), RawEntry::stored("lib/", b"data")])),
        "zip.file_type"
    );
}

#[test]
fn names_beyond_printable_ascii_are_refused() {
    for name in ["agént.py".as_bytes(), b"a\0.py", b"a\n.py", b"\xff.py", b""] {
        assert_eq!(code_with(|entry| entry.name = name.to_vec()), "zip.name");
    }
}

#[test]
fn too_many_entries_are_refused() {
    let entries = |count: usize| -> Vec<RawEntry> {
        let more = (1..count).map(|n| RawEntry::stored(&std::format!("f{n}.txt"), b"x"));
        [agent()].into_iter().chain(more).collect()
    };
    assert_eq!(code(&archive(&entries(100))), "ok");
    assert_eq!(code(&archive(&entries(101))), "zip.entry_count");
}

#[test]
fn bombs_are_refused_before_anything_is_unpacked() {
    // A megabyte of zeros, packed a thousand to one.
    let zeros = vec![0; FILE_MAX_BYTES];
    assert_eq!(
        code(&archive(&[
            agent(),
            RawEntry::deflated("zeros.bin", &zeros)
        ])),
        "zip.ratio"
    );
    let large = RawEntry::deflated("large.bin", &vec![0; FILE_MAX_BYTES + 1]);
    assert_eq!(code(&archive(&[agent(), large])), "zip.file_too_large");
    // Poorly packed files that are too many together: 11 of a megabyte, 60 KB each.
    let noise: Vec<u8> = (0..FILE_MAX_BYTES / 16)
        .flat_map(|n: usize| {
            [(n.wrapping_mul(2_654_435_761) >> 13) as u8]
                .into_iter()
                .chain([b'a'; 15])
        })
        .collect();
    let files: Vec<RawEntry> = (0..11)
        .map(|n| RawEntry::deflated(&std::format!("n{n}.bin"), &noise))
        .collect();
    let bytes = archive(&[&[agent()], files.as_slice()].concat());
    assert!(bytes.len() <= PACKAGE_MAX_BYTES, "{} bytes", bytes.len());
    assert_eq!(code(&bytes), "zip.total_too_large");
}

#[test]
fn sizes_that_lie_are_refused_at_their_end() {
    // Says 100 bytes, holds a megabyte: unpacking stops at 100.
    let mut liar = RawEntry::deflated("agent.py", &vec![b'#'; FILE_MAX_BYTES]);
    liar.size = 100;
    assert_eq!(code(&archive(&[liar.clone()])), "zip.data");
    liar.size = FILE_MAX_BYTES as u32 - 1;
    liar.data.extend(vec![0; 20_000]);
    assert_eq!(code(&archive(&[liar])), "zip.data");
    assert_eq!(code_with(|entry| entry.size += 1), "zip.data");
    assert_eq!(code_with(|entry| entry.data.push(0)), "zip.data");
    assert_eq!(code_with(|entry| entry.data[0] = 0xff), "zip.data");
}

#[test]
fn wrong_checksums_are_refused() {
    assert_eq!(code_with(|entry| entry.crc32 ^= 1), "zip.crc");
}

#[test]
fn archives_of_a_common_writer_are_read_back() {
    use std::io::{Cursor, Write};
    let files: [(&str, &[u8]); 3] = [
        ("agent.py", b"print(1)\n"),
        ("pkg/__init__.py", b""),
        ("pkg/data.json", b"{\"a\": 1}"),
    ];
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_directory("pkg/", ::zip::write::SimpleFileOptions::default())
        .unwrap();
    for (path, content) in files {
        writer
            .start_file(path, ::zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    let entries = read(&bytes).unwrap();
    for (path, content) in files {
        let entry = entries.iter().find(|entry| entry.path == path).unwrap();
        assert_eq!(unpack(entry).unwrap(), content);
    }
    assert_eq!(code(&bytes), "ok");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
        let _ = package::read(&bytes);
    }

    #[test]
    fn one_flipped_bit_never_panics_nor_changes_content(at in 0usize..400, bit in 0u8..8) {
        let mut bytes = archive(&[agent(), RawEntry::stored("data.txt", b"text")]);
        let index = at % bytes.len();
        bytes[index] ^= 1 << bit;
        if let Ok(package) = package::read(&bytes) {
            prop_assert_eq!(package.python[0].source.as_slice(), b"print('hello')\n");
        }
    }

    #[test]
    fn what_was_packed_comes_out(content in any::<Vec<u8>>(), deflate in any::<bool>()) {
        let make = if deflate { RawEntry::deflated } else { RawEntry::stored };
        let bytes = archive(&[make("a.bin", &content)]);
        let entries = read(&bytes).unwrap();
        prop_assert_eq!(unpack(&entries[0]).unwrap(), content);
    }
}
