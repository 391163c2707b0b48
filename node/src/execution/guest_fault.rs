//! What a guest's fault is called in agreed bytes: words of this crate and numbers, never the text
//! of a library, which may change with its version.

use assay_runtime::GuestFault;

/// The fault in words that stay the same as long as the protocol does.
pub fn stable_text(fault: &GuestFault) -> String {
    match fault {
        GuestFault::MissingExport(export) => format!("missing_export {export}"),
        GuestFault::ExportSignature { export, .. } => format!("export_signature {export}"),
        GuestFault::OutOfFuel { limit } => format!("out_of_fuel limit={limit}"),
        GuestFault::StackDepth(units) => format!("stack_depth limit={units}"),
        GuestFault::MemoryGrant {
            needed_bytes,
            granted_bytes,
        } => format!("memory_grant needed={needed_bytes} granted={granted_bytes}"),
        GuestFault::Trap(_) => "trap".to_owned(),
        GuestFault::InputTooLarge {
            size_bytes,
            max_bytes,
        } => format!("input_too_large size={size_bytes} max={max_bytes}"),
        GuestFault::ArenaFull { size_bytes } => format!("arena_full size={size_bytes}"),
        GuestFault::OutOfBounds {
            pointer,
            length_bytes,
            memory_bytes,
            ..
        } => format!("out_of_bounds pointer={pointer} length={length_bytes} memory={memory_bytes}"),
        GuestFault::OutputTooLarge {
            size_bytes,
            max_bytes,
        } => format!("output_too_large size={size_bytes} max={max_bytes}"),
        GuestFault::NoOutput(export) => format!("no_output {export}"),
        GuestFault::BadOutput { export, .. } => format!("bad_output {export}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_libraries_do_not_reach_agreed_bytes() {
        let library = "as some version words it";
        let faults = [
            GuestFault::Trap(library.into()),
            GuestFault::BadOutput {
                export: "evaluate".into(),
                what: library.into(),
            },
            GuestFault::ExportSignature {
                export: "evaluate".into(),
                found: library.into(),
                expected: library.into(),
            },
        ];
        for fault in faults {
            let text = stable_text(&fault);
            assert!(!text.contains(library), "{text}");
        }
    }

    #[test]
    fn numbers_tell_two_faults_of_a_kind_apart() {
        assert_eq!(
            stable_text(&GuestFault::OutOfFuel { limit: 7 }),
            "out_of_fuel limit=7"
        );
        assert_ne!(
            stable_text(&GuestFault::ArenaFull { size_bytes: 1 }),
            stable_text(&GuestFault::ArenaFull { size_bytes: 2 })
        );
    }
}
