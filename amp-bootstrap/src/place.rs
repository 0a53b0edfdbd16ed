//! The kinds of places where an Amp may be.

use serde::Serialize;

/// A kind of place where an Amp may be; [`locate`](crate::locate) looks in the order of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Place {
    /// A path that was named, by `AMP_CLI_PATH` or as
    /// [`Wanted::Executable`](crate::Wanted::Executable): nothing else is taken then.
    Explicit,
    /// Our own store, the newest sound version first: verified, and installed because it was asked
    /// for.
    Store,
    /// The store of this machine, that an administrator fills for everybody; see
    /// [`Store::shared`](crate::Store::shared).
    SharedStore,
    /// `$AMP_HOME/bin`, where Amp's installer puts it when told to.
    AmpHome,
    /// `~/.amp/bin`, where Amp's installer puts it.
    HomeAmp,
    /// `~/.local/bin`, where Amp's installer links it.
    LocalBin,
    /// A folder of `PATH`.
    SearchPath,
    /// npm's global folder, also when it is not on `PATH`.
    NpmGlobal,
}
