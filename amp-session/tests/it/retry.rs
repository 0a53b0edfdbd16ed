//! Going on after the service's limits, with an agent whose threads last from run to run.

use std::path::Path;
use std::time::Duration;

use amp_session::{
    AfterTurn, Amp, How, Ledger, NewSession, Outcome, Pause, Retried, Retries, Retry, Session,
    SessionConfig,
};
use fixtures::fake_agent;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tempfile::TempDir;

use crate::support::{FEBRUARY, SEPTEMBER, environment};

const JANUARY: &str = "0.0.1767830505-ga62310";
const MAY: &str = "0.0.1777897475-g2324e1";
const PROMPT: &str = "do it";

/// Attempts that wait for next to nothing.
fn quick() -> Retry {
    let moment = Duration::from_millis(1);
    Retry::default().with_tries(5).with_waits(moment, moment)
}

/// What became of a prompt, and what the agent's service saw of it.
struct Run {
    home: TempDir,
    outcome: Outcome,
    retries: Retries,
    stopped: Option<String>,
}

impl Run {
    async fn of(version: &str, plan: &str) -> Self {
        let home = TempDir::new().unwrap();
        let session = amp(&home, version, plan)
            .start(SessionConfig::new())
            .unwrap();
        Self::in_session(home, &session, quick()).await
    }

    async fn in_session(home: TempDir, session: &Session, retry: Retry) -> Self {
        let is_resumed = session.thread().is_some();
        let mut retries = Retries::new(retry, *session.amp().dialect(), PROMPT, is_resumed);
        let mut turn = session.prompt(PROMPT).await.unwrap();
        let (outcome, stopped) = loop {
            let outcome = turn.finish().await;
            match follow(session, &mut retries, &outcome).await {
                Ok(next) => turn = next,
                Err(stopped) => break (outcome, stopped),
            }
        };
        Self {
            home,
            outcome,
            retries,
            stopped,
        }
    }

    fn lines(&self, name: &str) -> Vec<serde_json::Value> {
        lines(&self.home.path().join("threads").join(name))
    }

    /// Says how each attempt went on, and how the last one ended.
    fn story(&self) -> String {
        let attempts = self.retries.attempts();
        let steps = attempts.iter().filter_map(|attempt| attempt.retry.as_ref());
        let mut story: Vec<String> = steps
            .map(|note| {
                match note.how {
                    How::Continue => "continue",
                    How::SamePrompt => "same prompt",
                    How::NewThread => "new thread",
                    _ => "?",
                }
                .to_owned()
            })
            .collect();
        story.push(self.outcome.status.to_string());
        story.extend(self.stopped.clone());
        story.join(", ")
    }

    /// The prompt is in every conversation that the model saw, once; no tool ran twice.
    fn check(&self) {
        for asked in self.lines("asked.jsonl") {
            let texts = asked.as_array().unwrap();
            let prompts = texts.iter().filter(|text| *text == PROMPT).count();
            assert_eq!(prompts, 1, "{asked}: {}", self.story());
        }
        let ran = self.lines("ran.jsonl");
        assert!(ran.len() <= 1, "{ran:?}: {}", self.story());
        if self.outcome.is_success() {
            assert_eq!(ran.len(), 1, "{}", self.story());
        }
    }
}

/// Goes on with a turn that failed, or says why not.
async fn follow(
    session: &Session,
    retries: &mut Retries,
    outcome: &Outcome,
) -> Result<amp_session::Turn, Option<String>> {
    let mut next = retries.after(outcome);
    loop {
        let wait = match next {
            AfterTurn::Wait(Pause { wait, .. }) => wait,
            AfterTurn::Stop(why) => return Err(Some(why)),
            _ => return Err(None),
        };
        tokio::time::sleep(wait).await;
        match session.retry(retries).await.unwrap() {
            Retried::Turn(turn) => return Ok(*turn),
            Retried::Wait(pause) => next = AfterTurn::Wait(pause),
            Retried::Stop(why) | Retried::Unasked(why) => return Err(Some(why)),
            other => panic!("{other:?}"),
        }
    }
}

fn amp(home: &TempDir, version: &str, plan: &str) -> Amp {
    let threads = home.path().join("threads");
    std::fs::create_dir_all(&threads).unwrap();
    let play = [
        ("FAKE_AGENT_THREADS", threads.to_str().unwrap()),
        ("FAKE_AGENT_PLAN", plan),
    ];
    Amp::new(fake_agent(), version).with_environment(environment(home.path(), &play))
}

fn lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn each_failure_is_gone_on_with_as_the_thread_allows() {
    let cases = [
        // A limit before anything was done, and between a tool and the answer.
        (
            SEPTEMBER,
            "before; before 529 x",
            "continue, continue, completed",
        ),
        (MAY, "after-call 500 x", "continue, completed"),
        (FEBRUARY, "after-call terminated", "continue, completed"),
        (JANUARY, "before", "continue, completed"),
        // A tool that ran unseen: only the thread knows.
        (FEBRUARY, "unshown", "continue, completed"),
        // Nothing was sent.
        (SEPTEMBER, "start", "new thread, completed"),
        (
            MAY,
            "start; start; before",
            "new thread, new thread, continue, completed",
        ),
        (FEBRUARY, "before; start", "continue, continue, completed"),
        (
            SEPTEMBER,
            "start Unexpected error inside Amp CLI.",
            "new thread, completed",
        ),
        // The thread was not stored.
        (MAY, "no-thread terminated", "new thread, completed"),
        (
            FEBRUARY,
            "no-thread terminated",
            "failed, the thread is gone, and this Amp may have run a tool without showing it",
        ),
        // The thread lacks what was seen.
        (
            MAY,
            "no-result",
            "failed, the thread has no result of a tool call whose result was seen (call-0)",
        ),
        (
            MAY,
            "no-call",
            "failed, the thread lacks a tool call that was seen (call-0)",
        ),
        // The answer is there.
        (
            SEPTEMBER,
            "answered",
            "failed, the thread has an answer by now",
        ),
        // Nothing that waiting mends.
        (
            SEPTEMBER,
            "before 402 x",
            "failed, credits do not come back by waiting",
        ),
        (
            FEBRUARY,
            "start Invalid or missing API key.",
            "failed, a key does not become a good one by waiting",
        ),
        // The thread cannot be asked for a while, and then it can.
        (SEPTEMBER, "before+unreadable", "continue, completed"),
        // Enough.
        (
            MAY,
            "before; before; before; before; before; before; before",
            "continue, continue, continue, continue, continue, failed, 6 attempts were made",
        ),
    ];
    for (version, plan, expected) in cases {
        let run = Run::of(version, plan).await;
        assert_eq!(run.story(), expected, "{version}: {plan}");
        run.check();
    }
}

#[tokio::test]
async fn a_prompt_for_a_thread_that_was_there_stays_in_it() {
    for (plan, expected) in [
        ("done; start", "same prompt, completed"),
        ("done; before", "continue, completed"),
        (
            "done; start; before; start",
            "same prompt, continue, continue, completed",
        ),
    ] {
        let home = TempDir::new().unwrap();
        let amp = amp(&home, MAY, plan);
        let first = amp.start(SessionConfig::new()).unwrap();
        let outcome = first.prompt("earlier").await.unwrap().finish().await;
        let session = amp
            .resume(outcome.thread.unwrap(), SessionConfig::new())
            .unwrap();
        let run = Run::in_session(home, &session, quick()).await;
        assert_eq!(run.story(), expected, "{plan}");
        for asked in run.lines("asked.jsonl").iter().skip(2) {
            let texts = asked.as_array().unwrap();
            assert_eq!(
                texts.iter().filter(|text| *text == PROMPT).count(),
                1,
                "{asked}"
            );
        }
    }
}

#[tokio::test]
async fn the_record_says_why_each_turn_follows_and_names_the_thread_that_lasted() {
    let home = TempDir::new().unwrap();
    let ledger = Ledger::new(home.path().join("ledger"));
    let record = ledger.create(NewSession::new()).unwrap();
    let amp = amp(&home, MAY, "no-thread terminated; after-call 429 x");
    let session = amp.start(SessionConfig::new()).unwrap().recorded(record);
    let run = Run::in_session(home, &session, quick()).await;
    assert_eq!(run.story(), "new thread, continue, completed");
    let record = &ledger.sessions().unwrap()[0];
    assert_eq!(record.metadata().thread, run.outcome.thread);
    let turns = record.turns().unwrap();
    let starts = turns.iter().map(|turn| turn.start().unwrap().unwrap());
    let told: Vec<_> = starts
        .map(|start| {
            (
                start.prompt.unwrap(),
                start.retry.map(|note| (note.how, note.why)),
            )
        })
        .collect();
    let note = |how, why: &str| Some((how, why.to_owned()));
    assert_eq!(
        told,
        [
            (PROMPT.to_owned(), None),
            (PROMPT.to_owned(), note(How::NewThread, "connection lost")),
            ("continue".to_owned(), note(How::Continue, "rate limited")),
        ]
    );
    let usage: u64 = turns
        .iter()
        .map(|turn| turn.totals().unwrap().usage.output_tokens)
        .sum();
    let told: u64 = run
        .retries
        .attempts()
        .iter()
        .map(|one| one.usage.output_tokens)
        .sum();
    assert_eq!((usage, told), (10, 10));
}

#[tokio::test]
async fn a_build_that_cannot_be_asked_is_gone_on_with_once_its_thread_is_there() {
    let run = Run::of(JANUARY, "no-thread terminated").await;
    assert_eq!(run.story(), "continue, failed, waiting does not help");
    run.check();
}

#[test]
fn whatever_fails_and_when_nothing_is_paid_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let word = prop::sample::select(vec![
        "done",
        "start",
        "before",
        "before 529 x",
        "after-call",
        "after-call terminated",
        "unshown",
        "no-thread",
        "no-result",
        "no-call",
        "answered",
        "before+unreadable",
        "after-call+unreadable",
        "before 402 x",
    ]);
    let plans = prop::collection::vec(word, 1..6).prop_map(|words| words.join("; "));
    // What the builds of February and of May do to a thread and to their lines differs.
    let version = prop::sample::select(vec![FEBRUARY, MAY, SEPTEMBER]);
    let case = (version, plans).prop_filter("what this build does", |(version, plan)| {
        (*version == FEBRUARY || !plan.contains("unshown"))
            && (*version == MAY || !plan.contains("no-"))
    });
    // PROPTEST_CASES says how many; 256 unless set.
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&case, |(version, plan)| {
        runtime.block_on(Run::of(version, &plan)).check();
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
