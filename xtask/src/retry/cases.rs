//! Faults with a known end in every build.

use amp_session::{AmpVersion, Dialect, Feature, Generation};
use anyhow::Result;
use fixtures::backend::{FaultPlan, Refusal};
use fixtures::script::Fault;

use super::drive::{drive, drive_ampctl};
use super::row::Row;
use crate::installed_cli::InstalledCli;
use crate::trial::Trial;
use crate::versions::Version;

/// The builds that fail in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Build {
    BeforeMay,
    May,
    SinceJuly,
}

impl Build {
    fn of(version: &str) -> Self {
        let dialect = Dialect::for_version(&AmpVersion::new(version));
        match dialect.generation() {
            Generation::ServerThreads => Self::SinceJuly,
            _ if dialect.supports(Feature::CallsShownFirst) => Self::May,
            _ => Self::BeforeMay,
        }
    }
}

/// A fault, and how a prompt ends and goes on from there.
pub(super) struct Case {
    pub(super) name: &'static str,
    faults: fn(Build) -> FaultPlan,
    /// What becomes of it in each [`Build`].
    pub(super) ends: [End; 3],
    /// Whether `ampctl` goes on, which knows more than the library: whether the key is good.
    is_by_ampctl: bool,
}

/// What becomes of a prompt.
#[derive(Clone, Copy)]
pub(super) struct End {
    /// The row of the documented table that says so; none where nothing fails.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds the table to it"))]
    pub(super) row: Option<Row>,
    /// The exit code of `ampctl run` where it is not to go on.
    pub(super) exit: u8,
    /// How it goes on otherwise.
    story: &'static str,
}

/// The model answers with an error of this status, once.
pub(super) fn error(status: u16) -> Fault {
    let kind = match status {
        429 => "rate_limit_error",
        529 => "overloaded_error",
        402 => "billing_error",
        401 => "authentication_error",
        400 => "invalid_request_error",
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

const GOES_ON: &str = "continue, completed";
const KEY: &str = "stopped: a key does not become a good one by waiting";
const BEGINS_ANEW: &str = "new thread, completed";
const MAY_RUN_AGAIN: &str =
    "stopped: the thread has no result of a tool call which may still run, or run again";
const NOTHING_FAILS: End = End {
    row: None,
    exit: 0,
    story: "completed",
};

fn end(row: Row, exit: u8, story: &'static str) -> End {
    let row = Some(row);
    End { row, exit, story }
}

/// The connection of a build with server-side threads is lost, which it does not tell.
fn reconnects(story: &'static str) -> End {
    end(Row::Reconnecting, 124, story)
}

/// Returns every case.
pub(super) fn all() -> Vec<Case> {
    let case = |name, faults, ends| Case {
        name,
        faults,
        ends,
        is_by_ampctl: false,
    };
    let limit = [end(Row::Limit, 1, GOES_ON); 3];
    let after_tool = end(Row::AfterTool, 1, GOES_ON);
    let mut cases = vec![
        case("429 before the answer", |_| first(error(429)), limit),
        case(
            "429 without a time to wait",
            |_| first(without_time(error(429))),
            limit,
        ),
        case("529 before the answer", |_| first(error(529)), limit),
        case("500 before the answer", |_| first(error(500)), limit),
        case("408 before the answer", |_| first(error(408)), limit),
        case(
            "402 before the answer",
            |_| first(error(402)),
            [end(
                Row::CreditsOrKey,
                1,
                "stopped: credits do not come back by waiting",
            ); 3],
        ),
        case(
            "401 before the answer",
            |_| first(error(401)),
            [
                end(Row::CreditsOrKey, 3, KEY),
                end(Row::CreditsOrKey, 3, KEY),
                end(Row::CreditsOrKey, 1, KEY),
            ],
        ),
        case(
            "400 before the answer",
            |_| first(error(400)),
            [end(Row::Other, 1, "stopped: waiting does not help"); 3],
        ),
        case(
            "429 after a tool ran",
            |_| second(error(429)),
            [after_tool; 3],
        ),
        case(
            "429 twice, then 529 after a tool ran",
            |_| {
                let limits = first(error(429)).with_answer(Some(error(429)));
                limits.with_answer(None).with_answer(Some(error(529)))
            },
            [end(Row::Limit, 1, "continue, continue, continue, completed"); 3],
        ),
        case(
            "cut before the answer",
            |_| first(Fault::Disconnect),
            [
                end(Row::Cut, 1, GOES_ON),
                end(Row::Cut, 1, GOES_ON),
                reconnects(GOES_ON),
            ],
        ),
        case(
            "cut within a text",
            |_| first(Fault::DisconnectWithin(0)),
            [
                end(Row::Cut, 1, GOES_ON),
                end(Row::Cut, 1, BEGINS_ANEW),
                reconnects(GOES_ON),
            ],
        ),
        case(
            "cut after a whole call, before the reason to stop",
            |_| first(Fault::DisconnectBefore(2)),
            [
                end(Row::Cut, 1, GOES_ON),
                end(Row::Cut, 1, BEGINS_ANEW),
                reconnects(GOES_ON),
            ],
        ),
        case(
            "cut after a whole call, before it ran",
            |_| first(Fault::DisconnectBeforeEnd),
            [
                end(Row::CutAfterCall, 1, GOES_ON),
                end(Row::CutAfterCall, 1, MAY_RUN_AGAIN),
                reconnects(GOES_ON),
            ],
        ),
        case(
            "cut after a tool ran, before the next answer",
            |_| second(Fault::Disconnect),
            [after_tool, after_tool, reconnects(GOES_ON)],
        ),
        case(
            "the start is refused",
            refused_start,
            [
                end(Row::StartCalledBadKey, 3, KEY),
                end(Row::Start, 1, BEGINS_ANEW),
                end(Row::Start, 1, BEGINS_ANEW),
            ],
        ),
        case(
            "the thread cannot be opened",
            |build| match build {
                Build::BeforeMay | Build::May => FaultPlan::new(),
                Build::SinceJuly => FaultPlan::new().with_opening(Refusal::Status(503), 4),
            },
            [
                NOTHING_FAILS,
                NOTHING_FAILS,
                end(Row::Opening, 5, BEGINS_ANEW),
            ],
        ),
        case(
            "the thread is not stored at the end",
            |build| match build {
                Build::BeforeMay | Build::May => {
                    FaultPlan::new().with_upload(Refusal::Status(500), 1_000)
                }
                Build::SinceJuly => FaultPlan::new(),
            },
            [
                end(Row::StoredNot, 0, "completed"),
                end(Row::StoredNot, 0, "completed"),
                NOTHING_FAILS,
            ],
        ),
    ];
    cases.push(Case {
        is_by_ampctl: true,
        ..case(
            "the start is refused, and the key is asked about",
            refused_start,
            [
                end(Row::StartCalledBadKey, 3, BEGINS_ANEW),
                end(Row::Start, 1, BEGINS_ANEW),
                end(Row::Start, 1, BEGINS_ANEW),
            ],
        )
    });
    cases
}

/// The requests of one start are refused.
fn refused_start(build: Build) -> FaultPlan {
    let requests = match build {
        Build::BeforeMay | Build::May => 2,
        Build::SinceJuly => 1,
    };
    FaultPlan::new().with_start(Refusal::Status(503), requests)
}

impl Trial for Case {
    fn name(&self) -> &str {
        self.name
    }

    fn expected(&self, version: &Version) -> Result<String> {
        let end = self.ends[Build::of(&version.number) as usize];
        Ok(format!("exit code {}; {}", end.exit, end.story))
    }

    async fn attempt(&self, cli: &InstalledCli) -> Result<String> {
        let faults = || (self.faults)(Build::of(&cli.version));
        let (code, once) = drive_ampctl(cli, faults(), &[]).await?;
        let ended = match self.is_by_ampctl {
            true => {
                let retry = ["--retry", "6"];
                drive_ampctl(cli, faults(), &retry).await?.1
            }
            false => drive(cli, faults()).await?,
        };
        // Which call it was stands in brackets, and differs from run to run.
        let story = ended.story.split(" (").next().unwrap_or_default();
        let parts = [format!("{code}; {story}")].into_iter();
        let parts: Vec<String> = parts.chain(once.twice).chain(ended.twice).collect();
        Ok(parts.join("; "))
    }
}
