//! Watches the sandbox of a turn that runs.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use amp_process::sandbox::{Decision, HostRule, Policy, Refusal, SandboxStatus};
use amp_protocol::{ContentBlock, Decoded, Event};

use super::git;
use super::observed::{self, Denied};
use super::report::{Denial, DenialKind, SandboxReport};

/// The most different files that are told of.
const MOST_FILES: usize = 100;

/// What is known of a sandbox while its turn runs.
#[derive(Debug)]
pub(crate) struct Watch {
    policy: Policy,
    home: Option<PathBuf>,
    status: Option<SandboxStatus>,
    /// What was not there at the start, and should not be there at the end.
    watched: Vec<PathBuf>,
    files: BTreeMap<(PathBuf, Denied), u64>,
    /// How many decisions of the network were told of.
    told: usize,
    /// What was denied and not told of yet.
    pending: VecDeque<Denial>,
}

impl Watch {
    /// Looks at what is there before the turn begins.
    pub(crate) fn new(policy: Policy, workspace: &Path, home: Option<PathBuf>) -> Self {
        Self {
            policy,
            home,
            status: None,
            watched: git::watched(workspace),
            files: BTreeMap::new(),
            told: 0,
            pending: VecDeque::new(),
        }
    }

    /// Takes over what protects the process.
    pub(crate) fn begin(&mut self, status: Option<&SandboxStatus>) {
        self.status = status.cloned();
    }

    /// Takes note of what tools say.
    pub(crate) fn observe(&mut self, decoded: &Decoded) {
        let Some(Event::User(user)) = decoded.event() else {
            return;
        };
        for block in &user.message.content {
            let ContentBlock::ToolResult(result) = block else {
                continue;
            };
            let answer = result.text().unwrap_or_default();
            for denied in observed::denied(answer, &self.policy, self.home.as_deref()) {
                if let Some(count) = self.files.get_mut(&denied) {
                    *count += 1;
                } else if self.files.len() < MOST_FILES {
                    self.pending.push_back(file((denied.clone(), 1)));
                    self.files.insert(denied, 1);
                }
            }
        }
    }

    /// Polls for something that was denied for the first time; `redact` is as for
    /// [`conclude`](Self::conclude).
    pub(crate) fn poll_denial(
        &mut self,
        context: &mut Context<'_>,
        redact: impl Fn(&str) -> String,
    ) -> Poll<Denial> {
        if let Some(status) = &self.status {
            let network = status.network();
            while let Poll::Ready(new) = network.poll_new(self.told, context) {
                self.told += new.len();
                self.pending.extend(new.iter().filter_map(connection));
            }
        }
        match self.pending.pop_front() {
            Some(denial) => Poll::Ready(redacted(denial, redact)),
            None => Poll::Pending,
        }
    }

    /// Says what there was to see; `redact` takes secrets out of what the agent made up.
    pub(crate) fn conclude(self, redact: impl Fn(&str) -> String) -> SandboxReport {
        let mut report = SandboxReport::default();
        if let Some(status) = &self.status {
            for layer in status.layers() {
                match &layer.absence {
                    None => report
                        .layers
                        .push(format!("{} ({})", layer.layer, layer.by)),
                    Some(absence) => report.missing.push(format!("{}: {absence}", layer.layer)),
                }
            }
            let decisions = status.network().decisions();
            report.denied = decisions.iter().filter_map(connection).collect();
        }
        report.denied.extend(self.files.into_iter().map(file));
        let denied = report.denied.into_iter();
        report.denied = denied.map(|denial| redacted(denial, &redact)).collect();
        let appeared = |path: &PathBuf| path.symlink_metadata().is_ok();
        report.appeared = self.watched.into_iter().filter(appeared).collect();
        report
    }
}

fn redacted(denial: Denial, redact: impl Fn(&str) -> String) -> Denial {
    Denial {
        target: redact(&denial.target),
        allow: denial.allow.as_deref().map(redact),
        ..denial
    }
}

/// Returns what a decision of the network denied, if it did.
fn connection(decision: &Decision) -> Option<Denial> {
    let refusal = decision.refusal.as_ref()?;
    let target = match decision.host.as_str() {
        "" => format!("port {}", decision.port),
        host => format!("{host}:{}", decision.port),
    };
    let rule = match decision.port {
        443 => decision.host.clone(),
        _ => target.clone(),
    };
    let rule = match refusal {
        Refusal::NotAllowed => Some(rule),
        Refusal::NotPublic(address) => Some(format!("{rule}={address}")),
        _ => None,
    };
    // Whatever is no rule, such as an address, cannot be allowed.
    let rule = rule.filter(|rule| rule.parse::<HostRule>().is_ok());
    Some(Denial {
        kind: DenialKind::Connect,
        target,
        reason: refusal.to_string(),
        count: decision.count,
        allow: rule.map(|rule| format!("--allow-host {rule}")),
    })
}

fn file(((path, denied), count): ((PathBuf, Denied), u64)) -> Denial {
    let target = path.display().to_string();
    let (reason, option) = match denied {
        Denied::Read => ("hidden by the sandbox", "--allow-read"),
        Denied::Write => ("read-only in the sandbox", "--allow-write"),
    };
    Denial {
        kind: denied.into(),
        allow: Some(format!("{option} {target}")),
        target,
        reason: reason.to_owned(),
        count,
    }
}
