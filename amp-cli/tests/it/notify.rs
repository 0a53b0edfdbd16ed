//! Programs and terminals that are told of the end of a run, and of its questions.

use amp_cli::ExitCode;
use serde_json::Value;

use crate::support::World;
use crate::support::pseudo_terminal::Terminal;

/// A world whose user wants a program to be told; the program keeps what it hears in `heard`.
fn told(world: World, more: &str) -> World {
    let script = format!("cat >> ../heard\necho >> ../heard\n{more}");
    world.script("home/bin/tell", &script);
    world.write(
        "home/.config/ampctl/config.toml",
        "notify = ['~/bin/tell', 'bell']\n",
    );
    world
}

fn heard(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.project().with_file_name("heard"));
    let text = text.unwrap_or_default();
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON")
}

#[test]
fn a_program_is_told_when_a_run_is_done() {
    let world = told(World::replaying(&["text"]), "env > ../environment");
    let run = world.run(&["run", "hello"]);
    assert_eq!(run.code, ExitCode::Done, "{}", run.stderr());
    let notices = heard(&world);
    let [notice] = notices.as_slice() else {
        panic!("{notices:?}");
    };
    let page = include_str!("../../docs/run.md");
    let (_, printed) = page.split_once("```json\n").expect("an object");
    let (printed, _) = printed.split_once("```").expect("its end");
    let printed: Value = serde_json::from_str(printed).expect("JSON");
    let names = |object: &Value| -> Vec<String> {
        let fields = object.as_object().expect("an object");
        fields.keys().cloned().collect()
    };
    assert_eq!(names(notice), names(&printed));
    for field in ["version", "event", "title", "exit_code"] {
        assert_eq!(notice[field], printed[field], "{field}");
    }
    assert_eq!(notice["text"], run.stdout().trim());
    assert_eq!(notice["folder"], world.project().to_str().expect("UTF-8"));
    assert!(notice["session"].is_string() && notice["thread"].is_string());
    let environment = world.project().with_file_name("environment");
    let environment = std::fs::read_to_string(environment).expect("an environment");
    assert!(!environment.contains("AMP_API_KEY"), "{environment}");
}

#[test]
fn a_program_is_told_why_a_run_failed() {
    let world = told(World::new().without("AMP_API_KEY"), "");
    assert_eq!(world.run(&["run", "hello"]).code, ExitCode::Credentials);
    let notices = heard(&world);
    assert_eq!(notices[0]["event"], "failed", "{notices:?}");
    assert_eq!(notices[0]["exit_code"], 3);
    let text = notices[0]["text"].as_str().expect("a text");
    assert!(text.starts_with("AMP_API_KEY not configured"), "{text}");
    assert_eq!(
        world.run(&["run", "--dry-run", "x"]).code,
        ExitCode::Credentials
    );
    assert_eq!(heard(&world).len(), 1, "a dry run is no run");
}

#[test]
fn what_a_program_does_changes_nothing() {
    let quiet = World::replaying(&["text"]).run(&["run", "hello"]);
    for more in ["echo noise; echo noise >&2; exit 3", "kill -9 $$"] {
        let world = told(World::replaying(&["text"]), more);
        let run = world.run(&["run", "hello"]);
        assert_eq!(run.code, ExitCode::Done);
        assert_eq!(
            (run.stdout(), run.stderr()),
            (quiet.stdout(), quiet.stderr())
        );
    }
    let world = World::replaying(&["text"]);
    let run = world.run(&["run", "--notify", "/nowhere/tell", "hello"]);
    assert_eq!((run.code, run.stdout()), (ExitCode::Done, quiet.stdout()));
}

#[test]
fn none_silences_what_the_file_names() {
    let world = told(World::replaying(&["text"]), "");
    let run = world.run(&["run", "--notify", "none", "hello"]);
    assert_eq!(run.code, ExitCode::Done);
    assert!(heard(&world).is_empty());
}

#[test]
fn a_repository_cannot_name_a_program() {
    let world = World::replaying(&["text"]);
    world.write("project/.ampctl.toml", "notify = ['/bin/true']\n");
    let run = world.run(&["run", "hello"]);
    assert_eq!(run.code, ExitCode::Usage);
    assert!(run.stderr().contains("may only be set by the user"));
    let world = World::replaying(&["text"]);
    world.write("home/.config/ampctl/config.toml", "notify = ['./tell']\n");
    let run = world.run(&["run", "hello"]);
    assert_eq!(run.code, ExitCode::Usage);
    assert!(run.stderr().contains("whole path"), "{}", run.stderr());
}

#[test]
fn a_program_that_takes_long_keeps_nobody_at_a_terminal() {
    let world = told(World::replaying(&["text"]), "read go < go; touch ../told");
    let go = world.named_pipe("go");
    let mut terminal = Terminal::start(&world, &["run", "hello"], (24, 100));
    assert!(terminal.wait_for_exit().success());
    let told = world.project().with_file_name("told");
    assert!(!told.exists(), "the program waits");
    // Opened both ways, the pipe takes a line before anybody reads.
    let go = std::fs::File::options().read(true).write(true).open(go);
    let mut go = go.expect("a pipe");
    std::io::Write::write_all(&mut go, b"\n").expect("a pipe with room");
    terminal.wait_until_exists(&told);
    assert_eq!(heard(&world)[0]["event"], "done");
}

#[test]
fn a_question_is_told_at_once_and_the_terminal_rings() {
    let script = r#"
        out {"type":"system","subtype":"init","tools":["shell_command"],"mcp_servers":[]}
        call shell_command {"command":"ls"} { sleep 1ms }
        out {"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"Done."}
    "#;
    let more = "touch ../told; grep '\"done\"' ../heard && touch ../told-of-the-end";
    let world = told(World::playing(script), more);
    let line = "run --approve ask --notify bell --notify osc9 --notify osc777 hello";
    let words: Vec<&str> = line.split(' ').collect();
    let mut terminal = Terminal::start(&world, &words, (24, 100));
    terminal.wait_for("[s]top the run?");
    let raw = terminal.raw();
    assert!(raw.contains("\x07"), "{raw:?}");
    assert!(
        raw.contains("\x1b]9;the agent asks: shell_command"),
        "{raw:?}"
    );
    let osc777 = "\x1b]777;notify;the agent asks;shell_command";
    assert!(raw.contains(osc777), "{raw:?}");
    terminal.type_keys("y\n");
    assert!(terminal.wait_for_exit().success());

    let mut terminal = Terminal::start(&world, &["run", "--approve", "ask", "hello"], (24, 100));
    terminal.wait_for("[s]top the run?");
    let told = world.project().with_file_name("told");
    terminal.wait_until_exists(&told);
    terminal.type_keys("y\n");
    assert!(terminal.wait_for_exit().success());
    terminal.wait_until_exists(&told.with_file_name("told-of-the-end"));
    let events: Vec<_> = heard(&world)
        .iter()
        .map(|notice| notice["event"].clone())
        .collect();
    assert_eq!(events, ["question", "done"]);
}
