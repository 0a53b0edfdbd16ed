//! A root folder that is made beside the one of the host, and takes its place when it is complete.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, UnmountFlags};

use super::mounts;

/// The mode of folders that are made on the way.
const FOLDER: Mode = Mode::from_raw_mode(0o755);
const FILE: Mode = Mode::from_raw_mode(0o444);

/// The new root, reached by this alone until it is entered.
pub(super) struct NewRoot {
    folder: OwnedFd,
    /// The file systems that are its own; nothing is made in others.
    own: BTreeSet<u64>,
    /// What nobody may change once the view is complete.
    read_only: Vec<OwnedFd>,
}

impl NewRoot {
    /// Makes an empty one, and parts the mounts of this namespace from those that they were copied
    /// from.
    pub(super) fn new() -> io::Result<Self> {
        let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        rustix::mount::mount_change("/", private)?;
        let folder = mounts::make_folder(None)?;
        // What is mounted over the root folder is not found from there, but by its descriptor.
        let host = rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        mounts::attach(&folder, host)?;
        Ok(Self {
            own: BTreeSet::from([device(&folder)?]),
            read_only: Vec::new(),
            folder,
        })
    }

    /// Puts a mount at a path, which is made where it is not there.
    pub(super) fn put(&self, mount: impl AsFd, path: &Path) -> io::Result<()> {
        let place = match self.find(path) {
            Err(Errno::NOENT) => {
                let (around, name) = self.around(path)?;
                match kind(&mount)? {
                    FileType::Directory => rustix::fs::mkdirat(&around, name, FOLDER)?,
                    _ => {
                        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                        rustix::fs::openat(&around, name, flags, FILE)?;
                    }
                }
                step(&around, name)?
            }
            found => found?,
        };
        mounts::attach(mount, place)
    }

    /// Puts an empty folder of its own at a path.
    pub(super) fn put_folder(&mut self, path: &Path, bytes: Option<u64>) -> io::Result<OwnedFd> {
        let folder = mounts::make_folder(bytes)?;
        self.own.insert(device(&folder)?);
        self.put(&folder, path)?;
        Ok(folder)
    }

    /// Puts an empty folder at a path that stays so, but for what is put in it.
    pub(super) fn put_empty_folder(&mut self, path: &Path) -> io::Result<()> {
        let folder = self.put_folder(path, None)?;
        self.read_only.push(folder);
        Ok(())
    }

    /// Puts a file with this text in the place of one.
    pub(super) fn put_text(&self, text: &[u8], path: &Path) -> io::Result<()> {
        const NAME: &str = ".text";
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, NAME, flags, FILE)?;
        io::Write::write_all(&mut std::fs::File::from(file), text)?;
        let file = step(&self.folder, OsStr::new(NAME))?;
        let copied = mounts::copy_open(file, mounts::NO_DEVICES | mounts::READ_ONLY)?;
        self.put(copied, path)?;
        // Only now: what has no name cannot be put anywhere.
        Ok(rustix::fs::unlinkat(&self.folder, NAME, AtFlags::empty())?)
    }

    /// Makes a link with this text.
    pub(super) fn link(&self, text: &Path, path: &Path) -> io::Result<()> {
        let (around, name) = self.around(path)?;
        Ok(rustix::fs::symlinkat(text, around, name)?)
    }

    /// Makes it the root of this process, and lets go of the one of the host.
    pub(super) fn enter(self) -> io::Result<()> {
        for folder in self.read_only.iter().chain([&self.folder]) {
            mounts::restrict(folder, mounts::READ_ONLY)?;
        }
        rustix::process::fchdir(&self.folder)?;
        // The old one comes to lie over the new one, from where it is taken away.
        rustix::process::pivot_root(".", ".")?;
        rustix::mount::unmount(".", UnmountFlags::DETACH)?;
        Ok(())
    }

    /// Opens what is at a path, whatever is mounted there; a link on the way is an error.
    fn find(&self, path: &Path) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let way = mounts::NO_LINKS | ResolveFlags::IN_ROOT;
        rustix::fs::openat2(&self.folder, path, flags, Mode::empty(), way)
    }

    /// Opens the folder around what is to be made, which is its own; returns it with the name.
    fn around<'a>(&self, path: &'a Path) -> io::Result<(OwnedFd, &'a OsStr)> {
        let mut names = path.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        let name = names.next_back().ok_or(io::ErrorKind::InvalidInput)?;
        let mut at = rustix::fs::openat(
            &self.folder,
            ".",
            OFlags::PATH | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        for name in names {
            at = match step(&at, name) {
                Err(Errno::NOENT) => {
                    self.check_own(&at)?;
                    rustix::fs::mkdirat(&at, name, FOLDER)?;
                    step(&at, name)?
                }
                found => found?,
            };
        }
        self.check_own(&at)?;
        Ok((at, name))
    }

    /// A folder of the host stays as it is, also where something was taken from it meanwhile.
    fn check_own(&self, folder: &OwnedFd) -> io::Result<()> {
        match self.own.contains(&device(folder)?) {
            true => Ok(()),
            false => Err(Errno::NOENT.into()),
        }
    }
}

/// Opens what has this name in a folder.
fn step(folder: &OwnedFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    rustix::fs::openat2(folder, name, flags, Mode::empty(), mounts::NO_LINKS)
}

fn device(folder: impl AsFd) -> io::Result<u64> {
    Ok(rustix::fs::fstat(folder)?.st_dev)
}

fn kind(mount: impl AsFd) -> io::Result<FileType> {
    Ok(FileType::from_raw_mode(rustix::fs::fstat(mount)?.st_mode))
}
