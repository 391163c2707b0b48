//! Drops what a program computes and never uses.

use super::tree::{NO_NAME, Program, Unit};

/// Drops assignments to names that nobody reads, then compound statements of which nothing is left.
///
/// A name is read when anything but an assignment to an unread name reads it, so that a chain of
/// variables that only feed each other goes as a whole.
pub(super) fn drop_dead(program: &mut Program) {
    let is_read = read_names(program);
    let mut keep: Vec<bool> = program
        .units
        .iter()
        .map(|unit| {
            !unit.only_stores
                || stores(program, unit).any(|name| is_read_or_outside(&is_read, name))
        })
        .collect();
    drop_empty_frames(&program.units, &mut keep);
    let mut kept = keep.into_iter();
    program.units.retain(|_| kept.next().unwrap_or(true));
}

fn is_read_or_outside(is_read: &[bool], name: u32) -> bool {
    is_read.get(name as usize).copied().unwrap_or(true)
}

fn stores<'a>(program: &'a Program, unit: &Unit) -> impl Iterator<Item = u32> + 'a {
    let tokens = program.slice(unit.tokens).iter();
    tokens
        .filter(|token| token.is_store)
        .map(|token| token.name)
}

fn loads<'a>(program: &'a Program, unit: &Unit) -> impl Iterator<Item = u32> + 'a {
    let tokens = program.slice(unit.tokens).iter();
    tokens
        .filter(|token| !token.is_store && token.name != NO_NAME)
        .map(|token| token.name)
}

fn read_names(program: &Program) -> Vec<bool> {
    let names = program.name_count();
    let mut is_read = vec![false; names];
    let mut work = Vec::new();
    let mut read = |name: u32, work: &mut Vec<u32>| {
        if let Some(flag) = is_read.get_mut(name as usize)
            && !std::mem::replace(flag, true)
        {
            work.push(name);
        }
    };
    // Which units write a name, as (name, unit), to find what they read once it is read itself.
    let mut writers: Vec<(u32, usize)> = Vec::new();
    for (at, unit) in program.units.iter().enumerate() {
        if unit.only_stores {
            writers.extend(stores(program, unit).map(|name| (name, at)));
        } else {
            loads(program, unit).for_each(|name| read(name, &mut work));
        }
    }
    writers.sort_unstable();
    let mut is_done = vec![false; program.units.len()];
    while let Some(name) = work.pop() {
        let first = writers.partition_point(|(written, _)| *written < name);
        for (_, at) in writers
            .iter()
            .skip(first)
            .take_while(|(written, _)| *written == name)
        {
            if let (Some(unit), Some(false)) = (program.units.get(*at), is_done.get(*at)) {
                loads(program, unit).for_each(|name| read(name, &mut work));
            }
            if let Some(flag) = is_done.get_mut(*at) {
                *flag = true;
            }
        }
    }
    is_read
}

/// From the inside out: the units after a head are settled before it.
fn drop_empty_frames(units: &[Unit], keep: &mut [bool]) {
    // Units kept from each one to the end.
    let mut kept_after = vec![0u32; units.len() + 1];
    for (at, unit) in units.iter().enumerate().rev() {
        let after = kept_after.get(at + 1).copied().unwrap_or_default();
        let end = at + 1 + unit.blocks as usize;
        let beyond = kept_after.get(end).copied().unwrap_or_default();
        if let Some(flag) = keep.get_mut(at) {
            *flag &= !unit.only_frames || after > beyond;
            let count = after + u32::from(*flag);
            if let Some(slot) = kept_after.get_mut(at) {
                *slot = count;
            }
        }
    }
}
