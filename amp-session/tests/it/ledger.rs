//! What the ledger keeps, and what can be done with it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use amp_session::process::Completeness;
use amp_session::protocol::UserInput;
use amp_session::{
    Amp, Error, ErrorKind, ExportFormat, Ledger, NewSession, Outcome, Retention, Session,
    SessionConfig, SessionId, SessionRecord, Status, ThreadId, TurnLine, image_from_bytes,
};
use fixtures::Recording;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{INIT, KEY, SEPTEMBER, SUCCESS, playing, replaying};

/// Holds a home, the ledger in it, and a session that is recorded there.
struct Recorded {
    ledger: Ledger,
    session: Session,
    _home: TempDir,
}

impl Recorded {
    /// Records a session of an Amp that replays a recording.
    fn replaying(scenario: &str) -> Self {
        Self::of(|home| replaying(home, SEPTEMBER, &[scenario]))
    }

    /// Records a session of an Amp that plays a script.
    fn playing(script: &str) -> Self {
        Self::of(|home| playing(home, SEPTEMBER, script))
    }

    fn of(amp: impl FnOnce(&TempDir) -> Amp) -> Self {
        let home = TempDir::new().unwrap();
        let ledger = ledger(&home);
        let session = session(&amp(&home), &ledger);
        Self {
            ledger,
            session,
            _home: home,
        }
    }

    /// Runs one prompt to its end.
    async fn run(&self, prompt: &str) -> Outcome {
        self.session.prompt(prompt).await.unwrap().finish().await
    }

    fn id(&self) -> SessionId {
        self.session.record().unwrap().metadata().id.clone()
    }

    /// Opens the record as another process would.
    fn record(&self) -> SessionRecord {
        self.ledger.open(&self.id()).unwrap()
    }

    /// Returns the record as a document.
    fn exported(&self, format: ExportFormat) -> String {
        let mut document = Vec::new();
        self.record().export(format, &mut document).unwrap();
        String::from_utf8(document).unwrap()
    }
}

fn ledger(home: &TempDir) -> Ledger {
    Ledger::new(home.path().join("ledger"))
}

fn session(amp: &Amp, ledger: &Ledger) -> Session {
    let session = amp.start(SessionConfig::new()).unwrap();
    session.recorded(ledger.create(NewSession::new()).unwrap())
}

#[tokio::test]
async fn a_turn_is_replayed_as_it_was() {
    let recorded = Recorded::replaying("bash");
    let live = recorded.run("SCN:bash do it").await;
    let turns = recorded.record().turns().unwrap();
    assert_eq!(turns.len(), 1);
    let mut replay = turns[0].replay().unwrap();
    let mut lines = Vec::new();
    while let Some(line) = replay.next_line().await {
        lines.push(line.into_parts().0);
    }
    assert_eq!(lines, Recording::at(SEPTEMBER, "bash").lines().unwrap());
    let replayed = replay.finish().await;
    assert_eq!(replayed.status, Status::Completed);
    assert_eq!(replayed.thread, live.thread);
    assert_eq!(replayed.text, live.text);
    assert_eq!(replayed.lines, live.lines);
}

#[tokio::test]
async fn the_file_holds_the_bytes_of_the_agent_and_nothing_else() {
    let recorded = Recorded::replaying("unicode");
    recorded.run("Do it.").await;
    let folder = recorded.ledger.folder().join(recorded.id().as_str());
    assert_eq!(
        fs::read(folder.join("turns/0001/events.jsonl")).unwrap(),
        Recording::at(SEPTEMBER, "unicode").stdout().unwrap()
    );
}

#[tokio::test]
async fn metadata_tell_the_thread_the_title_and_the_version() {
    let recorded = Recorded::replaying("text");
    recorded.run("\n  A first line\nand a second").await;
    let record = recorded.record();
    assert_eq!(record.metadata().title.as_deref(), Some("A first line"));
    assert_eq!(record.metadata().thread, recorded.session.thread());
    assert_eq!(record.metadata().amp_version.as_deref(), Some(SEPTEMBER));
}

#[tokio::test]
async fn a_session_is_found_by_id_beginning_name_and_thread() {
    let home = TempDir::new().unwrap();
    let ledger = ledger(&home);
    let mut about = NewSession::new();
    about.name = Some("my-fix".to_owned());
    let session = replaying(&home, SEPTEMBER, &["text"])
        .start(SessionConfig::new())
        .unwrap();
    let session = session.recorded(ledger.create(about).unwrap());
    ledger.create(NewSession::new()).unwrap();
    session.prompt("Do it.").await.unwrap().finish().await;
    let id = session.record().unwrap().metadata().id.clone();
    for text in [id.as_str(), "my-fix", session.thread().unwrap().as_str()] {
        let found = ledger.find(text).unwrap();
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].metadata().id, id);
    }
    assert_eq!(ledger.find("20").unwrap().len(), 2);
    assert!(ledger.find("nothing").unwrap().is_empty());
}

#[tokio::test]
async fn a_known_secret_is_replaced_everywhere_in_the_record() {
    let script = format!("{INIT}; out not JSON {KEY} twice {KEY}; err {KEY}; {SUCCESS}");
    let recorded = Recorded::playing(&script);
    let prompt = format!("Use {KEY}.");
    let mut turn = recorded.session.prompt(&prompt).await.unwrap();
    let second = loop {
        let line = turn.next_line().await.unwrap();
        if line.number() == 2 {
            break line;
        }
    };
    assert!(
        String::from_utf8_lossy(second.bytes()).contains(KEY),
        "the caller sees the bytes"
    );
    turn.finish().await;
    let turn = &recorded.record().turns().unwrap()[0];
    let line = turn.lines().unwrap().nth(1).unwrap().unwrap();
    assert_eq!(line.bytes(), b"not JSON [redacted] twice [redacted]");
    assert_eq!(turn.end().unwrap().unwrap().redacted_lines, 1);
    assert_eq!(
        turn.start().unwrap().unwrap().prompt.as_deref(),
        Some("Use [redacted].")
    );
    assert_eq!(turn.stderr().unwrap(), "[redacted]\n");
    assert!(!recorded.exported(ExportFormat::Json).contains(KEY));
}

#[tokio::test]
async fn a_key_of_several_lines_is_kept_out_however_it_is_escaped_or_cut() {
    let key = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\\x\"y/z\n-----END KEY-----";
    let result = json!({
        "type": "tool_result",
        "tool_use_id": "TU-1",
        "content": json!({"output": json!({"key": key}).to_string(), "exitCode": 0}).to_string(),
        "is_error": false,
    });
    let message = json!({"type": "user", "message": {"role": "user", "content": [result]}});
    let script_text = |text: &str| text.replace('\\', r"\\").replace(';', r"\;");
    let line = script_text(&message.to_string());
    // Standard error keeps 8 KiB of the beginning: the first half of the second line of the key.
    let before = "x".repeat(8192 - 29);
    let torn = script_text(&format!("{before}{}", key.replace('\n', "\\n")));
    let script = format!(
        "out {line}; out {}{}; {INIT}; err {torn}; flood stderr 100k 80; {SUCCESS}",
        "y".repeat(180),
        script_text("MIIEowIBAAKCAQEA\\x\"y/z")
    );
    let home = TempDir::new().unwrap();
    let config = SessionConfig::new().with_variable("SIGNING_KEY", key);
    let amp = playing(&home, SEPTEMBER, &script);
    let session = amp.start(config).unwrap();
    let session = session.recorded(ledger(&home).create(NewSession::new()).unwrap());
    let outcome = session.prompt(key).await.unwrap().finish().await;
    let turn = &session.record().unwrap().turns().unwrap()[0];
    let lines: Vec<TurnLine> = turn.lines().unwrap().map(Result::unwrap).collect();
    assert!(lines[0].event().is_some(), "a message stays one");
    let record = session.record().unwrap();
    let mut document = Vec::new();
    record.export(ExportFormat::Json, &mut document).unwrap();
    let document = String::from_utf8(document).unwrap();
    assert!(document.contains("exitCode") && document.contains("bytes omitted"));
    for secret in ["MII", "BEGIN", "END", "y/z"] {
        assert!(!document.contains(secret), "{secret}");
        assert!(!outcome.stderr.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_stray_line_is_quoted_without_the_half_of_a_secret() {
    let recorded = Recorded::playing(&format!("out {}{KEY}; exit 1", "x".repeat(190)));
    let message = recorded.run("Do it.").await.failure.unwrap().message;
    assert!(message.ends_with("x[redacted]"), "{message}");
}

#[tokio::test]
async fn a_key_that_only_amp_reads_is_kept_out_as_well() {
    let stored = "stored-key-for-tests";
    let script = format!("out the key is {stored}; {INIT}; {SUCCESS}");
    let recorded = Recorded::of(|home| {
        let amp = playing(home, SEPTEMBER, &script);
        let mut environment = amp.environment().clone();
        environment.insert("AMP_API_KEY".into(), "".into());
        let amp = amp.with_environment(environment);
        amp.start(SessionConfig::new())
            .unwrap()
            .credentials()
            .store(stored)
            .unwrap();
        amp
    });
    recorded.run("Do it.").await;
    let line = recorded.record().turns().unwrap()[0]
        .lines()
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(line.bytes(), b"the key is [redacted]");
}

#[tokio::test]
async fn the_tokens_of_mcp_servers_are_kept_out_wherever_they_are_configured() {
    let home = TempDir::new().unwrap();
    let servers = json!({"issues": {
        "url": "https://issues.example/mcp",
        "headers": {"Authorization": "Bearer a-token-for-tests"},
    }});
    let file = home.path().join("servers.json");
    fs::write(&file, servers.to_string()).unwrap();
    let mut by_file = SessionConfig::new();
    by_file.mcp_config_file = Some(file);
    let mut by_value = SessionConfig::new();
    by_value.mcp_servers = servers.as_object().unwrap().clone();
    let script = format!("out Bearer a-token-for-tests; out a-token-for-tests; {INIT}; {SUCCESS}");
    for config in [by_file, by_value] {
        let ledger = ledger(&home);
        let session = playing(&home, SEPTEMBER, &script).start(config).unwrap();
        let session = session.recorded(ledger.create(NewSession::new()).unwrap());
        session.prompt("Do it.").await.unwrap().finish().await;
        let turns = session.record().unwrap().turns().unwrap();
        let lines = turns[0].lines().unwrap().take(2).map(Result::unwrap);
        for line in lines {
            assert_eq!(line.bytes(), b"[redacted]");
        }
    }
}

#[tokio::test]
async fn a_session_in_use_is_neither_deleted_nor_retired() {
    let recorded = Recorded::playing(&format!("{INIT}; hang"));
    let turn = recorded.session.prompt("Do it.").await.unwrap();
    let (ledger, id) = (&recorded.ledger, recorded.id());
    assert!(recorded.record().is_in_use());
    assert!(ledger.delete(&id).is_err());
    let nothing = Retention::new().with_max_bytes(0);
    assert!(ledger.expired(&nothing).unwrap().is_empty());
    assert!(ledger.retain(&nothing).unwrap().is_empty());
    drop(turn);
    assert_eq!(ledger.retain(&nothing).unwrap(), [id]);
    assert!(ledger.sessions().unwrap().is_empty());
}

#[tokio::test]
async fn retention_by_size_and_age_keeps_the_newest() {
    let home = TempDir::new().unwrap();
    let ledger = ledger(&home);
    let mut sizes = Vec::new();
    for _ in 0..3 {
        let session = session(&replaying(&home, SEPTEMBER, &["text"]), &ledger);
        session.prompt("Do it.").await.unwrap().finish().await;
        sizes.push(session.record().unwrap().size());
    }
    assert!(
        ledger.retain(&Retention::new()).unwrap().is_empty(),
        "no limit keeps all"
    );
    let newest = ledger.sessions().unwrap()[0].metadata().id.clone();
    let limit = Retention::new().with_max_bytes(sizes.iter().max().unwrap() + 100);
    let expired = ledger.expired(&limit).unwrap();
    let expired: Vec<SessionId> = expired
        .iter()
        .map(|session| session.metadata().id.clone())
        .collect();
    assert_eq!(expired.len(), 2);
    assert_eq!(
        ledger.sessions().unwrap().len(),
        3,
        "nothing is deleted by looking"
    );
    assert_eq!(ledger.retain(&limit).unwrap(), expired);
    assert_eq!(ledger.sessions().unwrap()[0].metadata().id, newest);
    let old = Retention::new().with_max_age(Duration::from_secs(3600));
    assert!(ledger.retain(&old).unwrap().is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn waiting_for_a_record_leaves_the_thread_to_others() {
    let recorded = Recorded::replaying("text");
    let record = recorded.session.record().unwrap();
    let lock = fs::File::open(record.folder().join("lock")).unwrap();
    lock.lock().unwrap();
    let (release, told) = std::sync::mpsc::channel();
    let holder = std::thread::spawn(move || {
        let told = told.recv_timeout(Duration::from_secs(30));
        drop(lock);
        told.is_ok()
    });
    let others = async { release.send(()).unwrap() };
    let (turn, ()) = futures::join!(recorded.session.prompt("Do it."), others);
    assert!(turn.unwrap().finish().await.is_success());
    assert!(holder.join().unwrap(), "the others were not held up");
}

/// Runs some work while the metadata of its record is locked, and gives the lock back only when the
/// work waits for it and has left the thread to others.
#[cfg(target_os = "linux")]
async fn beside_a_lock<T>(record: &amp_session::SessionRecord, work: impl Future<Output = T>) -> T {
    use std::os::unix::fs::MetadataExt;
    let lock = fs::File::open(record.folder().join("session.lock")).unwrap();
    let inode = format!(":{} ", lock.metadata().unwrap().ino());
    lock.lock().unwrap();
    let (release, told) = std::sync::mpsc::channel();
    let holder = std::thread::spawn(move || {
        let told = told.recv_timeout(Duration::from_secs(30));
        drop(lock);
        told.is_ok()
    });
    let others = async {
        let is_waited_for = |line: &str| line.contains("-> ") && line.contains(&inode);
        // A thread that was held up comes here when the holder has given up.
        while !holder.is_finished() {
            let locks = fs::read_to_string("/proc/locks").unwrap();
            if locks.lines().any(is_waited_for) {
                break;
            }
            tokio::task::yield_now().await;
        }
        let _ = release.send(());
    };
    let (done, ()) = futures::join!(work, others);
    assert!(holder.join().unwrap(), "the others were held up");
    done
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "current_thread")]
async fn noting_the_thread_and_the_end_leaves_the_thread_to_others() {
    let recorded = Recorded::replaying("text");
    let mut turn = recorded.session.prompt("Do it.").await.unwrap();
    let record = recorded.record();
    let line = beside_a_lock(&record, turn.next_line()).await;
    assert!(line.is_some(), "the line that names the thread");
    assert!(beside_a_lock(&record, turn.finish()).await.is_success());
}

#[tokio::test]
async fn several_writers_of_one_session_get_turns_of_their_own() {
    let home = TempDir::new().unwrap();
    let ledger = ledger(&home);
    let amp = Arc::new(replaying(&home, SEPTEMBER, &["text"]));
    let record = ledger.create(NewSession::new()).unwrap();
    let id = &record.metadata().id;
    let writers = (0..8).map(|_| {
        let record = ledger.open(id).unwrap();
        let session = amp.start(SessionConfig::new()).unwrap().recorded(record);
        tokio::spawn(async move { session.prompt("Do it.").await.unwrap().finish().await })
    });
    for outcome in futures::future::join_all(writers).await {
        assert_eq!(outcome.unwrap().ledger_failure, None);
    }
    let record = ledger.open(id).unwrap();
    assert!(
        record.metadata().thread.is_some(),
        "no writer undoes what another has noted"
    );
    let turns = record.turns().unwrap();
    let numbers: BTreeSet<u32> = turns.iter().map(amp_session::TurnRecord::number).collect();
    assert_eq!(numbers, (1..=8).collect());
    let expected = Recording::at(SEPTEMBER, "text").lines().unwrap();
    for turn in turns {
        let lines: Vec<_> = turn
            .lines()
            .unwrap()
            .map(|line| line.unwrap().into_parts().0)
            .collect();
        assert_eq!(lines, expected);
        assert_eq!(turn.end().unwrap().unwrap().status, Status::Completed);
    }
}

#[tokio::test]
async fn a_turn_that_cannot_be_started_leaves_no_record() {
    let home = TempDir::new().unwrap();
    let ledger = ledger(&home);
    let environment = replaying(&home, SEPTEMBER, &["text"]).environment().clone();
    let amp = Amp::new("/nonexistent/amp", SEPTEMBER).with_environment(environment);
    let session = session(&amp, &ledger);
    assert!(session.prompt("Do it.").await.is_err());
    assert!(session.record().unwrap().turns().unwrap().is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_cannot_be_read_of_a_record_is_told_and_never_left_out() {
    let recorded = Recorded::replaying("text");
    recorded.run("Do it.").await;
    let record = recorded.record();
    // A folder can be opened as a file, and then not be read.
    let events = record.folder().join("turns/0001/events.jsonl");
    fs::remove_file(&events).unwrap();
    fs::create_dir(&events).unwrap();
    let turn = &record.turns().unwrap()[0];
    let mut lines = turn.lines().unwrap();
    assert_eq!(lines.next().unwrap().unwrap_err().kind(), ErrorKind::Files);
    assert!(lines.next().is_none());
    let outcome = turn.replay().unwrap().finish().await;
    let failure = outcome.ledger_failure.unwrap();
    assert!(failure.starts_with("cannot read /"), "{failure}");
    assert!(
        record
            .export(ExportFormat::Markdown, &mut Vec::new())
            .is_err()
    );
}

#[tokio::test]
async fn a_file_of_a_turn_that_was_lost_or_is_no_json_is_an_error_that_names_it() {
    let recorded = Recorded::playing(&format!("{INIT}; err no; {SUCCESS}"));
    recorded.run("Do it.").await;
    let record = recorded.record();
    let turn = &record.turns().unwrap()[0];
    let folder = record.folder().join("turns/0001");
    let exported = |format| record.export(format, &mut Vec::new());
    for (name, damage) in [
        ("turn.json", None),
        ("turn.json", Some("{")),
        ("events.jsonl", None),
        ("stderr.txt", None),
        ("end.json", Some("[]")),
    ] {
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        match damage {
            None => fs::remove_file(&path).unwrap(),
            Some(text) => fs::write(&path, text).unwrap(),
        }
        let error = exported(ExportFormat::Json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Files, "{name}");
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(turn.start().is_err(), name == "turn.json");
        assert_eq!(turn.end().is_err(), name == "end.json");
        assert_eq!(turn.replay().is_err(), name != "turn.json", "{name}");
        // Markdown shows no standard error.
        let markdown = exported(ExportFormat::Markdown);
        assert_eq!(markdown.is_err(), name != "stderr.txt", "{name}");
        fs::write(&path, whole).unwrap();
    }
    fs::remove_file(folder.join("turn.json")).unwrap();
    fs::remove_file(folder.join("events.jsonl")).unwrap();
    assert!(turn.lines().is_err(), "it has an end");
}

#[tokio::test]
async fn what_a_host_had_not_written_when_it_died_is_no_error() {
    let recorded = Recorded::replaying("text");
    recorded.run("Do it.").await;
    let record = recorded.record();
    let turn = &record.turns().unwrap()[0];
    // In the order in which they are written, from the last.
    for name in ["end.json", "stderr.txt", "turn.json", "events.jsonl"] {
        fs::remove_file(record.folder().join("turns/0001").join(name)).unwrap();
        assert!(turn.replay().is_ok(), "{name}");
        record.export(ExportFormat::Json, &mut Vec::new()).unwrap();
    }
    assert_eq!(turn.start().unwrap(), None);
    assert_eq!(turn.stderr().unwrap(), "");
    assert!(turn.lines().unwrap().next().is_none());
}

#[tokio::test]
async fn a_record_of_a_later_release_is_told_of() {
    let recorded = Recorded::replaying("text");
    recorded.run("Do it.").await;
    let metadata = recorded.record().folder().join("session.json");
    let text = fs::read_to_string(&metadata).unwrap();
    fs::write(&metadata, text.replace("\"format\": 1", "\"format\": 9")).unwrap();
    fs::create_dir(recorded.ledger.folder().join("20261121-043015-dead")).unwrap();
    assert!(recorded.ledger.sessions().unwrap().is_empty());
    let unreadable = recorded.ledger.records().unwrap().unreadable;
    let [(id, error)] = unreadable.as_slice() else {
        panic!("{unreadable:?}");
    };
    assert_eq!(*id, recorded.id());
    let cause = std::error::Error::source(error).unwrap().to_string();
    assert_eq!(cause, "it has format 9, this release reads 1");
}

#[tokio::test]
async fn a_session_that_a_loss_of_power_left_empty_is_no_record_unless_it_has_turns() {
    let recorded = Recorded::replaying("text");
    recorded.run("Do it.").await;
    let unused = recorded.ledger.create(NewSession::new()).unwrap();
    fs::write(unused.folder().join("session.json"), "").unwrap();
    let records = recorded.ledger.records().unwrap();
    assert_eq!((records.sessions.len(), records.unreadable.len()), (1, 0));
    let metadata = recorded.record().folder().join("session.json");
    fs::write(metadata, "").unwrap();
    let records = recorded.ledger.records().unwrap();
    assert_eq!((records.sessions.len(), records.unreadable.len()), (0, 1));
}

#[tokio::test]
async fn messages_are_in_the_record_before_they_are_sent() {
    let recorded = Recorded::playing("echo");
    let mut turn = recorded.session.converse().await.unwrap();
    let mut input = turn.take_input().unwrap();
    for text in ["one", KEY] {
        input.send(&UserInput::text(text)).unwrap();
        assert!(turn.next_line().await.is_some());
    }
    input.close();
    turn.finish().await;
    let messages = recorded.record().turns().unwrap()[0].messages().unwrap();
    let expected = [UserInput::text("one"), UserInput::text("[redacted]")];
    let expected = expected.map(|message| message.to_line().trim_end().as_bytes().to_vec());
    assert_eq!(messages.unwrap(), expected);
    let document: Value = serde_json::from_str(&recorded.exported(ExportFormat::Json)).unwrap();
    assert_eq!(document["turns"][0]["messages"][0]["type"], "user");
}

#[tokio::test]
async fn the_image_of_a_prompt_is_in_the_record() {
    let recorded = Recorded::playing("echo");
    let image = image_from_bytes(b"GIF89a").unwrap();
    let prompt = UserInput::text("What is this?").with_image(image);
    let turn = recorded.session.prompt(prompt.clone()).await.unwrap();
    turn.finish().await;
    let turn = &recorded.record().turns().unwrap()[0];
    assert_eq!(
        turn.start().unwrap().unwrap().prompt.as_deref(),
        Some("What is this?")
    );
    let line = prompt.to_line().trim_end().as_bytes().to_vec();
    assert_eq!(turn.messages().unwrap().unwrap(), [line]);
}

#[tokio::test]
async fn a_document_that_nobody_reads_is_no_fault_of_the_record() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let recorded = Recorded::replaying("text");
    recorded.run("Do it.").await;
    for format in [ExportFormat::Json, ExportFormat::Markdown] {
        let error = recorded.record().export(format, &mut Closed).unwrap_err();
        let broken = std::io::ErrorKind::BrokenPipe;
        assert!(matches!(error, Error::Output(error) if error.kind() == broken));
    }
}

#[tokio::test]
async fn a_record_is_exported_as_json() {
    let recorded = Recorded::replaying("bash");
    recorded.run("SCN:bash do it").await;
    let document: Value = serde_json::from_str(&recorded.exported(ExportFormat::Json)).unwrap();
    assert_eq!(document["turns"][0]["end"]["status"], "completed");
    assert_eq!(document["turns"][0]["start"]["prompt"], "SCN:bash do it");
    let events = document["turns"][0]["events"].as_array().unwrap();
    assert_eq!(
        events.len(),
        Recording::at(SEPTEMBER, "bash").lines().unwrap().len()
    );
}

#[tokio::test]
async fn a_record_is_exported_as_markdown() {
    let message = |role: &str, content: Value| {
        let message = json!({"type": role, "message": {"role": role, "content": content}});
        // What the script language would read as its own is escaped.
        format!(
            "out {}",
            message.to_string().replace('\\', r"\\").replace(';', r"\;")
        )
    };
    let call = |id: &str, name: &str, input: Value| json!({"type": "tool_use", "id": id, "name": name, "input": input});
    let answer = |id: &str, content: &str| json!({"type": "tool_result", "tool_use_id": id, "content": content, "is_error": false});
    let script = [
        INIT.to_owned(),
        message("user", json!([{"type": "text", "text": "Look around."}])),
        message(
            "assistant",
            json!([
                {"type": "text", "text": "I will look."},
                call("TU-1", "shell_command", json!({"command": "ls; echo '```'"})),
                call("TU-2", "Read", json!({"path": "/secret"})),
                call("TU-3", "shell_command", json!({"command": "make"})),
            ]),
        ),
        message(
            "user",
            json!([
                answer("TU-1", r#"{"output":"README.md\n```\n","exitCode":0}"#),
                answer(
                    "TU-2",
                    "Tool rejected by plugin: Rejected by user permissions rule 0"
                ),
                answer("TU-3", r#"{"output":"no rule\n","exitCode":2}"#),
            ]),
        ),
        message(
            "assistant",
            json!([{"type": "text", "text": "There is a README."}]),
        ),
        SUCCESS.to_owned(),
    ];
    let recorded = Recorded::playing(&script.join("\n"));
    let outcome = recorded.run("Look around.").await;
    assert_eq!(outcome.refused_tools, 1);
    insta::assert_snapshot!("markdown", recorded.exported(ExportFormat::Markdown));
}

#[cfg(unix)]
#[tokio::test]
async fn records_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let recorded = Recorded::replaying("text");
    recorded.run("Do it.").await;
    for folder in [recorded.ledger.folder(), recorded.record().folder()] {
        assert_eq!(
            fs::metadata(folder).unwrap().permissions().mode() & 0o777,
            0o700
        );
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told_and_does_not_end_the_turn() {
    let recorded = Recorded::playing(&format!("read-all; {INIT}; {SUCCESS}"));
    let mut turn = recorded.session.prompt("Do it.").await.unwrap();
    assert!(turn.next_line().await.is_some());
    // The folder goes away under the writer, so that the end cannot be written.
    fs::remove_dir_all(recorded.record().folder()).unwrap();
    let outcome = turn.finish().await;
    assert_eq!(outcome.status, Status::Completed);
    assert!(outcome.ledger_failure.unwrap().starts_with("cannot "));
}

#[tokio::test]
async fn a_turn_that_was_cut_off_is_replayed_as_far_as_it_goes() {
    let recorded = Recorded::replaying("text");
    recorded.run("Do it.").await;
    // What a host leaves that was killed in the middle of a write.
    let folder = recorded.record().folder().join("turns/0001");
    fs::remove_file(folder.join("end.json")).unwrap();
    let events = fs::read(folder.join("events.jsonl")).unwrap();
    let cut = events.iter().position(|byte| *byte == b'\n').unwrap() + 20;
    fs::write(folder.join("events.jsonl"), &events[..cut]).unwrap();
    let turn = &recorded.record().turns().unwrap()[0];
    let lines: Vec<TurnLine> = turn.lines().unwrap().map(Result::unwrap).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].event().is_some());
    assert_eq!(lines[1].completeness(), Completeness::Unterminated);
    assert_eq!(lines[1].bytes(), &events[cut - 19..cut]);
    let outcome = turn.replay().unwrap().finish().await;
    assert_eq!(outcome.status, Status::NoResult);
    assert!(
        outcome
            .failure
            .unwrap()
            .message
            .contains("it was interrupted")
    );
    assert!(
        recorded.session.prompt("Again.").await.is_ok(),
        "the session takes more turns"
    );
}

#[tokio::test]
async fn a_resumed_session_has_its_thread_from_its_first_turn_on() {
    let home = TempDir::new().unwrap();
    let ledger = ledger(&home);
    let thread: ThreadId = "T-5928a90d-d53b-488f-a829-4e36442142ee".parse().unwrap();
    let amp = playing(&home, SEPTEMBER, "exit 1");
    let session = amp.resume(thread.clone(), SessionConfig::new()).unwrap();
    let session = session.recorded(ledger.create(NewSession::new()).unwrap());
    session.prompt("Go on.").await.unwrap().finish().await;
    let record = ledger.find(thread.as_str()).unwrap().remove(0);
    assert_eq!(record.metadata().thread, Some(thread));
}

#[test]
fn a_folder_without_metadata_is_passed_over() {
    let home = TempDir::new().unwrap();
    let ledger = ledger(&home);
    let record = ledger.create(NewSession::new()).unwrap();
    let id = &record.metadata().id;
    fs::create_dir(ledger.folder().join("20260101-000000-half")).unwrap();
    fs::write(ledger.folder().join("20260101-000000-file"), "x").unwrap();
    let sessions = ledger.sessions().unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(&sessions[0].metadata().id, id);
}

#[tokio::test]
async fn the_last_conversation_of_a_folder_is_continued_and_no_other() {
    let home = TempDir::new().unwrap();
    let ledger = Ledger::new(home.path().join("ledger"));
    let folders = ["one", "other"].map(|name| home.path().join(name));
    let amp = replaying(&home, SEPTEMBER, &["continue-first", "continue-second"]);
    for folder in &folders {
        std::fs::create_dir(folder).unwrap();
    }
    let config = |folder: &std::path::Path| SessionConfig::new().with_working_directory(folder);
    assert!(
        amp.continue_last(&ledger, config(&folders[0]))
            .unwrap()
            .is_none()
    );
    let mut new = NewSession::new();
    new.working_directory = Some(folders[0].clone());
    let first = amp.start(config(&folders[0])).unwrap();
    let first = first.recorded(ledger.create(new).unwrap());
    first.prompt("Begin.").await.unwrap().finish().await;

    assert!(
        amp.continue_last(&ledger, config(&folders[1]))
            .unwrap()
            .is_none()
    );
    let again = amp
        .continue_last(&ledger, config(&folders[0]))
        .unwrap()
        .unwrap();
    assert_eq!(again.thread(), first.thread());
    again.prompt("Go on.").await.unwrap().finish().await;
    assert_eq!(again.record().unwrap().turns().unwrap().len(), 2);
}
