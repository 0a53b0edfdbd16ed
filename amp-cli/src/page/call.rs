//! A tool call in a page: one line to unfold.

use amp_session::protocol::progress::ClosedCall;
use amp_session::protocol::tool::ToolOutcome;
use amp_session::{FileChange, Redaction};

use super::escape::Escaped;
use crate::text::ends;
use crate::view::{Body, Detail, Subject, ToolCall, reason};

/// How much of what a tool printed is shown from its beginning and from its end, in bytes; the record
/// has all of it.
const SHOWN: usize = 1 << 16;

/// Renders a call that has ended; `None` for a result whose call was never seen.
pub(super) fn call(
    closed: &ClosedCall<'_>,
    directory: Option<&str>,
    redaction: &mut Redaction,
) -> Option<String> {
    let open = closed.call.as_ref()?;
    let named = ToolCall::of(&open.request, directory);
    let outcome = closed.outcome();
    let class = match &outcome {
        None => "open",
        Some(ToolOutcome::Succeeded) => "ok",
        Some(ToolOutcome::Refused(_)) => "refused",
        Some(_) => "failed",
    };
    // What did not do what was wanted is unfolded.
    let unfolded = match class {
        "failed" | "refused" => " open",
        _ => "",
    };
    let level = match open.depth.min(3) {
        0 => String::new(),
        depth => format!(" in{depth}"),
    };
    let detail = Detail::of(closed);
    let said = outcome.as_ref().map(reason).unwrap_or_default();
    let mut shown = |text: &str| Escaped(&redaction.redact(text)).to_string();
    let mut html = format!(
        "<details class=\"entry {class}{level}\"{unfolded}><summary><b>{}</b>",
        shown(&named.name)
    );
    for (text, element) in [
        (&named.subject, "code"),
        (&detail.facts, "small"),
        (&said, "small"),
    ] {
        if !text.is_empty() {
            html.push_str(&format!(" <{element}>{}</{element}>", shown(text)));
        }
    }
    html.push_str("</summary>");
    let input = open.request.typed_input();
    let input = match (input.shell_command(), named.kind) {
        (Some(command), _) if command.contains('\n') => Some(command.to_owned()),
        (None, Subject::Words) if open.request.input.to_string().len() > 2 => {
            Some(open.request.input.to_string())
        }
        _ => None,
    };
    // The parts of an edit stand in its diff.
    let input = input.filter(|_| !matches!(detail.body, Body::Changes(_)));
    let body = match detail.body {
        Body::Changes(changes) => changes
            .iter()
            .map(|change| diff(change, redaction))
            .collect(),
        Body::Output(text) | Body::Answer(text) => pre(&text, redaction),
        Body::Nothing => {
            let text = closed.result.and_then(|result| result.text());
            // A reason has been told.
            let text = text.filter(|_| outcome == Some(ToolOutcome::Succeeded));
            text.map(|text| pre(text, redaction)).unwrap_or_default()
        }
    };
    if let Some(input) = input {
        html.push_str(&pre(&input, redaction));
    }
    html.push_str(&body);
    html.push_str("</details>");
    Some(html)
}

fn pre(text: &str, redaction: &mut Redaction) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let text = redaction.redact(text);
    let (beginning, left_out, end) = ends(&text, SHOWN);
    match left_out {
        0 => format!("<pre>{}</pre>", Escaped(beginning)),
        _ => format!(
            "<pre>{}\n… {left_out} bytes are left out here …\n{}</pre>",
            Escaped(beginning),
            Escaped(end)
        ),
    }
}

/// Renders a diff; lines of one kind that follow one another share an element.
fn diff(change: &FileChange, redaction: &mut Redaction) -> String {
    // A key of several lines is one key: it is taken out before lines are told apart.
    let lines = redaction.redact(&change.diff()).into_owned();
    let (lines, left_out, _) = ends(&lines, SHOWN);
    let path = redaction.redact(&change.path);
    let mut html = format!(
        "<pre><b>{}</b> +{} −{}\n",
        Escaped(&path),
        change.added,
        change.deleted
    );
    let kind = |line: &str| match line.as_bytes().first() {
        Some(b'+') => "ins",
        Some(b'-') => "del",
        _ => "",
    };
    let mut current = "";
    for line in lines.lines() {
        let kind = kind(line);
        if kind != current {
            html.push_str(&closing(current));
            if !kind.is_empty() {
                html.push_str(&format!("<{kind}>"));
            }
            current = kind;
        }
        html.push_str(&format!("{}\n", Escaped(line)));
    }
    html.push_str(&closing(current));
    if left_out > 0 {
        html.push_str("… the rest is left out here …");
    }
    html.push_str("</pre>");
    html
}

fn closing(element: &str) -> String {
    match element {
        "" => String::new(),
        _ => format!("</{element}>"),
    }
}
