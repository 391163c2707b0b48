//! A strict reader of zip archives: one archive has exactly one reading.
//!
//! Readers of general use repair what they find: they search for records, skip prefixes, trust one of
//! two headers. Two validators, a reviewer and the miner's own tool must see the same files, so here
//! every byte has to be accounted for: entries follow each other from offset 0 without gap or overlap,
//! the central directory follows the last of them, its end follows the directory, and both headers of an
//! entry say the same. Deliberately missing: zip64, multiple disks, encryption, any method but stored and
//! deflate.
//!
//! Inflating writes into a buffer of the declared size and stops at its end: an archive that lies about
//! sizes costs no more than one that doesn't.

use alloc::{boxed::Box, string::String, vec, vec::Vec};

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags},
};
use thiserror::Error;

use crate::limits::{
    COMPRESSION_RATIO_FREE_BYTES, COMPRESSION_RATIO_MAX, FILE_MAX_BYTES, PACKAGE_MAX_ENTRIES,
    UNPACKED_MAX_BYTES,
};

const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
const CENTRAL_SIGNATURE: u32 = 0x0201_4b50;
const END_SIGNATURE: u32 = 0x0605_4b50;
const DESCRIPTOR_SIGNATURE: u32 = 0x0807_4b50;
const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;
/// Without and with its optional signature.
const DESCRIPTOR_BYTES: [usize; 2] = [12, 16];

/// Bits 0, 6, 13: encryption in its three forms.
const FLAGS_ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Bit 3: sizes follow the data.
const FLAG_DESCRIPTOR: u16 = 1 << 3;
/// Bits 1, 2: deflate level; bit 11: names are UTF-8.
const FLAGS_HARMLESS: u16 = 1 << 1 | 1 << 2 | 1 << 11;

const METHOD_STORED: u16 = 0;
const METHOD_DEFLATE: u16 = 8;

/// Extra fields that change sizes, names or encryption: zip64, Unicode path, AES.
const EXTRA_FORBIDDEN: [u16; 3] = [0x0001, 0x7075, 0x9901];

const MODE_TYPE_MASK: u32 = 0o170_000;
const MODE_REGULAR: u32 = 0o100_000;
const MODE_DIRECTORY: u32 = 0o040_000;
const MODE_SYMLINK: u32 = 0o120_000;

/// Which rule an archive breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ZipError {
    /// No end record, or more than one possible.
    #[error("not a zip archive: expected exactly one end record, found {found}")]
    EndRecord {
        /// Candidates found.
        found: usize,
    },
    /// A record is cut off or has the wrong signature.
    #[error("broken {record} at byte {offset}")]
    Broken {
        /// Which kind of record.
        record: &'static str,
        /// Where.
        offset: usize,
    },
    /// Zip64 or several disks.
    #[error("{feature} archives are not accepted")]
    Unsupported {
        /// What it uses.
        feature: &'static str,
    },
    /// Bytes that belong to no record, or to two.
    #[error("entries overlap or leave bytes between them at byte {offset}")]
    Layout {
        /// Where.
        offset: usize,
    },
    /// Too many entries, or none.
    #[error("expected 1 to {PACKAGE_MAX_ENTRIES} entries, got {got}")]
    EntryCount {
        /// How many.
        got: usize,
    },
    /// An encrypted entry.
    #[error("{path:?} is encrypted")]
    Encrypted {
        /// Which.
        path: String,
    },
    /// A compression method or flag that isn't accepted.
    #[error(
        "{path:?} uses method {method} with flags {flags:#06x}: only stored and deflate are accepted"
    )]
    Method {
        /// Which entry.
        path: String,
        /// Its method.
        method: u16,
        /// Its flags.
        flags: u16,
    },
    /// A symbolic link.
    #[error("{path:?} is a symbolic link")]
    Symlink {
        /// Which.
        path: String,
    },
    /// A device, socket, or a directory that isn't one.
    #[error("{path:?} is neither a regular file nor a directory")]
    FileType {
        /// Which.
        path: String,
    },
    /// The two headers of an entry disagree.
    #[error("the local and central headers of {path:?} disagree about {field}")]
    Disagreement {
        /// Which entry.
        path: String,
        /// What differs.
        field: &'static str,
    },
    /// A name that isn't plain ASCII.
    #[error("entry {index} has a name that is not printable ASCII")]
    Name {
        /// Number of the entry, from 0.
        index: usize,
    },
    /// A file over the cap.
    #[error("{path:?} has {got} bytes, more than {FILE_MAX_BYTES}")]
    FileSize {
        /// Which.
        path: String,
        /// Declared size, in bytes.
        got: usize,
    },
    /// All files together over the cap.
    #[error("the files have more than {UNPACKED_MAX_BYTES} bytes together")]
    TotalSize,
    /// A file that is packed suspiciously well.
    #[error("{path:?} is packed more than {COMPRESSION_RATIO_MAX} to 1")]
    Ratio {
        /// Which.
        path: String,
    },
    /// Compressed data that doesn't inflate to the declared size.
    #[error("{path:?} does not unpack to its declared {declared} bytes")]
    Data {
        /// Which.
        path: String,
        /// Declared size, in bytes.
        declared: usize,
    },
    /// A wrong checksum.
    #[error("{path:?} has CRC-32 {got:08x}, its header says {declared:08x}")]
    Checksum {
        /// Which.
        path: String,
        /// From the header.
        declared: u32,
        /// Computed.
        got: u32,
    },
}

impl ZipError {
    /// Stable name of the rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EndRecord { .. } => "zip.not_a_zip",
            Self::Broken { .. } => "zip.broken",
            Self::Unsupported { .. } => "zip.unsupported",
            Self::Layout { .. } => "zip.overlap",
            Self::EntryCount { .. } => "zip.entry_count",
            Self::Encrypted { .. } => "zip.encrypted",
            Self::Method { .. } => "zip.method",
            Self::Symlink { .. } => "zip.symlink",
            Self::FileType { .. } => "zip.file_type",
            Self::Disagreement { .. } => "zip.headers_disagree",
            Self::Name { .. } => "zip.name",
            Self::FileSize { .. } => "zip.file_too_large",
            Self::TotalSize => "zip.total_too_large",
            Self::Ratio { .. } => "zip.ratio",
            Self::Data { .. } => "zip.data",
            Self::Checksum { .. } => "zip.crc",
        }
    }
}

/// An entry whose headers have been checked; its data not yet.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Path as written, without the slash that marks a directory. Printable ASCII.
    pub path: String,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Declared size, in bytes.
    pub size_bytes: usize,
    deflated: bool,
    crc32: u32,
    data: &'a [u8],
}

/// Reads the structure of an archive and checks everything that can be checked without unpacking.
///
/// # Errors
/// [`ZipError`] naming the first rule that is broken.
pub fn read(archive: &[u8]) -> Result<Vec<Entry<'_>>, ZipError> {
    let end = End::find(archive)?;
    let mut headers = read_directory(archive, &end)?;
    headers.sort_by_key(|header| header.local_offset);
    let ends = headers
        .iter()
        .skip(1)
        .map(|next| next.local_offset)
        .chain([end.directory_offset]);
    let mut entries = Vec::with_capacity(headers.len());
    let mut offset = 0;
    for (header, entry_end) in headers.iter().zip(ends) {
        entries.push(read_entry(archive, header, offset, entry_end)?);
        offset = entry_end;
    }
    check_sizes(&entries)?;
    Ok(entries)
}

/// Unpacks one entry and checks its size and checksum.
///
/// # Errors
/// [`ZipError::Data`] or [`ZipError::Checksum`].
pub fn unpack(entry: &Entry<'_>) -> Result<Vec<u8>, ZipError> {
    let wrong_data = || ZipError::Data {
        path: entry.path.clone(),
        declared: entry.size_bytes,
    };
    let content = if entry.deflated {
        let mut content = vec![0; entry.size_bytes];
        let mut state = Box::<DecompressorOxide>::default();
        let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, consumed, written) =
            decompress(&mut state, entry.data, &mut content, 0, flags);
        if status != TINFLStatus::Done
            || consumed != entry.data.len()
            || written != entry.size_bytes
        {
            return Err(wrong_data());
        }
        content
    } else {
        entry.data.to_vec()
    };
    let got = crc32fast::hash(&content);
    if got != entry.crc32 {
        return Err(ZipError::Checksum {
            path: entry.path.clone(),
            declared: entry.crc32,
            got,
        });
    }
    Ok(content)
}

struct End {
    entries: usize,
    directory_offset: usize,
    offset: usize,
}

impl End {
    /// The end record may be followed by a comment only, so its own comment length proves its place. Two
    /// places that prove themselves are two readings.
    fn find(archive: &[u8]) -> Result<Self, ZipError> {
        let last = archive.len().saturating_sub(END_BYTES);
        let first = last.saturating_sub(usize::from(u16::MAX));
        let fits = |at: &usize| {
            u32_at(archive, *at) == Some(END_SIGNATURE)
                && u16_at(archive, at + 20)
                    .is_some_and(|comment| at + END_BYTES + usize::from(comment) == archive.len())
        };
        let candidates: Vec<usize> = (first..=last).filter(fits).collect();
        let [offset] = candidates.as_slice() else {
            return Err(ZipError::EndRecord {
                found: candidates.len(),
            });
        };
        Self::read(archive, *offset)
    }

    fn read(archive: &[u8], offset: usize) -> Result<Self, ZipError> {
        let broken = || ZipError::Broken {
            record: "end record",
            offset,
        };
        let word = |at: usize| u16_at(archive, offset + at).ok_or_else(broken);
        let long = |at: usize| u32_at(archive, offset + at).ok_or_else(broken);
        let entries = word(10)?;
        let (size, directory_offset) = (long(12)?, long(16)?);
        if entries == u16::MAX || size == u32::MAX || directory_offset == u32::MAX {
            return Err(ZipError::Unsupported { feature: "zip64" });
        }
        if word(4)? != 0 || word(6)? != 0 || word(8)? != entries {
            return Err(ZipError::Unsupported {
                feature: "multi-disk",
            });
        }
        let entries = usize::from(entries);
        if !(1..=PACKAGE_MAX_ENTRIES).contains(&entries) {
            return Err(ZipError::EntryCount { got: entries });
        }
        let (size, directory_offset) = (size as usize, directory_offset as usize);
        if directory_offset.checked_add(size) != Some(offset) {
            return Err(ZipError::Layout {
                offset: directory_offset,
            });
        }
        Ok(Self {
            entries,
            directory_offset,
            offset,
        })
    }
}

/// What both headers of an entry say.
struct Header {
    path: String,
    flags: u16,
    method: u16,
    modified: u32,
    crc32: u32,
    packed_bytes: usize,
    size_bytes: usize,
    mode: u32,
    local_offset: usize,
}

fn read_directory(archive: &[u8], end: &End) -> Result<Vec<Header>, ZipError> {
    let mut headers = Vec::with_capacity(end.entries);
    let mut at = end.directory_offset;
    for index in 0..end.entries {
        let (header, next) = read_central_header(archive, at, index)?;
        headers.push(header);
        at = next;
    }
    if at != end.offset {
        return Err(ZipError::Layout { offset: at });
    }
    Ok(headers)
}

fn read_central_header(
    archive: &[u8],
    at: usize,
    index: usize,
) -> Result<(Header, usize), ZipError> {
    let broken = || ZipError::Broken {
        record: "central header",
        offset: at,
    };
    let word = |field: usize| u16_at(archive, at + field).ok_or_else(broken);
    let long = |field: usize| u32_at(archive, at + field).ok_or_else(broken);
    if long(0)? != CENTRAL_SIGNATURE {
        return Err(broken());
    }
    let name_end = at + CENTRAL_BYTES + usize::from(word(28)?);
    let extra_end = name_end + usize::from(word(30)?);
    let end = extra_end + usize::from(word(32)?);
    let name = archive
        .get(at + CENTRAL_BYTES..name_end)
        .ok_or_else(broken)?;
    let path = ascii_name(name, index)?;
    check_extra(archive.get(name_end..extra_end).ok_or_else(broken)?, &path)?;
    if word(34)? != 0 {
        return Err(ZipError::Unsupported {
            feature: "multi-disk",
        });
    }
    let header = Header {
        flags: word(8)?,
        method: word(10)?,
        modified: long(12)?,
        crc32: long(16)?,
        packed_bytes: long(20)? as usize,
        size_bytes: long(24)? as usize,
        mode: long(38)? >> 16,
        local_offset: long(42)? as usize,
        path,
    };
    check_method(&header)?;
    check_type(&header)?;
    Ok((header, end))
}

fn check_method(header: &Header) -> Result<(), ZipError> {
    if header.flags & FLAGS_ENCRYPTED != 0 {
        return Err(ZipError::Encrypted {
            path: header.path.clone(),
        });
    }
    let known_flags = header.flags & !(FLAGS_HARMLESS | FLAG_DESCRIPTOR) == 0;
    if !known_flags || !matches!(header.method, METHOD_STORED | METHOD_DEFLATE) {
        return Err(ZipError::Method {
            path: header.path.clone(),
            method: header.method,
            flags: header.flags,
        });
    }
    Ok(())
}

fn check_type(header: &Header) -> Result<(), ZipError> {
    let is_directory = header.path.ends_with('/');
    let path = || header.path.clone();
    match header.mode & MODE_TYPE_MASK {
        MODE_SYMLINK => Err(ZipError::Symlink { path: path() }),
        // Archives made elsewhere than on Unix carry no type at all.
        0 => Ok(()),
        MODE_REGULAR if !is_directory => Ok(()),
        MODE_DIRECTORY if is_directory => Ok(()),
        _ => Err(ZipError::FileType { path: path() }),
    }?;
    if is_directory && header.size_bytes != 0 {
        return Err(ZipError::FileType { path: path() });
    }
    Ok(())
}

/// Checks the local header at `start` against the central one; the entry must end exactly at `end`.
fn read_entry<'a>(
    archive: &'a [u8],
    header: &Header,
    start: usize,
    end: usize,
) -> Result<Entry<'a>, ZipError> {
    let broken = || ZipError::Broken {
        record: "local header",
        offset: start,
    };
    let word = |field: usize| u16_at(archive, start + field).ok_or_else(broken);
    let long = |field: usize| u32_at(archive, start + field).ok_or_else(broken);
    if header.local_offset != start {
        return Err(ZipError::Layout { offset: start });
    }
    if long(0)? != LOCAL_SIGNATURE {
        return Err(broken());
    }
    let name_end = start + LOCAL_BYTES + usize::from(word(26)?);
    let data_start = name_end + usize::from(word(28)?);
    let name = archive
        .get(start + LOCAL_BYTES..name_end)
        .ok_or_else(broken)?;
    check_extra(
        archive.get(name_end..data_start).ok_or_else(broken)?,
        &header.path,
    )?;

    let agree = |field: &'static str, same: bool| {
        if same {
            Ok(())
        } else {
            Err(ZipError::Disagreement {
                path: header.path.clone(),
                field,
            })
        }
    };
    agree("the name", name == header.path.as_bytes())?;
    agree("flags", word(6)? == header.flags)?;
    agree("the method", word(8)? == header.method)?;
    agree("the time", long(10)? == header.modified)?;
    let local = (long(14)?, long(18)? as usize, long(22)? as usize);
    let central = (header.crc32, header.packed_bytes, header.size_bytes);
    let has_descriptor = header.flags & FLAG_DESCRIPTOR != 0;
    agree(
        "checksum or sizes",
        local == central || has_descriptor && local == (0, 0, 0),
    )?;

    let overlap = || ZipError::Layout { offset: data_start };
    let data_end = data_start
        .checked_add(header.packed_bytes)
        .ok_or_else(overlap)?;
    let data = archive.get(data_start..data_end).ok_or_else(overlap)?;
    let rest = archive.get(data_end..end).ok_or_else(overlap)?;
    if has_descriptor {
        agree("the data descriptor", is_descriptor(rest, central))?;
    } else if !rest.is_empty() {
        return Err(ZipError::Layout { offset: data_end });
    }
    let deflated = header.method == METHOD_DEFLATE;
    if !deflated {
        agree("the stored size", header.packed_bytes == header.size_bytes)?;
    }
    Ok(Entry {
        path: header.path.strip_suffix('/').unwrap_or(&header.path).into(),
        is_directory: header.path.ends_with('/'),
        size_bytes: header.size_bytes,
        deflated,
        crc32: header.crc32,
        data,
    })
}

fn is_descriptor(bytes: &[u8], (crc32, packed_bytes, size_bytes): (u32, usize, usize)) -> bool {
    let [bare, signed] = DESCRIPTOR_BYTES;
    let fields = match bytes.len() {
        len if len == bare => bytes,
        len if len == signed && u32_at(bytes, 0) == Some(DESCRIPTOR_SIGNATURE) => {
            bytes.get(4..).unwrap_or_default()
        }
        _ => return false,
    };
    u32_at(fields, 0) == Some(crc32)
        && u32_at(fields, 4).map(|value| value as usize) == Some(packed_bytes)
        && u32_at(fields, 8).map(|value| value as usize) == Some(size_bytes)
}

fn check_sizes(entries: &[Entry<'_>]) -> Result<(), ZipError> {
    let mut total = 0usize;
    for entry in entries {
        if entry.size_bytes > FILE_MAX_BYTES {
            return Err(ZipError::FileSize {
                path: entry.path.clone(),
                got: entry.size_bytes,
            });
        }
        let allowed = entry.data.len().saturating_mul(COMPRESSION_RATIO_MAX);
        if entry.size_bytes > COMPRESSION_RATIO_FREE_BYTES && entry.size_bytes > allowed {
            return Err(ZipError::Ratio {
                path: entry.path.clone(),
            });
        }
        total = total.saturating_add(entry.size_bytes);
    }
    if total > UNPACKED_MAX_BYTES {
        return Err(ZipError::TotalSize);
    }
    Ok(())
}

fn check_extra(mut extra: &[u8], path: &str) -> Result<(), ZipError> {
    while let (Some(id), Some(len)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        if EXTRA_FORBIDDEN.contains(&id) {
            return Err(if id == 0x9901 {
                ZipError::Encrypted { path: path.into() }
            } else {
                ZipError::Unsupported {
                    feature: "zip64 or Unicode-path",
                }
            });
        }
        extra = extra.get(4 + usize::from(len)..).unwrap_or_default();
    }
    Ok(())
}

fn ascii_name(name: &[u8], index: usize) -> Result<String, ZipError> {
    let printable = name.iter().all(|byte| (b' '..=b'~').contains(byte));
    match core::str::from_utf8(name) {
        Ok(text) if printable && !text.is_empty() => Ok(text.into()),
        _ => Err(ZipError::Name { index }),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(field.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(field.try_into().ok()?))
}
