//! A helper and a plugin that are asked about the same call; both parts are played here.

use amp_protocol::PermissionRule;
use tokio::io::Lines;

use super::*;
use crate::permission::{Evaluator, RuleList, RuleScope, RuleSet};

/// The connection of a plugin.
struct Plugin {
    answers: Lines<BufReader<OwnedReadHalf>>,
    calls: tokio::net::unix::OwnedWriteHalf,
}

impl Plugin {
    async fn greet(world: &World) -> Self {
        let (reader, calls) = UnixStream::connect(&world.socket)
            .await
            .unwrap()
            .into_split();
        let mut plugin = Self {
            answers: BufReader::new(reader).lines(),
            calls,
        };
        let greeting = json!({"token": world.token, "plugin": true});
        plugin.say(&greeting).await;
        plugin
    }

    async fn say(&mut self, line: &Value) {
        let line = format!("{line}\n");
        self.calls.write_all(line.as_bytes()).await.unwrap();
    }

    async fn call(&mut self, number: u64, command: &str) {
        let call = json!({"number": number, "tool": "shell_command", "tool_use_id": format!("id {number}"),
            "thread": "T", "arguments": {"command": command}});
        self.say(&call).await;
    }

    /// Returns the number of the call that is answered, and why it is refused.
    async fn answer(&mut self) -> (u64, Option<String>) {
        let line = self.answers.next_line().await.unwrap().unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        let refused = answer["refused"].as_str().map(str::to_owned);
        (answer["number"].as_u64().unwrap(), refused)
    }
}

/// A world whose plugin is this test.
fn world(approval: Approval) -> World {
    waiting_for(approval, Duration::from_secs(60))
}

fn waiting_for(approval: Approval, meeting: Duration) -> World {
    let rules = [
        PermissionRule::allow("Read"),
        PermissionRule::delegate("*", "/helper"),
    ];
    let rules = RuleSet::of(vec![RuleList::from_rules(RuleScope::User, &rules)]);
    let september = Dialect::for_version(&SEPTEMBER.into());
    let mut lock = SecondLock::new(Evaluator::new(rules, &september));
    lock.meeting = meeting;
    lock.program = Some(Identity::of(&std::env::current_exe().unwrap()).unwrap());
    World::locked(approval, parent(), || None, Some(lock))
}

#[tokio::test]
async fn a_call_is_put_once_with_its_id_and_both_hear_the_answer() {
    let (said, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let approval = Approval::by(approve_with(move |question: Question| {
        said.send(question.subject.tool_use_id).unwrap();
        std::future::ready(match question.subject.arguments["command"].as_str() {
            Some("ls") => Answer::Allow,
            _ => Answer::reject("not today"),
        })
    }));
    let world = world(approval);
    let mut plugin = Plugin::greet(&world).await;
    plugin.call(1, "ls").await;
    assert_eq!(world.ask("ls").await, Reply::Allow);
    assert_eq!(plugin.answer().await, (1, None));
    let helper = world.question(&json!({"command": "rm"})).await;
    plugin.call(2, "rm").await;
    assert_eq!(plugin.answer().await, (2, Some("not today".to_owned())));
    assert_eq!(rejection(answer(helper).await.unwrap()), "not today");
    assert_eq!(asked.recv().await, Some(Some("id 1".to_owned())));
    assert_eq!(asked.recv().await, Some(Some("id 2".to_owned())));
    assert_eq!(asked.recv().now_or_never(), None);
}

#[tokio::test]
async fn what_one_of_them_alone_asks_about_is_refused_unasked() {
    let unasked = Approval::by(approve_with(|_| -> std::future::Ready<Answer> {
        panic!("nobody is to be asked")
    }));
    let world = waiting_for(unasked, Duration::from_millis(50));
    let reason = rejection(world.ask("ls").await);
    assert!(
        reason.contains("plugin of the run was not asked"),
        "{reason}"
    );
    let mut plugin = Plugin::greet(&world).await;
    plugin.call(1, "ls").await;
    let (_, refused) = plugin.answer().await;
    assert!(refused.unwrap().contains("keeps the rules"));
    assert_eq!(world.shared.state().decisions.refused().count(), 2);
    // What a rule decides by itself, the plugin lets pass.
    let read = json!({"number": 2, "tool": "Read", "arguments": {"path": "x"}});
    plugin.say(&read).await;
    assert_eq!(plugin.answer().await, (2, None));
}

#[tokio::test]
async fn a_line_of_the_plugin_that_never_ends_is_no_call() {
    let world = world(always(Answer::Allow));
    let mut plugin = Plugin::greet(&world).await;
    plugin.call(1, "ls").await;
    assert_eq!(world.ask("ls").await, Reply::Allow);
    assert_eq!(plugin.answer().await, (1, None));
    // The host hangs up before it has read all of it.
    let endless = vec![b' '; MOST_ARGUMENTS + 2 * LONGEST_LINE];
    while plugin.calls.write_all(&endless).await.is_ok() {}
    let reason = rejection(world.ask("ls").await);
    assert!(
        reason.contains("plugin of the run was not asked"),
        "{reason}"
    );
}

#[tokio::test]
async fn without_its_plugin_a_run_allows_nothing_more_and_takes_no_other() {
    let world = world(always(Answer::Allow));
    let mut plugin = Plugin::greet(&world).await;
    plugin.call(1, "ls").await;
    assert_eq!(world.ask("ls").await, Reply::Allow);
    assert_eq!(plugin.answer().await, (1, None));
    drop(plugin);
    let mut another = Plugin::greet(&world).await;
    let line = another.answers.next_line().await.unwrap().unwrap();
    assert!(line.contains("the plugin is there already"), "{line}");
    let reason = rejection(world.ask("ls").await);
    assert!(
        reason.contains("plugin of the run was not asked"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_plugin_that_is_loaded_again_before_the_first_call_is_the_one_that_counts() {
    let world = world(always(Answer::Allow));
    let first = Plugin::greet(&world).await;
    let mut second = Plugin::greet(&world).await;
    // It is heard before the first one is gone.
    let read = json!({"number": 7, "tool": "Read", "arguments": {"path": "x"}});
    second.say(&read).await;
    assert_eq!(second.answer().await, (7, None));
    drop(first);
    second.call(1, "ls").await;
    assert_eq!(world.ask("ls").await, Reply::Allow);
    assert_eq!(second.answer().await, (1, None));
    let mut third = Plugin::greet(&world).await;
    let line = third.answers.next_line().await.unwrap().unwrap();
    assert!(line.contains("the plugin is there already"), "{line}");
}
