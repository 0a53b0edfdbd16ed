//! What we write for the CLI to read.

use amp_protocol::{
    ErrorKind, ImageBlock, McpConfig, McpHttpServer, McpOAuth, McpServer, McpStdioServer,
    ToolResultBlock, UserInput,
};

#[test]
fn a_message_is_one_line_however_many_its_text_has() {
    let line = UserInput::text("one\ntwo").to_line();
    assert_eq!(line.matches('\n').count(), 1);
    assert!(line.ends_with("}\n"));
}

#[test]
fn all_parts_of_a_message_are_written() {
    let input = UserInput::text("look")
        .with_image(ImageBlock::from_base64("image/png", "AA=="))
        .with_tool_result(ToolResultBlock::from_text("toolu_1", "done"))
        .with_steer(true)
        .with_request_id("r-1")
        .expect("a good id");
    let expected = concat!(
        r#"{"type":"user","request_id":"r-1","steer":true,"message":{"role":"user","content":["#,
        r#"{"type":"text","text":"look"},"#,
        r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},"#,
        r#"{"type":"tool_result","tool_use_id":"toolu_1","content":"done","is_error":false}]}}"#,
        "\n"
    );
    assert_eq!(input.to_line(), expected);
}

#[test]
fn a_request_id_has_1_to_256_characters() {
    for (id, good) in [
        ("", false),
        ("é", true),
        (&"é".repeat(256), true),
        (&"é".repeat(257), false),
    ] {
        let input = UserInput::text("a").with_request_id(id);
        match input {
            Ok(_) => assert!(good, "{id:?} was taken"),
            Err(error) => {
                assert!(!good, "{id:?} was refused");
                assert_eq!(error.kind(), ErrorKind::InvalidRequestId);
            }
        }
    }
}

#[test]
fn mcp_servers_of_all_kinds_come_back_as_they_were() {
    let text = r#"{"files":{"command":"npx","args":["-y","server"],"env":{"TOKEN":"t"},"disabled":false},"later":{"socket":"/s"},"remote":{"url":"https://example.com/mcp","headers":{"Authorization":"Bearer t"},"transport":"sse","oauth":{"clientId":"c","clientSecret":"s","authUrl":"https://example.com/a","tokenUrl":"https://example.com/t","scopes":["read"],"redirectUrl":"http://localhost/"},"timeout":5}}"#;
    let config: McpConfig = serde_json::from_str(text).expect("a configuration");
    assert!(matches!(config["files"], McpServer::Stdio(_)));
    assert!(matches!(config["remote"], McpServer::Http(_)));
    assert!(matches!(config["later"], McpServer::Unknown(_)));
    assert_eq!(
        serde_json::to_string(&config).expect("it can be written"),
        text
    );
}

#[test]
fn mcp_servers_made_here_have_only_what_was_given() {
    let mut http = McpHttpServer::new("https://example.com/mcp");
    http.oauth = Some(McpOAuth::new(
        "c",
        "https://example.com/a",
        "https://example.com/t",
    ));
    let config = McpConfig::from([
        (
            "a".to_owned(),
            McpServer::Stdio(McpStdioServer::new("npx").with_args(["-y"])),
        ),
        ("b".to_owned(), McpServer::Http(http)),
    ]);
    assert_eq!(
        serde_json::to_string(&config).expect("it can be written"),
        r#"{"a":{"command":"npx","args":["-y"]},"b":{"url":"https://example.com/mcp","oauth":{"clientId":"c","authUrl":"https://example.com/a","tokenUrl":"https://example.com/t"}}}"#
    );
}

#[test]
fn debug_output_hides_credentials() {
    let text = r#"{"a":{"command":"x","env":{"TOKEN":"hush"}},"b":{"url":"u","headers":{"Authorization":"hush"},"oauth":{"clientId":"c","clientSecret":"hush","authUrl":"a","tokenUrl":"t"}}}"#;
    let config: McpConfig = serde_json::from_str(text).expect("a configuration");
    let shown = format!("{config:?}");
    assert!(
        shown.contains("TOKEN") && !shown.contains("hush"),
        "{shown}"
    );
}
