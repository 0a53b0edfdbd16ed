//! The threads of the service, as the Amp in use tells of them.
//!
//! The Amp of these tests prints what real ones printed for threads of the stand-in service: the
//! shapes of 2026-05-04 and 2026-09-23.

use amp_cli::ExitCode;

use crate::support::World;

const THREAD: &str = "T-00000000-0000-7000-8000-000000000003";

const LIST: &str = r#"[{"id":"T-00000000-0000-7000-8000-000000000003","title":"A build that fails",
    "updated":"2026-01-02T00:00:00.000Z","tree":"file:///srv/p","messageCount":3}]"#;

const FOUND: &str = r#"[{"id":"T-00000000-0000-7000-8000-000000000003","title":"A build that fails",
    "updatedAt":"2026-01-02T00:00:00.000Z"},
    {"id":"T-00000000-0000-7000-8000-000000000004","title":null,"updatedAt":1767225600000}]"#;

const EXPORT: &str = r#"{"agentMode":"medium","created":1767225600000,
  "id":"T-00000000-0000-7000-8000-000000000003","title":"A build that fails","v":2,
  "env":{"initial":{"trees":[{"displayName":"p","uri":"file:///srv/p"}]}},
  "messages":[
    {"role":"user","messageId":0,"meta":{"sentAt":1767225601000},
     "content":[{"type":"text","text":"why does it fail?"}]},
    {"role":"assistant","messageId":1,"state":{"stopReason":"tool_use","type":"complete"},
     "content":[{"type":"text","blockState":"complete","text":"I will run a command."},
      {"type":"tool_use","complete":true,"id":"TU-1","name":"shell_command","input":{"command":"make"}},
      {"type":"tool_use","complete":true,"id":"TU-2","name":"shell_command","input":{"command":"rm -r /"}}],
     "usage":{"inputTokens":11,"outputTokens":44,"cacheCreationInputTokens":22,
      "cacheReadInputTokens":33,"maxInputTokens":168000,"model":"a-model"}},
    {"role":"user","messageId":2,"content":[
      {"type":"tool_result","toolUseID":"TU-1",
       "run":{"status":"done","result":{"exitCode":2,"output":"no rule\n"}}},
      {"type":"tool_result","toolUseID":"TU-2",
       "run":{"status":"error","error":{"message":"not on my machine"}}}]},
    {"role":"assistant","messageId":3,"state":{"stopReason":"end_turn","type":"complete"},
     "content":[{"type":"text","text":"There is no rule for it."}]},
    {"role":"user","messageId":4,"content":[{"type":"text","text":"add one"}]},
    {"role":"assistant","messageId":5,"content":[{"type":"text","text":"Done, try again."}]}]}"#;

/// A world whose Amp has these threads and notes what it was asked and where.
fn world_of(version: &str) -> World {
    let world = World::new();
    for (name, text) in [("list", LIST), ("found", FOUND), ("export", EXPORT)] {
        world.write(name, text);
    }
    let here = world.project().with_file_name("").display().to_string();
    world.with_amp_script(&format!(
        r#"
        echo "$* in $PWD with $AMP_URL" >> '{here}/asked'
        case "$1 $2 $3" in
          "--version "*) echo '{version} (released 2026-01-01)';;
          "threads list "*) cat '{here}/list';;
          "threads search nothing") echo '[]';;
          "threads search down") echo 'Error: Cannot reach Amp servers.' >&2; exit 1;;
          "threads search "*) cat '{here}/found';;
          "threads export {THREAD}") cat '{here}/export';;
          "threads export "*) echo "Thread $3 does not exist." >&2; exit 1;;
        esac"#
    ))
}

fn world() -> World {
    world_of(fixtures::NEWEST_VERSION)
}

#[test]
fn threads_are_listed_and_searched() {
    let world = world().with("AMP_URL", "http://127.0.0.1:9/");
    let listed = world.run(&["threads", "list"]);
    assert_eq!(listed.code, ExitCode::Done, "{}", listed.stderr());
    assert!(listed.stdout().starts_with(THREAD), "{}", listed.stdout());
    assert!(listed.stdout().contains("A build that fails"));
    let listed = world.run(&["threads", "list", "--json"]).json();
    assert_eq!(listed["threads"][0]["messages"], 3);
    assert_eq!(listed["threads"][0]["tree"], "file:///srv/p");
    let found = world.run(&["threads", "search", "race", "condition", "--json"]);
    let found = found.json();
    assert_eq!(found["threads"][0]["id"], THREAD);
    assert_eq!(found["threads"][0]["updated"], "2026-01-02T00:00:00.000Z");
    // Amp passes on whatever the service says of a moment; the thread is found all the same.
    assert_eq!(
        found["threads"][1]["id"],
        "T-00000000-0000-7000-8000-000000000004"
    );
    let none = world.run(&["threads", "search", "nothing"]);
    assert_eq!((none.code, none.stdout().as_str()), (ExitCode::Done, ""));
    let asked = std::fs::read_to_string(world.project().with_file_name("asked"));
    let asked = asked.expect("questions");
    assert!(asked.contains("threads search race condition --json --limit 20 in "));
    assert!(asked.contains("with http://127.0.0.1:9/"), "{asked}");
    let project = world.project().display().to_string();
    assert!(!asked.contains(&format!("in {project}")), "{asked}");
}

#[test]
fn archived_threads_are_listed_when_they_are_asked_for() {
    let world = world();
    world.write("list", "[]");
    let none = world.run(&["threads", "list"]);
    assert_eq!((none.code, none.stdout().as_str()), (ExitCode::Done, ""));
    assert!(none.stderr().contains("`--archived`"), "{}", none.stderr());
    let none = world.run(&["threads", "list", "--archived"]);
    assert!(!none.stderr().contains("--archived"), "{}", none.stderr());
    let asked = std::fs::read_to_string(world.project().with_file_name("asked"));
    let asked = asked.expect("questions");
    assert!(asked.contains("threads list --json in "), "{asked}");
    let archived = "threads list --json --include-archived in ";
    assert!(asked.contains(archived), "{asked}");
}

#[test]
fn a_thread_is_shown_as_a_run_looks() {
    let shown = world().run(&["threads", "show", THREAD]);
    assert_eq!(shown.code, ExitCode::Done, "{}", shown.stderr());
    insta::assert_snapshot!(shown.stdout());
}

#[test]
fn a_thread_is_exported_as_a_session_is() {
    let world = world();
    let link = format!("https://ampcode.com/threads/{THREAD}");
    for (format, part) in [
        ("markdown", "There is no rule for it."),
        ("html", "<b>shell_command</b> <code>make</code>"),
        ("json", r#""created_at":1767225600000"#),
        ("stream-json", r#""tool_use_id":"TU-1""#),
    ] {
        let exported = world.run(&["threads", "export", &link, "--format", format]);
        assert_eq!(exported.code, ExitCode::Done, "{}", exported.stderr());
        let text = exported.stdout();
        let found = text.contains(part) || text.replace("\": ", "\":").contains(part);
        assert!(found, "{format}: no {part} in {text}");
    }
    let sessions = world.run(&["sessions", "list", "--json"]).json();
    assert_eq!(sessions["sessions"].as_array().map(Vec::len), Some(0));
}

#[test]
fn what_the_service_refuses_is_said_in_its_words() {
    let world = world();
    let unknown = "T-99999999-0000-7000-8000-000000000003";
    let missing = world.run(&["threads", "show", unknown]);
    assert_eq!(missing.code, ExitCode::Failed);
    assert!(
        missing.stderr().contains("does not exist"),
        "{}",
        missing.stderr()
    );
    let down = world.run(&["threads", "search", "down"]);
    assert_eq!(down.code, ExitCode::Failed);
    assert!(down.stderr().contains("Cannot reach Amp servers"));
    assert!(down.stderr().contains("ampctl doctor --network"));
    let no_thread = world.run(&["threads", "show", "nonsense"]);
    assert_eq!(no_thread.code, ExitCode::Usage);
    let no_key = world.without("AMP_API_KEY").run(&["threads", "list"]);
    assert_eq!(no_key.code, ExitCode::Credentials);
}

#[test]
fn an_amp_that_cannot_says_which_can() {
    let world = world_of("0.0.1767830505-ga62310");
    for (words, lacking) in [
        (&["list"][..], "list --json"),
        (&["search", "race"], "search --json"),
        (&["show", THREAD], "export"),
    ] {
        let refused = world.run(&[&["threads"], words].concat());
        assert_eq!(refused.code, ExitCode::Usage, "{}", refused.stdout());
        let told = refused.stderr();
        let lacking = format!("has no threads {lacking} (since 0.0.");
        assert!(told.contains(&lacking), "{told}");
    }
    let shown = world_of("0.0.1769314944-g5070a1").run(&["threads", "show", THREAD]);
    assert_eq!(shown.code, ExitCode::Done, "{}", shown.stderr());
}
