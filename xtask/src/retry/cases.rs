//! Faults with a known end in every build.

use anyhow::Result;
use fixtures::backend::{FaultPlan, Refusal};
use fixtures::script::Fault;

use super::drive::drive;
use crate::installed_cli::InstalledCli;
use crate::trial::Trial;
use crate::versions::{Packaging, Version, build_time};

/// The builds from 2026-05-04 on show a call before it runs.
const MAY: &str = "0.0.1777897475-g2324e1";

/// A fault, and how a prompt goes on from there.
pub(super) struct Case {
    pub(super) name: &'static str,
    faults: fn(Packaging) -> FaultPlan,
    /// How it ends in the builds before May, in that of May, and in those since July.
    expected: [&'static str; 3],
}

/// The model answers with an error of this status, once.
pub(super) fn error(status: u16) -> Fault {
    let kind = match status {
        429 => "rate_limit_error",
        529 => "overloaded_error",
        402 => "billing_error",
        401 => "authentication_error",
        _ => "api_error",
    };
    Fault::Error {
        status,
        kind: kind.to_owned(),
        message: "no".to_owned(),
        retry_after: Some(1),
    }
}

/// The same error, whose headers do not say when to try again.
fn without_time(mut fault: Fault) -> Fault {
    if let Fault::Error { retry_after, .. } = &mut fault {
        *retry_after = None;
    }
    fault
}

fn first(fault: Fault) -> FaultPlan {
    FaultPlan::new().with_answer(Some(fault))
}

fn second(fault: Fault) -> FaultPlan {
    FaultPlan::new().with_answer(None).with_answer(Some(fault))
}

const GOES_ON: [&str; 3] = ["continue, completed"; 3];
const CREDITS: [&str; 3] = ["stopped: credits do not come back by waiting"; 3];
const KEY: [&str; 3] = ["stopped: a key does not become a good one by waiting"; 3];

/// Returns every case.
pub(super) fn all() -> Vec<Case> {
    let case = |name, faults, expected| Case {
        name,
        faults,
        expected,
    };
    vec![
        case("429 before the answer", |_| first(error(429)), GOES_ON),
        case(
            "429 without a time to wait",
            |_| first(without_time(error(429))),
            GOES_ON,
        ),
        case("529 before the answer", |_| first(error(529)), GOES_ON),
        case("500 before the answer", |_| first(error(500)), GOES_ON),
        case("402 before the answer", |_| first(error(402)), CREDITS),
        case("401 before the answer", |_| first(error(401)), KEY),
        case("429 after a tool ran", |_| second(error(429)), GOES_ON),
        case(
            "429 twice, then 529 after a tool ran",
            |_| {
                let limits = first(error(429)).with_answer(Some(error(429)));
                limits.with_answer(None).with_answer(Some(error(529)))
            },
            ["continue, continue, continue, completed"; 3],
        ),
        case(
            "cut before the answer",
            |_| first(Fault::Disconnect),
            GOES_ON,
        ),
        case(
            "cut within a text",
            |_| first(Fault::DisconnectWithin(0)),
            [
                "continue, completed",
                "new thread, completed",
                "continue, completed",
            ],
        ),
        case(
            "cut after a whole call, before the reason to stop",
            |_| first(Fault::DisconnectBefore(2)),
            [
                "continue, completed",
                "new thread, completed",
                "continue, completed",
            ],
        ),
        case(
            "cut after a tool ran, before the next answer",
            |_| second(Fault::Disconnect),
            GOES_ON,
        ),
        case(
            "the start is refused",
            |packaging| {
                let requests = if packaging == Packaging::Javascript {
                    2
                } else {
                    1
                };
                FaultPlan::new().with_start(Refusal::Status(503), requests)
            },
            [
                "stopped: a key does not become a good one by waiting",
                "new thread, completed",
                "new thread, completed",
            ],
        ),
        case(
            "the thread cannot be opened",
            |packaging| match packaging {
                Packaging::Javascript => FaultPlan::new(),
                Packaging::Native => FaultPlan::new().with_opening(Refusal::Status(503), 4),
            },
            ["completed", "completed", "new thread, completed"],
        ),
    ]
}

impl Trial for Case {
    fn name(&self) -> &str {
        self.name
    }

    fn expected(&self, version: &Version) -> Result<String> {
        let [before_may, may, native] = self.expected;
        Ok(match version.packaging {
            Packaging::Native => native,
            Packaging::Javascript if version.build_time()? >= build_time(MAY)? => may,
            Packaging::Javascript => before_may,
        }
        .to_owned())
    }

    async fn attempt(&self, cli: &InstalledCli) -> Result<String> {
        let packaging = match cli.executable.ends_with("node_modules/.bin/amp") {
            true => Packaging::Javascript,
            false => Packaging::Native,
        };
        let ended = drive(cli, (self.faults)(packaging)).await?;
        Ok(match ended.twice.as_slice() {
            [] => ended.story,
            twice => format!("{}; {}", ended.story, twice.join("; ")),
        })
    }
}
