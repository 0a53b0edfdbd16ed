//! How a batch is shown while it goes on: on a terminal a line for each agent and one over all, in a
//! log what a person would want to know afterwards.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use amp_session::protocol::Event;
use amp_session::{Pause, TurnLine};

use super::result::TaskResult;
use super::state::TaskStatus;
use super::tally::Tally;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::screen::{Screen, may_animate};
use crate::settings::Settings;
use crate::text::{clock, fit, one_line, tokens};
use crate::view::ToolCall;

/// The widest bar, in columns without its brackets.
const BAR: usize = 24;

/// The columns of the longest id that is shown whole.
const WIDEST_ID: usize = 24;

/// What an agent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Prepares,
    Waits,
    WaitsForLimit,
    Starts,
    Thinks,
    Call(String),
    Checks,
}

impl Doing {
    /// Returns what a line says of it, if it says something.
    pub(super) fn of(line: &TurnLine) -> Option<Self> {
        let Some(Event::Assistant(assistant)) = line.event() else {
            return None;
        };
        let call = assistant.message.tool_uses().last();
        Some(call.map_or(Self::Thinks, |call| {
            Self::Call(ToolCall::of(call, None).activity())
        }))
    }

    fn in_words(&self) -> &str {
        match self {
            Self::Prepares => "preparing",
            Self::Waits => "waiting for room",
            Self::WaitsForLimit => "waiting for the service",
            Self::Starts => "starting",
            Self::Thinks => "thinking",
            Self::Call(call) => call,
            Self::Checks => "checking",
        }
    }
}

/// A task that is worked on.
struct Working {
    id: String,
    doing: Doing,
    since: Instant,
}

/// What is shown.
struct Live {
    working: BTreeMap<usize, Working>,
    begin: Instant,
    due: usize,
    ended: usize,
    failed: usize,
    tokens: u64,
    allowed: usize,
}

/// Shows how a batch goes on.
pub(super) struct View {
    screen: RefCell<Screen>,
    live: Arc<Mutex<Live>>,
    is_live: bool,
    quiet: bool,
    verbose: bool,
}

impl View {
    pub(super) fn new(settings: &Settings, global: &GlobalArguments, context: &Context) -> Self {
        let output = context.stderr.clone();
        let is_live = settings.progress && !global.quiet && may_animate(context, &output);
        let live = Arc::new(Mutex::new(Live {
            working: BTreeMap::new(),
            begin: Instant::now(),
            due: 0,
            ended: 0,
            failed: 0,
            tokens: 0,
            allowed: 0,
        }));
        let shown = Arc::clone(&live);
        let lines = move |columns| locked(&shown).lay_out(columns);
        Self {
            screen: RefCell::new(Screen::with_lines(output, is_live, lines)),
            live,
            is_live,
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }

    /// Begins with so many tasks to work on.
    pub(super) fn begins(&self, due: usize, tally: &Tally) {
        self.live().due = due;
        let before = tally.ok + tally.failed;
        if before > 0 || self.verbose {
            self.says(&format!("{before} tasks are done, {due} to go"));
        }
    }

    /// Shows what the agent of a task does.
    pub(super) fn does(&self, place: usize, id: &str, doing: Doing) {
        if !self.is_live {
            return;
        }
        let mut live = self.live();
        match live.working.get_mut(&place) {
            Some(working) => working.doing = doing,
            None => {
                let working = Working {
                    id: id.to_owned(),
                    doing,
                    since: Instant::now(),
                };
                live.working.insert(place, working);
            }
        }
    }

    /// Shows a task no more.
    pub(super) fn leaves(&self, place: usize) {
        self.live().working.remove(&place);
    }

    /// Tells of a limit of the service, and how many agents work from now on.
    pub(super) fn limited(&self, pause: &Pause, allowed: usize) {
        self.says(&format!("{pause}; {allowed} agents at once from now on"));
    }

    /// Tells of a task that is done: in a log only when it has failed.
    pub(super) fn finished(&self, result: &TaskResult) {
        {
            let mut live = self.live();
            live.ended += 1;
            live.tokens += result.usage.tokens();
            live.failed += usize::from(result.status != TaskStatus::Ok);
        }
        let TaskResult { id, status, .. } = result;
        match &result.message {
            Some(message) if !self.quiet => {
                self.print(&format!("{id}: {}: {message}", status.name()));
            }
            None if self.verbose => self.print(&format!("{id}: ok")),
            _ => {}
        }
    }

    /// Tells of a task that somebody has to decide about.
    pub(super) fn held(&self, id: &str, why: &str) {
        self.says(&format!("{id} is held: {why}"));
    }

    /// Tells something of the batch.
    pub(super) fn says(&self, text: &str) {
        if !self.quiet {
            self.print(text);
        }
    }

    pub(super) fn tick(&self, allowed: usize) {
        if self.is_live {
            self.live().allowed = allowed;
            self.screen.borrow().tick();
        }
    }

    /// Ends the moving lines.
    pub(super) fn ends(&self) {
        self.screen.borrow().pause();
    }

    fn print(&self, text: &str) {
        let text = format!("{}\n", one_line(text));
        // A log that was closed stops no work: what has happened is in the results.
        let _ = self.screen.borrow_mut().print(&text);
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        locked(&self.live)
    }
}

fn locked(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Returns a line for each agent, and one over all.
    fn lay_out(&self, columns: usize) -> String {
        let widest = self.working.values().map(|working| working.id.len()).max();
        let widest = widest.unwrap_or(0).min(WIDEST_ID);
        let mut lines: Vec<String> = Vec::new();
        for Working { id, doing, since } in self.working.values() {
            let id = fit(id, widest);
            let time = clock(since.elapsed());
            let line = format!("{id:<widest$}  {time:>7}  {}", doing.in_words());
            lines.push(fit(&line, columns));
        }
        lines.push(fit(&self.over_all(self.begin.elapsed()), columns));
        lines.join("\n")
    }

    fn over_all(&self, time: Duration) -> String {
        let Self {
            due, ended, failed, ..
        } = *self;
        let done = (BAR * ended.min(due)).checked_div(due).unwrap_or(BAR);
        let bar = format!("{}{}", "=".repeat(done), " ".repeat(BAR - done));
        let minutes = time.as_secs_f64() / 60.0;
        let rate = match ended {
            0 => String::new(),
            _ => format!("  {:.1}/min", ended as f64 / minutes.max(1.0 / 60.0)),
        };
        let failed = match failed {
            0 => String::new(),
            failed => format!("  {failed} failed"),
        };
        format!(
            "[{bar}] {ended}/{due}{failed}{rate}  {}  {} at once  {}",
            tokens(self.tokens),
            self.allowed,
            clock(time)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    use super::{Doing, Live, Working};

    fn live() -> Live {
        let call = Doing::Call("running cargo test --workspace --all-features".to_owned());
        let working = [("fix-the-parser", call), ("b", Doing::Thinks)];
        let working = working.into_iter().enumerate().map(|(place, (id, doing))| {
            let working = Working {
                id: id.to_owned(),
                doing,
                since: Instant::now(),
            };
            (place, working)
        });
        Live {
            working: working.collect::<BTreeMap<_, _>>(),
            begin: Instant::now(),
            due: 200,
            ended: 50,
            failed: 2,
            tokens: 1_234_567,
            allowed: 4,
        }
    }

    #[test]
    fn each_agent_has_a_line_and_no_line_is_wider_than_the_terminal() {
        insta::assert_snapshot!(live().lay_out(60));
        for columns in [1, 10, 20, 200] {
            let lines = live().lay_out(columns);
            assert!(lines.lines().all(|line| line.chars().count() <= columns));
        }
    }

    #[test]
    fn the_line_over_all_tells_how_fast_it_goes() {
        insta::assert_snapshot!(live().over_all(Duration::from_secs(600)));
    }
}
