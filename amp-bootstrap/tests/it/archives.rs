//! Packages that are right by their digest, and hostile inside.

use amp_bootstrap::ErrorKind;
use tar::EntryType;

use crate::npm::with_package;
use crate::support::release::Member;

const GOOD: &[u8] = b"#!/bin/sh\n";

/// Expects a package to be refused, its message in a snapshot.
fn refuses(members: &[Member<'_>], name: &str) {
    with_package(members)
        .refuses(ErrorKind::Archive)
        .reads(name);
}

#[test]
fn members_outside_of_the_package_are_refused() {
    let good = Member::file("package/amp", GOOD);
    let climbs = Member::file("package/../../amp", GOOD);
    refuses(&[climbs, good], "npm_archive_climbs");
    refuses(
        &[Member::file("/package/amp", GOOD)],
        "npm_archive_absolute",
    );
}

#[test]
fn links_and_other_things_than_files_are_refused_wherever_they_are() {
    refuses(
        &[Member::symlink("package/amp", "/bin/sh")],
        "npm_archive_link",
    );
    for kind in [EntryType::Link, EntryType::Symlink] {
        let link = Member::link(kind, "package/other", "/etc/passwd");
        refuses(
            &[link, Member::file("package/amp", GOOD)],
            "npm_archive_link_elsewhere",
        );
    }
    for kind in [EntryType::Fifo, EntryType::Char, EntryType::Block] {
        let special = Member::of_kind(kind, "package/other", &[]);
        with_package(&[special, Member::file("package/amp", GOOD)]).refuses(ErrorKind::Archive);
    }
    let folder = Member::of_kind(EntryType::Directory, "package/amp/", &[]);
    with_package(&[folder]).refuses(ErrorKind::Archive);
}

#[test]
fn an_executable_that_is_there_twice_or_not_at_all_is_refused() {
    refuses(
        &[
            Member::file("package/amp", GOOD),
            Member::file("package/amp", b"other"),
        ],
        "npm_archive_twice",
    );
    refuses(
        &[Member::file("package/other", GOOD)],
        "npm_archive_without_executable",
    );
}

#[test]
fn sparse_files_are_refused() {
    let sparse = Member::of_kind(EntryType::GNUSparse, "package/amp", GOOD);
    refuses(&[sparse], "npm_archive_sparse");
    let record = b"22 GNU.sparse.major=1\n";
    let extended = Member::of_kind(EntryType::XHeader, "package/PaxHeader/amp", record);
    refuses(
        &[extended, Member::file("package/amp", GOOD)],
        "npm_archive_sparse_extension",
    );
}

#[test]
fn a_name_of_64_mb_is_refused_by_its_header() {
    let name = Member::repeated(EntryType::GNULongName, "././@LongLink", b'a', 64);
    refuses(
        &[name, Member::file("package/amp", GOOD)],
        "npm_archive_long_name",
    );
}

#[test]
fn extended_headers_of_512_mb_are_refused_by_their_header() {
    for kind in [EntryType::XHeader, EntryType::XGlobalHeader] {
        let header = Member::repeated(kind, "PaxHeader", b'0', 512);
        let mut world = with_package(&[header, Member::file("package/amp", GOOD)]);
        // So that it is not the size of the whole that is refused.
        world.request.limits.caps.executable = 1 << 30;
        world
            .refuses(ErrorKind::Archive)
            .reads("npm_archive_long_extension");
    }
}

#[test]
fn an_extended_header_may_name_the_executable_and_nothing_outside() {
    let named = |record: &'static [u8]| {
        let header = Member::of_kind(EntryType::XHeader, "PaxHeader", record);
        with_package(&[header, Member::file("package/short", GOOD)])
    };
    let mut world = named(b"20 path=package/amp\n");
    world.release.executable = GOOD.to_vec();
    world.installs();
    named(b"18 path=/etc/amp1\n").refuses(ErrorKind::Archive);
    named(b"11 size=42\n").refuses(ErrorKind::Archive);
}

#[test]
fn more_members_than_a_package_has_are_refused() {
    let many: Vec<Member<'_>> = (0..10_001)
        .map(|_| Member::file("package/more", &[]))
        .collect();
    refuses(&many, "npm_archive_many_members");
}
