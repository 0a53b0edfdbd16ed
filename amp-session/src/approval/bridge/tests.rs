//! Who is heard on the socket, and what becomes of a question; the helper's part is played here.

#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod two_locks;

use std::sync::atomic::{AtomicUsize, Ordering};

use amp_protocol::PermissionRule;
use futures::FutureExt;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::super::approver::{RejectAll, approve_with};
use super::*;
use crate::amp::Amp;
use crate::settings::Effective;

const SEPTEMBER: &str = "0.0.1790142911-g7618fb";

/// A host with an approver; this test is the helper, so its own parent is the CLI.
struct World {
    folder: TempDir,
    shared: Arc<Shared>,
    token: String,
    socket: PathBuf,
    serving: JoinHandle<()>,
    _agent: watch::Sender<Option<Agent>>,
}

fn beside(id: u32) -> Agent {
    Agent { id, namespaces: 0 }
}

fn parent() -> Agent {
    beside(std::os::unix::process::parent_id())
}

impl World {
    fn of(approval: Approval, agent: Agent) -> Self {
        Self::with(approval, agent, || None)
    }

    fn with(
        approval: Approval,
        agent: Agent,
        refusal: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::locked(approval, agent, refusal, None)
    }

    fn locked(
        approval: Approval,
        agent: Agent,
        refusal: impl Fn() -> Option<String> + Send + Sync + 'static,
        lock: Option<SecondLock>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let helper = std::env::current_exe().unwrap();
        let listening = Listening::open(folder.path(), &helper).unwrap();
        let (token, socket) = (listening.token.clone(), listening.socket.clone());
        let (agent, started) = watch::channel(Some(agent));
        let amp = Amp::new("/nowhere/amp", SEPTEMBER);
        let settings = Effective::read(amp.environment(), folder.path(), None);
        let (opinions, _) = Opinions::gather(amp.clone(), &settings);
        let shared = Arc::new(Shared::default());
        let watched = vec![folder.path().join("watched"), folder.path().join("own")];
        let host = Host {
            shared: Arc::clone(&shared),
            approval,
            opinions,
            dialect: *amp.dialect(),
            folder: folder.path().to_path_buf(),
            memory: Memory::new(amp.environment(), folder.path(), None, amp.version()),
            control: Mutex::new(Control::watch(watched)),
            own: vec![folder.path().join("own")],
            refusal: Box::new(refusal),
            lock,
            agent: started,
        };
        Self {
            shared,
            token,
            socket,
            serving: tokio::spawn(listening.serve(Arc::new(host))),
            _agent: agent,
            folder,
        }
    }

    async fn send(&self, bytes: &[u8]) -> UnixStream {
        let mut stream = UnixStream::connect(&self.socket).await.unwrap();
        // A host that refuses at once need not read to the end.
        let _ = stream.write_all(bytes).await;
        stream
    }

    async fn question(&self, arguments: &Value) -> UnixStream {
        self.send(&request(&self.token, arguments)).await
    }

    /// Asks about a shell command.
    async fn ask(&self, command: &str) -> Reply {
        answer(self.question(&json!({ "command": command })).await)
            .await
            .unwrap()
    }
}

fn request(token: &str, arguments: &Value) -> Vec<u8> {
    let arguments = arguments.to_string();
    let request = Request {
        token: token.to_owned(),
        tool: "shell_command".to_owned(),
        tool_use_id: None,
        thread: None,
        length: arguments.len(),
    };
    format!("{}\n{arguments}", json!(request)).into_bytes()
}

/// Returns what the host says; `None` when it hangs up.
async fn answer(mut stream: UnixStream) -> Option<Reply> {
    let mut line = String::new();
    stream.read_to_string(&mut line).await.ok()?;
    serde_json::from_str(&line).ok()
}

fn always(answer: Answer) -> Approval {
    Approval::by(approve_with(move |_| std::future::ready(answer.clone())))
}

fn rejection(reply: Reply) -> String {
    match reply {
        Reply::Reject(reason) => reason,
        Reply::Allow => panic!("it was allowed"),
    }
}

#[tokio::test]
async fn an_answer_reaches_the_one_who_asked() {
    let world = World::of(always(Answer::Allow), parent());
    assert_eq!(world.ask("ls").await, Reply::Allow);
    let world = World::of(always(Answer::reject("not today")), parent());
    assert_eq!(rejection(world.ask("ls").await), "not today");
    let world = World::of(always(Answer::reject(" ")), parent());
    assert_eq!(
        rejection(world.ask("ls").await),
        "the user has refused this call"
    );
}

#[tokio::test]
async fn a_late_answer_is_a_no() {
    let never = Approval::by(approve_with(|_| std::future::pending()));
    let world = World::of(never.with_deadline(Duration::from_millis(10)), parent());
    assert!(rejection(world.ask("ls").await).starts_with("nobody answered"));
}

#[tokio::test]
async fn a_process_that_the_cli_did_not_start_is_not_heard() {
    let same_id_elsewhere = Agent {
        namespaces: 1,
        ..parent()
    };
    for agent in [beside(std::process::id()), same_id_elsewhere] {
        let world = World::of(always(Answer::Allow), agent);
        let reason = rejection(world.ask("ls").await);
        assert!(reason.contains("was not started by the CLI"), "{reason}");
    }
}

#[tokio::test]
async fn a_forged_question_or_answer_is_refused() {
    let world = World::of(always(Answer::Allow), parent());
    let forged = [
        request("another token", &json!({})),
        request(&world.token, &json!([])),
        b"\"allow\"\n".to_vec(),
        b"{\"decided\": {\"allowed\": true}}\n".to_vec(),
        vec![b'x'; 2 * LONGEST_LINE],
    ];
    for bytes in forged {
        let reply = answer(world.send(&bytes).await).await;
        assert!(!matches!(reply, Some(Reply::Allow)));
    }
    assert_eq!(world.ask("ls").await, Reply::Allow);
}

#[tokio::test]
async fn questions_that_are_open_at_once_are_answered_in_any_order() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let opener = Arc::clone(&gate);
    let approval = Approval::by(approve_with(move |question: Question| {
        let gate = Arc::clone(&opener);
        async move {
            if question.subject.arguments["command"] == "first" {
                gate.notified().await;
            }
            Answer::Allow
        }
    }));
    let world = World::of(approval, parent());
    let first = world.question(&json!({"command": "first"})).await;
    assert_eq!(world.ask("second").await, Reply::Allow);
    gate.notify_one();
    assert_eq!(answer(first).await, Some(Reply::Allow));
}

#[tokio::test]
async fn a_remembered_rule_answers_the_next_call_but_none_that_names_amps_files() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let approval = Approval::by(approve_with(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        let rule = PermissionRule::allow("shell_command").with_match("command", "ls*");
        std::future::ready(Answer::AllowAndRemember {
            rule,
            remember: Remember::Session,
        })
    }));
    let world = World::of(approval, parent());
    for (command, asked_then) in [
        ("ls", 1),
        ("ls -l", 1),
        ("ls .amp", 2),
        ("rm", 3),
        ("ls", 3),
    ] {
        assert_eq!(world.ask(command).await, Reply::Allow);
        assert_eq!(asked.load(Ordering::Relaxed), asked_then, "{command}");
    }
}

#[tokio::test]
async fn a_rejection_that_is_remembered_rejects_the_next_call_and_one_that_is_open() {
    let (said, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let approval = Approval::by(approve_with(move |question: Question| {
        let command = question.subject.arguments["command"].clone();
        said.send(command.clone()).unwrap();
        async move {
            if command == "git push first" {
                std::future::pending::<()>().await;
            }
            let rule = PermissionRule::reject("shell_command").with_match("command", "git push*");
            match command == "git status" {
                true => Answer::Allow,
                false => Answer::RejectAndRemember {
                    rule,
                    reason: "no".to_owned(),
                },
            }
        }
    }));
    let world = World::of(approval.clone(), parent());
    let open = world.question(&json!({"command": "git push first"})).await;
    assert_eq!(asked.recv().await, Some(json!("git push first")));
    assert_eq!(rejection(world.ask("git push second").await), "no");
    let by_rule = "the user rejects every call like this one in this session";
    assert_eq!(rejection(answer(open).await.unwrap()), by_rule);
    // One that names the files that decide would be asked about otherwise.
    for command in ["git push third", "git push .amp/settings.json"] {
        assert_eq!(rejection(world.ask(command).await), by_rule);
    }
    assert_eq!(world.ask("git status").await, Reply::Allow);
    let mut others = Vec::new();
    while let Ok(command) = asked.try_recv() {
        others.push(command);
    }
    assert_eq!(others, ["git push second", "git status"]);
    // Another approver with the same memory is not asked either.
    let other = always(Answer::Allow).with_memory_of(&approval);
    let world = World::of(other, parent());
    assert_eq!(rejection(world.ask("git push").await), by_rule);
    assert_eq!(world.ask("git status").await, Reply::Allow);
}

#[tokio::test]
async fn a_rule_that_does_not_reject_is_not_remembered_and_its_call_is_rejected() {
    let approval = always(Answer::RejectAndRemember {
        rule: PermissionRule::allow("*"),
        reason: String::new(),
    });
    let world = World::of(approval.clone(), parent());
    rejection(world.ask("ls").await);
    assert!(approval.remembered().is_empty());
}

#[tokio::test]
async fn a_rule_that_does_not_allow_is_not_remembered() {
    let approval = always(Answer::AllowAndRemember {
        rule: PermissionRule::delegate("*", "/bin/true"),
        remember: Remember::Session,
    });
    let world = World::of(approval.clone(), parent());
    assert_eq!(world.ask("ls").await, Reply::Allow);
    assert!(approval.remembered().is_empty());
}

#[tokio::test]
async fn an_open_question_is_lost_with_its_host() {
    let asked = Arc::new(tokio::sync::Notify::new());
    let reached = Arc::clone(&asked);
    let never = Approval::by(approve_with(move |_| {
        reached.notify_one();
        std::future::pending()
    }));
    let world = World::of(never, parent());
    let question = world.question(&json!({"command": "ls"})).await;
    asked.notified().await;
    world.serving.abort();
    assert_eq!(answer(question).await, None);
}

#[tokio::test]
async fn a_change_of_what_decides_is_asked_about_and_goes_on_when_it_is_allowed() {
    let (said, concerns) = tokio::sync::mpsc::unbounded_channel();
    let approval = Approval::by(approve_with(move |question: Question| {
        said.send(question.subject.concern).unwrap();
        std::future::ready(Answer::Allow)
    }));
    let world = World::of(approval, parent());
    let mut concerns = concerns;
    std::fs::write(world.folder.path().join("watched"), "").unwrap();
    assert_eq!(world.ask("ls").await, Reply::Allow);
    let changed = vec![world.folder.path().join("watched")];
    assert_eq!(concerns.recv().await, Some(Concern::Changed(changed)));
    assert_eq!(concerns.recv().now_or_never(), Some(Some(Concern::Call)));
    assert_eq!(world.shared.bypass(), None);
}

#[tokio::test]
async fn a_change_that_is_refused_or_would_have_kept_the_run_from_starting_ends_it() {
    let refused = World::of(Approval::by(RejectAll), parent());
    let loosened = World::with(always(Answer::Allow), parent(), || Some("no".to_owned()));
    for world in [refused, loosened] {
        std::fs::write(world.folder.path().join("watched"), "").unwrap();
        rejection(world.ask("ls").await);
        assert!(world.shared.bypass().is_some());
    }
    let world = World::of(always(Answer::Allow), parent());
    std::fs::write(world.folder.path().join("own"), "").unwrap();
    rejection(world.ask("ls").await);
    assert!(world.shared.bypass().is_some());
}
