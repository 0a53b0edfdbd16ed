//! What a shim does before it starts the program, as the arguments before it say.

use std::ffi::OsString;
use std::iter::Peekable;

use super::confine::{self, Unconfined};
use super::namespace::{self, Side};
use super::protocol::OWN_NAMESPACE;
use super::view;
use crate::sandbox::linux::confinement::{self, Confinement};
use crate::sandbox::linux::view::{self as told, View};

/// The namespaces to make, and what to do to itself in them.
pub(super) struct Preparation {
    namespaces: Namespaces,
    pub(super) confinement: Option<Confinement>,
}

enum Namespaces {
    /// None beside those that the shim is in.
    None,
    /// One of processes alone.
    Processes,
    /// Those of a sandbox, with all that is seen in them.
    Sandbox(View),
}

impl Preparation {
    /// Reads it, and leaves the program and its arguments; `None` when part of it is missing, without
    /// which the program is not started.
    pub(super) fn decode(arguments: &mut Peekable<impl Iterator<Item = OsString>>) -> Option<Self> {
        let mut begins = |with: &str| arguments.next_if(|argument| argument == with).is_some();
        let namespaces = if begins(OWN_NAMESPACE) {
            Namespaces::Processes
        } else if begins(told::BEGIN) {
            Namespaces::Sandbox(View::decode(arguments)?)
        } else {
            Namespaces::None
        };
        let confines = arguments.next_if(|argument| argument == confinement::BEGIN);
        let confinement = match confines {
            Some(_) => Some(Confinement::decode(arguments)?),
            None => None,
        };
        Some(Self {
            namespaces,
            confinement,
        })
    }

    /// Makes the namespaces and goes on in the first process inside.
    pub(super) fn enter(&self) -> Result<Side, String> {
        match &self.namespaces {
            Namespaces::None => Ok(Side::Inside),
            Namespaces::Processes => namespace::enter(),
            Namespaces::Sandbox(view) => view::enter(view),
        }
    }

    /// Does it to itself without a host, to see whether it can be done.
    pub(super) fn try_out(&self) -> Result<(), Unconfined> {
        match &self.confinement {
            Some(confinement) => confine::apply(confinement, None),
            None => Ok(()),
        }
    }
}
