//! What is a secret, where it is found, and what stands in its place.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Cut, Secrets};
use crate::config::SessionConfig;
use crate::environment::Environment;
use crate::settings::Effective;

fn secrets(values: &[&str]) -> Secrets {
    Secrets::new(values.iter().map(|value| (*value).to_owned()).collect())
}

/// The secrets of a run with the settings files that are there for it.
fn of_run(environment: &Environment, config: &SessionConfig, stored_key: Option<&str>) -> Secrets {
    let explicit = config.settings_file.as_deref();
    let settings = Effective::read(environment, config.folder(), explicit);
    Secrets::of(environment, config, &settings, stored_key)
}

/// The secrets of these variables alone.
fn of_variables(variables: &[(&str, &str)]) -> Secrets {
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    of_run(&variables.collect(), &SessionConfig::new(), None)
}

/// The secrets of one MCP server alone.
fn of_server(server: Value) -> Secrets {
    let mut config = SessionConfig::new();
    config.mcp_servers.insert("server".to_owned(), server);
    let environment = Environment::from([("FROM_ELSEWHERE".into(), "value-from-elsewhere".into())]);
    of_run(&environment, &config, None)
}

/// The text in so many levels of JSON strings.
fn nested(text: &str, levels: usize) -> String {
    (0..levels).fold(text.to_owned(), |text, _| json!(text).to_string())
}

const KEY: &str = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA+/x\\y\"z\n-----END KEY-----";

#[test]
fn a_secret_inside_another_one_leaves_no_rest() {
    let secrets = secrets(&["longer-secret", "longer-secret-still"]);
    let text = "longer-secret-still, longer-secret";
    assert_eq!(secrets.redact_text(text), "[redacted], [redacted]");
    let bytes = secrets.redact_bytes(text.as_bytes(), Cut::Nowhere).unwrap();
    assert_eq!(bytes, b"[redacted], [redacted]");
}

#[test]
fn of_two_secrets_that_overlap_nothing_is_left() {
    let secrets = secrets(&["abcdefgh12345", "12345ijklmnop"]);
    assert_eq!(
        secrets.redact_text("<abcdefgh12345ijklmnop>"),
        "<[redacted]>"
    );
}

#[test]
fn secrets_that_touch_are_replaced_one_by_one() {
    let secrets = secrets(&["abcdefgh", "ijklmnop"]);
    let redacted = secrets.redact_text("<abcdefghijklmnop>");
    assert_eq!(redacted, "<[redacted][redacted]>");
}

#[test]
fn a_key_of_several_lines_is_found_at_every_depth() {
    let secrets = secrets(&[KEY]);
    for levels in 0..=6 {
        let text = format!("before {} after", nested(KEY, levels));
        let redacted = secrets.redact_text(&text);
        let quotes = |level: usize| "\\".repeat((1 << level) - 1) + "\"";
        let quotes: String = (0..levels).rev().map(quotes).collect();
        let backwards: String = quotes.split_inclusive('"').rev().collect();
        let expected = format!("before {backwards}[redacted]{quotes} after");
        assert_eq!(redacted, expected, "{levels}");
    }
}

#[test]
fn escapes_that_no_encoder_needs_are_understood() {
    let secrets = secrets(&["ab/cd-secret\u{e9}\u{1d11e}"]);
    for written in [
        r"ab\/cd-secret\u00e9\ud834\udd1e",
        r"ab\u002Fcd-secret\u00E9\uD834\uDD1E",
        r"ab\u002fcd\u002dsecre\u0074é𝄞",
        r"\u0061\u0062\u002f\u0063\u0064\u002d\u0073\u0065\u0063\u0072\u0065\u0074\u00e9𝄞",
        r"ab\\\/cd-secret\\u00e9\\\\ud834\\\\udd1e",
        r"ab\\u005cu002fcd-secreté𝄞",
    ] {
        assert_eq!(secrets.redact_text(written), "[redacted]", "{written}");
    }
}

#[test]
fn what_is_escaped_beyond_every_measure_is_taken_away() {
    let chain = format!(r"\u005c{}n", "u005c".repeat(40));
    let text = format!("secret-with{chain}line");
    let redacted = secrets(&["secret-with\nline"]).redact_text(&text);
    assert_eq!(redacted, "[redacted]");
}

#[test]
fn a_line_of_json_stays_one() {
    let secrets = secrets(&[
        r#"{"type":"key","value":"xyz"}"#,
        "nabcdefghijk",
        "0041bcdefgh",
        r#"value","next"#,
    ]);
    for (line, expected) in [
        // The secret is a value of the line itself.
        (
            r#"{"input":{"type":"key","value":"xyz"},"a":1}"#,
            r#"{"input":"[redacted]","a":1}"#,
        ),
        // What looks like its beginning is the end of an escape sequence.
        (r#"{"a":"\nabcdefghijk"}"#, r#"{"a":"[redacted]"}"#),
        (r#"{"a":"x\u0041bcdefgh"}"#, r#"{"a":"x[redacted]"}"#),
        (r#"{"a":"value","next":1}"#, r#"{"a":"[redacted]":1}"#),
    ] {
        let redacted = secrets.redact_text(line);
        assert_eq!(redacted, expected);
    }
}

#[test]
fn a_cut_leaves_no_part_of_a_secret() {
    let secrets = secrets(&[KEY]);
    for levels in 0..=3 {
        let whole = nested(KEY, levels);
        for place in 8 + levels * 8..whole.len() - 8 - levels * 8 {
            let (head, tail) = whole.split_at(place);
            let head = secrets.redact_cut_text(head, Cut::End);
            assert!(
                !head.contains("BEGIN") && !head.contains("MII"),
                "{place}: {head}"
            );
            let tail = secrets.redact_cut_text(tail, Cut::Start);
            assert!(!tail.contains("END"), "{levels} {place}: {tail}");
        }
    }
    let before = secrets.redact_cut_text("what stands before it -----BEG", Cut::End);
    assert_eq!(before, "what stands before it [redacted]");
    let ordinary = secrets.redact_cut_text("an ordinary end", Cut::End);
    assert_eq!(ordinary, "an ordinary end");
    assert_eq!(secrets.redact_cut_text("its rest", Cut::Start), "its rest");
}

#[test]
fn a_line_without_a_secret_is_not_touched() {
    let secrets = of_variables(&[("A_TOKEN", "token-in-a-variable")]);
    for line in [
        r#"{"a":"\u001b[31mred\u001b[0m \\n \u0041 \ud83d"}"#,
        "token-in-a-",
        "\\",
        "",
    ] {
        assert_eq!(secrets.redact_bytes(line.as_bytes(), Cut::Nowhere), None);
    }
}

#[test]
fn secrets_are_told_by_their_names() {
    let mut environment = Environment::from([
        ("AMP_API_KEY".into(), "8-bytes-".into()),
        ("GITHUB_TOKEN".into(), "token-in-a-variable".into()),
        ("GITHUB_PAT".into(), "pat-in-a-variable".into()),
        ("HOME".into(), "/somebody/at/home".into()),
        ("COMPATIBLE".into(), "compatible-with-everything".into()),
        ("DATABASE_PASSWORD".into(), "postgres".into()),
        ("SSH_KEY_FILE".into(), "somewhere/id_ed25519".into()),
    ]);
    environment.insert(
        "DATABASE_URL".into(),
        "postgres://somebody:in-an-address@example.com/name".into(),
    );
    let secrets = of_run(&environment, &SessionConfig::new(), Some("in-the-store"));
    let text = "8-bytes- token-in-a-variable pat-in-a-variable /somebody/at/home \
                compatible-with-everything postgres somewhere/id_ed25519 in-an-address in-the-store";
    let expected = "[redacted] [redacted] [redacted] /somebody/at/home \
                    compatible-with-everything postgres somewhere/id_ed25519 [redacted] [redacted]";
    assert_eq!(secrets.redact_text(text), expected);
}

#[test]
fn the_secrets_of_an_mcp_server_are_found() {
    let secrets = of_server(json!({
        "url": "https://example.com/mcp?region=somewhere-else&api_key=key-in-an-address",
        "headers": {
            "Authorization": "Bearer in-a-header",
            "X-Whatever": "of-whatever-name",
            "Content-Type": "application/json",
        },
        "env": {
            "LOG_LEVEL": "information",
            "API_KEY": "key-of-a-server",
            "OTHER": "${FROM_ELSEWHERE}",
        },
        "oauth": {"clientSecret": "secret-of-a-client"},
        "args": [
            "--verbose", "ordinary-argument", "--api-key", "key-in-an-argument",
            "--token=token-in-an-argument", "--name=name-in-an-argument", "--header", "Authorization: Basic c29tZXRoaW5n",
        ],
    }));
    let text = "somewhere-else key-in-an-address in-a-header of-whatever-name application/json \
                information key-of-a-server value-from-elsewhere secret-of-a-client \
                ordinary-argument key-in-an-argument token-in-an-argument name-in-an-argument \
                c29tZXRoaW5n";
    let expected = "somewhere-else [redacted] [redacted] [redacted] application/json \
                    information [redacted] [redacted] [redacted] \
                    ordinary-argument [redacted] [redacted] name-in-an-argument [redacted]";
    assert_eq!(secrets.redact_text(text), expected);
}

#[test]
fn servers_of_settings_and_of_a_file_count_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let server = |key: &str| json!({"server": {"headers": {"X-Key": key}}});
    let write = |name: &str, value: &Value| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, value.to_string()).unwrap();
    };
    let setting = |key: &str| json!({"amp.mcpServers": server(key)});
    write("work/.amp/settings.json", &setting("of-the-workspace"));
    write("user.json", &setting("of-the-user's-own"));
    write("mcp.json", &server("of-the-file-of-servers"));
    let mut config = SessionConfig::new()
        .with_working_directory(folder.path().join("work"))
        .with_setting("amp.mcpServers", server("of-the-configuration"));
    config.settings_file = Some(folder.path().join("user.json"));
    config.mcp_config_file = Some(folder.path().join("mcp.json"));
    let secrets = of_run(&Environment::new(), &config, None);
    let text = "of-the-workspace of-the-user's-own of-the-file-of-servers of-the-configuration";
    let expected = "[redacted] [redacted] [redacted] [redacted]";
    assert_eq!(secrets.redact_text(text), expected);
}

#[test]
fn a_credential_that_is_json_is_found_in_every_form() {
    let pretty = "{\n  \"type\": \"service_account\",\n  \"private_key\": \"-----BEGIN\\nMIIEowIBAAKCAQEA\\n-----END\"\n}";
    let secrets = of_variables(&[("GOOGLE_CREDENTIALS", pretty)]);
    let compact = pretty.replace(['\n', ' '], "");
    let key = "-----BEGIN\nMIIEowIBAAKCAQEA\n-----END";
    for text in [pretty, &compact, key, "MIIEowIBAAKCAQEA"] {
        for levels in [0, 2] {
            let redacted = secrets.redact_text(&nested(text, levels));
            assert!(!redacted.contains("MII"), "{redacted}");
        }
    }
    assert_eq!(secrets.redact_text("service_account"), "service_account");
}

#[test]
fn a_credential_that_is_json_is_found_written_again_without_white_space() {
    let pretty = "{ \"a b\" : \"x \\\" y { z\",\n\t\"n\" : [ 1, \"\\\\\", 2 ] }";
    let secrets = of_variables(&[("A_CREDENTIAL", pretty)]);
    let compact = r#"{"a b":"x \" y { z","n":[1,"\\",2]}"#;
    for text in [pretty, compact] {
        assert_eq!(secrets.redact_text(&format!("<{text}>")), "<[redacted]>");
    }
}

#[test]
fn the_secret_fields_of_a_credential_that_is_json_are_found_alone() {
    let json = json!({
        "project": "a-project-of-ours",
        "web": {"client_secret": "secret-of-a-client"},
        "tokens": ["token-in-a-list-1", {"id": "id-in-a-list-22"}],
        "private_key": "-----BEGIN-----\nMIIEowIBAAKCAQEA\ntwo words-of-it\n-----END-----",
    });
    let secrets = of_variables(&[("A_CREDENTIAL", &json.to_string())]);
    let text = "a-project-of-ours secret-of-a-client token-in-a-list-1 id-in-a-list-22 \
                MIIEowIBAAKCAQEA two words-of-it -----BEGIN-----";
    let expected = "a-project-of-ours [redacted] [redacted] id-in-a-list-22 \
                    [redacted] two words-of-it -----BEGIN-----";
    assert_eq!(secrets.redact_text(text), expected);
}

#[test]
fn secrets_are_counted_and_not_shown() {
    let secrets = secrets(&["first-secret", "second-secret"]);
    assert_eq!(format!("{secrets:?}"), "Secrets(2)");
    assert_eq!(format!("{:?}", Secrets::default()), "Secrets(0)");
}

#[test]
fn a_key_is_found_line_by_line_and_with_its_line_ends_written_out() {
    for key in [KEY.to_owned(), KEY.replace('\\', "").replace('\n', "\\n")] {
        let secrets = of_variables(&[("SIGNING_KEY", &key)]);
        let line = KEY.lines().nth(1).unwrap();
        let line = if key == KEY {
            line.to_owned()
        } else {
            line.replace('\\', "")
        };
        let numbered = format!("1: -----BEGIN KEY-----\n2: {line}\n");
        let redacted = secrets.redact_text(&numbered);
        assert_eq!(redacted, "1: -----BEGIN KEY-----\n2: [redacted]\n");
    }
}

/// Writes a text as the inside of a JSON string, each character in a form of its own.
fn escaped(text: &str, forms: &[u8]) -> String {
    let mut written = String::new();
    let mut forms = forms.iter().copied().cycle();
    for character in text.chars() {
        let form = forms.next().unwrap_or_default();
        let short = match character {
            '\n' => Some('n'),
            '\t' => Some('t'),
            '"' | '\\' => Some(character),
            '/' if form > 1 => Some('/'),
            _ => None,
        };
        let mut units = [0; 2];
        match (short, form) {
            (_, 0) => {
                for unit in character.encode_utf16(&mut units) {
                    written.push_str(&format!("\\u{unit:04x}"));
                }
            }
            (_, 1) => {
                for unit in character.encode_utf16(&mut units) {
                    written.push_str(&format!("\\u{unit:04X}"));
                }
            }
            (Some(short), _) => written.extend(['\\', short]),
            (None, _) => written.push(character),
        }
    }
    written
}

proptest! {
    #[test]
    fn no_secret_survives_at_any_depth_of_escaping(
        before in "[a-c \\\\\"n]{0,20}",
        after in "[a-c \\\\\"n]{0,20}",
        secret in "[x-z][x-zu0-9/\\\\\"\n\té𝄞n]{8,30}[x-z]",
        levels in 1_usize..5,
        forms in prop::collection::vec(0_u8..12, 1..40),
    ) {
        let secrets = secrets(&[&secret]);
        let text = format!("{before}{secret}{after}");
        let inner = (0..levels).fold(text.clone(), |text, _| escaped(&text, &forms));
        let line = format!(r#"{{"text":"{inner}"}}"#);
        let redacted = secrets.redact_bytes(line.as_bytes(), Cut::Nowhere).unwrap();
        let mut json: Value = serde_json::from_slice(&redacted).unwrap();
        let mut left = json["text"].take().as_str().unwrap().to_owned();
        for _ in 1..levels {
            prop_assert!(!left.contains(&secret));
            left = serde_json::from_str(&format!("\"{left}\"")).unwrap();
        }
        prop_assert_eq!(left, format!("{before}[redacted]{after}"));
    }

    #[test]
    fn nothing_else_is_touched(
        before in "[a-c ]{0,20}", after in "[a-c ]{0,20}", secret in "[x-z]{8,20}",
    ) {
        let secrets = secrets(&[&secret]);
        let text = format!("{before}{secret}{after}");
        let expected = format!("{before}[redacted]{after}");
        prop_assert_eq!(secrets.redact_text(&text), expected);
        prop_assert_eq!(secrets.redact_bytes(before.as_bytes(), Cut::Nowhere), None);
    }
}
