//! The rules that a CLI brings along, asked of it.
//!
//! `amp permissions list --builtin --json` needs neither a key nor a network. None of these rules is
//! carried in this crate.

use std::path::Path;

use super::rules::{RuleFile, RuleList, RuleScope};
use crate::amp::Amp;
use crate::error::Error;

impl Amp {
    /// Returns the rules that this CLI brings along, in the order and with the copies it uses.
    ///
    /// It is asked offline, in a home of its own and without your key, for at most 30 s; the answer
    /// is kept like its others ([`with_answers_kept_in`](Self::with_answers_kept_in)).
    ///
    /// # Errors
    ///
    /// Fails when the executable cannot be started or does not answer with a list of rules.
    pub async fn built_in_rules(&self) -> Result<RuleList, Error> {
        let answer = self
            .ask_offline(&["permissions", "list", "--builtin", "--json"])
            .await?;
        let file = RuleFile::read(RuleScope::BuiltIn, Path::new(""), answer.trim().as_bytes());
        let list = file.map(|file| RuleList {
            file: None,
            ..file.list
        });
        list.ok()
            .filter(|list| list.problem.is_none() && !list.rules.is_empty())
            .ok_or_else(|| {
                let reason = "permissions list --builtin --json prints no list of rules";
                self.not_amp(reason.to_owned())
            })
    }
}
