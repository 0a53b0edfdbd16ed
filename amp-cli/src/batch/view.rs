//! How a batch is shown while it goes on: on a terminal a line for each agent and one over all, in a
//! log what a person would want to know afterwards.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use amp_session::protocol::Event;
use amp_session::{Pause, TurnLine};

use super::events::{Event as Told, Events};
use super::result::TaskResult;
use super::state::TaskStatus;
use super::tally::Tally;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::screen::may_animate;
use crate::screen::rows::Rows;
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
    rows: RefCell<Rows>,
    live: RefCell<Live>,
    events: Rc<Events>,
    is_live: bool,
    quiet: bool,
    verbose: bool,
}

impl View {
    pub(super) fn new(
        settings: &Settings,
        global: &GlobalArguments,
        events: Rc<Events>,
        context: &Context,
    ) -> Self {
        let output = context.stderr.clone();
        // Lines of JSON on the same terminal would be torn.
        let has_terminal = !global.json || context.stdout.terminal().is_none();
        let is_live =
            settings.progress && has_terminal && !global.quiet && may_animate(context, &output);
        let live = RefCell::new(Live {
            working: BTreeMap::new(),
            begin: Instant::now(),
            due: 0,
            ended: 0,
            failed: 0,
            tokens: 0,
            allowed: 0,
        });
        Self {
            rows: RefCell::new(Rows::new(output, is_live)),
            live,
            events,
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

    /// Shows that the agent of a task is started.
    pub(super) fn starts(&self, place: usize, id: &str, attempt: u32, goes_on: bool) {
        self.events.tell(&Told::TaskBegan {
            task: id,
            attempt,
            goes_on,
        });
        self.does(place, id, Doing::Starts);
    }

    /// Shows what the agent of a task does.
    pub(super) fn does(&self, place: usize, id: &str, doing: Doing) {
        if let Doing::Call(about) = &doing {
            self.events.tell(&Told::TaskProgress { task: id, about });
        }
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
        self.events.limit_met(pause, allowed);
        self.says(&format!("{pause}; {allowed} agents at once from now on"));
    }

    /// Tells of a task that is done: in a log only when it has failed.
    pub(super) fn finished(&self, result: &TaskResult) {
        self.events.task_ended(result);
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
        self.events.tell(&Told::TaskHeld { task: id, why });
        self.says(&format!("{id} is held: {why}"));
    }

    /// Tells of a task that goes on with the next start.
    pub(super) fn paused(&self, id: &str, why: &str) {
        self.events.tell(&Told::TaskPaused { task: id, why });
    }

    /// Tells that no more tasks begin.
    pub(super) fn pauses(&self, why: &str) {
        self.events.tell(&Told::BatchPaused { why });
        self.says(&format!("paused: {why}"));
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
            self.draw();
        }
    }

    /// Ends the moving lines.
    pub(super) fn ends(&self) {
        // A terminal that is gone shows nothing.
        let _ = self.rows.borrow_mut().clear();
    }

    fn print(&self, text: &str) {
        let text = format!("{}\n", one_line(text));
        // A log that was closed stops no work: what has happened is in the results.
        let _ = self.rows.borrow_mut().print(&text);
        if self.is_live && !self.live().working.is_empty() {
            self.draw();
        }
    }

    fn draw(&self) {
        let live = self.live.borrow();
        let lines = |columns, most| live.lay_out(columns, most);
        // As for what is printed.
        let _ = self.rows.borrow_mut().draw(lines);
    }

    fn live(&self) -> RefMut<'_, Live> {
        self.live.borrow_mut()
    }
}

impl Live {
    /// Returns a line for each agent, as far as there is room, and one over all.
    fn lay_out(&self, columns: usize, most: usize) -> Vec<String> {
        let widest = self.working.values().map(|working| working.id.len()).max();
        let widest = widest.unwrap_or(0).min(WIDEST_ID);
        let mut lines: Vec<String> = Vec::new();
        let room = most.saturating_sub(1);
        let (shown, others) = match self.working.len() <= room {
            true => (self.working.len(), 0),
            false => {
                let shown = room.saturating_sub(1);
                (shown, self.working.len() - shown)
            }
        };
        for Working { id, doing, since } in self.working.values().take(shown) {
            let id = fit(id, widest);
            let time = clock(since.elapsed());
            let line = format!("{id:<widest$}  {time:>7}  {}", doing.in_words());
            lines.push(fit(&line, columns));
        }
        if others > 0 && room > 0 {
            lines.push(fit(&format!("… and {others} more"), columns));
        }
        lines.push(fit(&self.over_all(self.begin.elapsed()), columns));
        lines
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
        insta::assert_snapshot!(live().lay_out(60, 24).join("\n"));
        for columns in [1, 10, 20, 200] {
            let lines = live().lay_out(columns, 24);
            assert!(lines.iter().all(|line| line.chars().count() <= columns));
        }
    }

    #[test]
    fn no_more_lines_than_the_terminal_has_are_laid_out() {
        insta::assert_snapshot!(live().lay_out(60, 2).join("\n"));
        for most in [1, 2, 3, 9] {
            assert!(live().lay_out(60, most).len() <= most);
        }
    }

    #[test]
    fn the_line_over_all_tells_how_fast_it_goes() {
        insta::assert_snapshot!(live().over_all(Duration::from_secs(600)));
    }
}
