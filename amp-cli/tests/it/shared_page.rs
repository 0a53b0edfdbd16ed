//! A session as a page to share.

use amp_cli::ExitCode;
use serde_json::{Value, json};

use crate::support::World;

/// A line of the agent with these blocks.
fn line(role: &str, content: &[Value]) -> String {
    format!(
        "{}\n",
        json!({"type": role, "message": {"role": role, "content": content}})
    )
}

fn call(id: &str, tool: &str, input: &Value) -> Value {
    json!({"type": "tool_use", "id": id, "name": tool, "input": input})
}

fn result(id: &str, content: &str) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": content})
}

/// Records a turn of these lines and returns its page, and what was said about it.
fn page_of(world: &World, lines: &[String]) -> (String, String) {
    let end = json!({"type": "result", "subtype": "success", "is_error": false, "result": "ok",
        "duration_ms": 1, "num_turns": 1});
    world.write(
        "project/stream.jsonl",
        &format!("{}{end}\n", lines.concat()),
    );
    let ran = world.run(&["run", "</title><script>alert(0)</script>"]);
    assert_eq!(ran.code, ExitCode::Done, "{}", ran.document());
    let page = world.run(&["sessions", "export", "last", "--format", "html"]);
    assert_eq!(page.code, ExitCode::Done, "{}", page.stderr());
    (page.stdout(), page.stderr())
}

/// Returns how many bytes the record of the last session takes.
fn size_of_record(world: &World) -> u64 {
    let shown = world.run(&["sessions", "show", "last", "--json"]).json();
    shown["bytes"].as_u64().expect("a size")
}

#[test]
fn nothing_that_a_hostile_transcript_says_is_markup() {
    let attack = "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}";
    let lines = [
        line(
            "assistant",
            &[
                json!({"type": "thinking", "thinking": attack}),
                json!({"type": "text", "text": format!("{attack} [a](javascript:alert(3)) <a href=javascript:alert(4)>")}),
                call("1", attack, &json!({attack: attack})),
                call("2", "shell_command", &json!({"command": attack})),
                call(
                    "3",
                    "create_file",
                    &json!({"path": attack, "content": attack}),
                ),
                call(
                    "4",
                    "shell_command",
                    &json!({"command": "never answered \"'"}),
                ),
            ],
        ),
        line(
            "user",
            &[
                result("1", attack),
                result("2", &json!({"output": attack, "exitCode": 1}).to_string()),
                result("3", attack),
            ],
        ),
    ];
    let world = World::playing("read-all; file stream.jsonl");
    let (page, _) = page_of(&world, &lines);
    assert_eq!(page.matches("<script").count(), 1, "our own alone");
    assert!(
        page.matches("<img").count() == 0 && !page.contains("href=\"j"),
        "{page}"
    );
    assert!(!page.contains('\u{202e}'));
    assert!(page.contains("&lt;script&gt;alert(0)&lt;/script&gt;"));
    // Every attribute is one of ours.
    let attributes = [
        "class",
        "open",
        "href",
        "rel",
        "datetime",
        "id",
        "type",
        "hidden",
        "placeholder",
        "aria-label",
        "role",
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
    ];
    let (_, body) = page.split_once("</style>").expect("a style");
    let (body, _) = body.split_once("<script>").expect("a script");
    for tag in body.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("the end of a tag");
        let mut inside = false;
        let names: String = tag
            .chars()
            .filter(|letter| {
                inside ^= *letter == '"';
                !inside
            })
            .collect();
        for name in names.split_whitespace().skip(1) {
            let name = name.trim_matches(['=', '"']);
            assert!(attributes.contains(&name), "{name} in <{tag}>");
        }
    }
}

#[test]
fn ten_megabytes_of_output_do_not_make_the_page_big() {
    let output = "a line of <output> & more\n".repeat(400_000);
    let lines = [
        line(
            "assistant",
            &[call("1", "shell_command", &json!({"command": "make"}))],
        ),
        line(
            "user",
            &[result(
                "1",
                &json!({"output": output, "exitCode": 0}).to_string(),
            )],
        ),
    ];
    let world = World::playing("read-all; file stream.jsonl");
    let (page, _) = page_of(&world, &lines);
    assert!(page.len() < 500_000, "{}", page.len());
    assert!(page.contains("bytes are left out here"), "and it says so");
}

#[test]
fn a_page_is_at_most_twice_as_big_as_the_record() {
    let source = "fn main() {\n    let a = \"<b>\" && c;\n}\n".repeat(300);
    let edit = json!({"path": "/w/a.rs", "content": source});
    let read = json!({"absolutePath": "/w/a.rs", "content": source}).to_string();
    let lines = [
        line(
            "assistant",
            &[
                call("1", "create_file", &edit),
                call("2", "Read", &json!({"path": "/w/a.rs"})),
            ],
        ),
        line("user", &[result("1", "done"), result("2", &read)]),
    ];
    let world = World::playing("read-all; file stream.jsonl");
    let (page, _) = page_of(&world, &lines);
    let record = size_of_record(&world);
    assert!(
        (page.len() as u64) < 2 * record,
        "{} of {record}",
        page.len()
    );
}

#[test]
fn secrets_are_taken_out_again_and_told() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let output = json!({"output": format!("{token} another-key-of-mine"), "exitCode": 0});
    let lines = [
        line(
            "assistant",
            &[
                json!({"type": "text", "text": format!("Found {token}.")}),
                call("1", "shell_command", &json!({"command": "env"})),
            ],
        ),
        line("user", &[result("1", &output.to_string())]),
    ];
    let world = World::playing("read-all; file stream.jsonl");
    page_of(&world, &lines);
    // A key that was none when the session was recorded.
    let world = world.with("SERVICE_API_KEY", "another-key-of-mine");
    let page = world.run(&["sessions", "export", "last", "-f", "html"]);
    assert!(!page.stdout().contains(&token) && !page.stdout().contains("another-key"));
    assert!(
        page.stdout()
            .contains("Taken out of this page: known secret (1), token of GitHub (2).")
    );
    assert_eq!(
        page.stderr(),
        "taken out: known secret (1)\ntaken out: token of GitHub (2)\n"
    );
}

#[test]
fn a_page_has_what_was_said_and_done_and_when() {
    let world = World::replaying(&["files"]);
    assert_eq!(world.run(&["run", "create a file"]).code, ExitCode::Done);
    let page = world
        .run(&["sessions", "export", "last", "-f", "html"])
        .stdout();
    for part in [
        "<div class=\"entry prompt\">create a file</div>",
        "<p>File created and edited.</p>",
        "<summary><b>edit_file</b> <code>new.txt</code> <small>+1 −1</small></summary>",
        "<del>-line2\n</del><ins>+LINE-2 ✓\n</ins>",
        "<p class=\"end\">completed in ",
        "<time datetime=\"20",
        "default-src 'none'",
        "No secrets were found in this record.",
    ] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "no network"
    );
}
