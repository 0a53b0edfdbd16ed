//! What a tool call has come to.

use std::path::Path;

use agent_client_protocol::v1::schema::{
    ContentBlock as Block, ImageContent, Meta, SessionUpdate, ToolCallContent, ToolCallId,
    ToolCallLocation, ToolCallStatus, ToolCallUpdate, ToolCallUpdateFields,
};
use amp_session::protocol::progress::OpenCall;
use amp_session::protocol::tool::{
    FileResult, McpContent, ShellResult, ToolInput, ToolOutcome, ToolOutput,
};
use amp_session::protocol::{Count, ToolResultBlock, ToolUseBlock};
use amp_session::without_escapes;
use serde_json::{Value, json};

use super::content::{block, fenced, fenced_as, outline, text};
use super::edit::Files;
use super::patch::sections;
use super::patched::{deviations, files};
use super::request::Request;
use super::search;

/// Returns the end of a call, and before it the output of a command that is shown in a terminal.
pub(super) fn updates(
    open: &OpenCall,
    result: &ToolResultBlock,
    folder: &Path,
    in_terminal: bool,
) -> Vec<SessionUpdate> {
    let call = &open.request;
    let id = ToolCallId::new(call.id.as_str());
    let update = |fields, meta: Option<Meta>| {
        let update = ToolCallUpdate::new(id.clone(), fields).meta(meta);
        SessionUpdate::ToolCallUpdate(update)
    };
    let outcome = result.outcome();
    let output = result.typed_output(&call.name);
    let fields = ToolCallUpdateFields::new()
        .status(status(&outcome))
        .title(title(open, &output, folder))
        .raw_output(raw(result, &output));
    match &output {
        ToolOutput::Shell(shell) if in_terminal => {
            let data = json!({"terminal_id": id, "data": shell.output.replace('\n', "\r\n")});
            let written = Meta::from_iter([("terminal_output".to_owned(), data)]);
            let code = shell.exit_code.as_ref().and_then(Count::as_i64);
            let exit = json!({"terminal_id": id, "exit_code": code, "signal": null});
            let ended = Meta::from_iter([("terminal_exit".to_owned(), exit)]);
            vec![
                update(ToolCallUpdateFields::new(), Some(written)),
                update(fields, Some(ended)),
            ]
        }
        _ => {
            let fields = match content(call, result, &outcome, &output, folder) {
                Some(content) => fields.content(content),
                None => fields,
            };
            vec![update(
                fields.locations(locations(call, &output, folder)),
                None,
            )]
        }
    }
}

/// Says how a call ended. A command that ends with another code than 0 has been carried out.
fn status(outcome: &ToolOutcome<'_>) -> ToolCallStatus {
    match outcome {
        ToolOutcome::Succeeded | ToolOutcome::ExitCode(_) => ToolCallStatus::Completed,
        _ => ToolCallStatus::Failed,
    }
}

/// Returns the title of a command that has ended with another code than 0; others keep theirs.
fn title(open: &OpenCall, output: &ToolOutput<'_>, folder: &Path) -> Option<String> {
    let ToolOutput::Shell(shell) = output else {
        return None;
    };
    let code = shell.exit_code.as_ref();
    let code = code.filter(|code| code.as_i64() != Some(0))?;
    let call = &open.request;
    let request = Request::of(&call.name, &call.input, folder, Files::Unknown);
    let title = request.title_of(open.parent.is_some());
    Some(format!("{title} (exit code {code})"))
}

/// Returns the answer as data; a picture is content, and not said twice.
fn raw(result: &ToolResultBlock, output: &ToolOutput<'_>) -> Option<Value> {
    if matches!(
        output,
        ToolOutput::File(FileResult {
            is_image: Some(true),
            ..
        })
    ) {
        return None;
    }
    let text = result.text()?;
    let json = serde_json::from_str(text).ok();
    Some(json.filter(is_structure).unwrap_or_else(|| text.into()))
}

fn is_structure(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// Returns what is shown in place of what stood there before; `None` leaves that: the diff of an edit
/// that was made.
fn content(
    call: &ToolUseBlock,
    result: &ToolResultBlock,
    outcome: &ToolOutcome<'_>,
    output: &ToolOutput<'_>,
    folder: &Path,
) -> Option<Vec<ToolCallContent>> {
    match outcome {
        ToolOutcome::Refused(rejection) => return Some(vec![text(&plain(rejection.reason))]),
        ToolOutcome::Failed(reason) | ToolOutcome::Cancelled(reason) => {
            let shown = match structure(reason) {
                Some(value) => outline(&value),
                None => plain(reason),
            };
            return Some(vec![fenced(&shown)]);
        }
        _ => {}
    }
    Some(match (call.typed_input(), output) {
        (_, ToolOutput::Shell(shell)) => of_command(shell),
        (_, ToolOutput::File(file)) => of_file(file),
        (ToolInput::UndoEdit(_), ToolOutput::Edit(edit)) => {
            vec![fenced_as(
                "diff",
                edit.diff.trim_matches('`').trim_start_matches("diff\n"),
            )]
        }
        (ToolInput::ApplyPatch(input), ToolOutput::Patch(patched)) => {
            return deviations(&sections(&input.patch), patched, folder);
        }
        (_, ToolOutput::Edit(_) | ToolOutput::Patch(_)) | (ToolInput::CreateFile(_), _) => {
            return None;
        }
        (_, ToolOutput::Mcp(pieces)) => pieces.iter().map(of_mcp).collect(),
        (input, ToolOutput::Text(answer)) => of_text(&input, answer),
        _ => {
            let shown = result.text().map(|answer| fenced(&plain(answer)));
            shown.into_iter().collect()
        }
    })
}

fn of_command(shell: &ShellResult) -> Vec<ToolCallContent> {
    let output = plain(&shell.output);
    let mut shown = Vec::new();
    if !output.trim().is_empty() {
        shown.push(fenced_as("console", &output));
    }
    match (&shell.exit_code, shell.running) {
        (Some(code), _) if code.as_i64() != Some(0) => {
            shown.push(text(&format!("exit code {code}")));
        }
        (None, Some(true)) => shown.push(text("It still runs.")),
        _ => {}
    }
    shown
}

fn of_file(file: &FileResult) -> Vec<ToolCallContent> {
    let content = file.content.as_deref().unwrap_or_default();
    if file.is_image == Some(true) {
        let kind = file
            .image_info
            .as_ref()
            .and_then(|image| image.media_type.as_deref());
        let image = ImageContent::new(content, kind.unwrap_or("image/png"));
        return vec![block(Block::Image(image))];
    }
    let lines: Vec<&str> = content.lines().map(without_number).collect();
    vec![fenced(&plain(&lines.join("\n")))]
}

/// Takes the number from a line, as `Read` has it in front: `12: text`.
fn without_number(line: &str) -> &str {
    match line.split_once(": ") {
        Some((number, text)) if number.trim().parse::<u64>().is_ok() => text,
        _ => match line.strip_suffix(':') {
            Some(number) if number.trim().parse::<u64>().is_ok() => "",
            _ => line,
        },
    }
}

fn of_mcp(piece: &McpContent) -> ToolCallContent {
    match (piece.content_type.as_str(), &piece.text, &piece.data) {
        (_, Some(text), _) => of_verbatim(text),
        ("image", None, Some(data)) => {
            let kind = piece.media_type.as_deref().unwrap_or("image/png");
            block(Block::Image(ImageContent::new(data.clone(), kind)))
        }
        (kind, ..) => {
            let resource = piece.resource.as_ref();
            let resource = resource.and_then(|resource| resource.parse::<Value>().ok());
            match resource {
                Some(resource) => fenced(&outline(&resource)),
                None => text(&format!("(content of the kind {kind})")),
            }
        }
    }
}

/// Shows a text of an answer: prose of those who write prose, anything else as it is.
fn of_text(input: &ToolInput<'_>, answer: &str) -> Vec<ToolCallContent> {
    let is_prose = matches!(
        input,
        ToolInput::Task(_)
            | ToolInput::Oracle(_)
            | ToolInput::Librarian(_)
            | ToolInput::LookAt(_)
            | ToolInput::ReadThread(_)
            | ToolInput::Handoff(_)
            | ToolInput::ReadWebPage(_)
            | ToolInput::Skill(_)
    );
    if let Some(found) = search::found(input, answer) {
        return vec![fenced(&plain(&found.join("\n")))];
    }
    match is_prose && structure(answer).is_none() {
        _ if answer.trim().is_empty() => Vec::new(),
        true => vec![text(&plain(answer))],
        false => vec![of_verbatim(answer)],
    }
}

fn of_verbatim(answer: &str) -> ToolCallContent {
    match structure(answer) {
        Some(value) => fenced(&outline(&value)),
        None => fenced(&plain(answer)),
    }
}

/// Reads a text that is a JSON object or array, which nobody wants to be shown.
fn structure(text: &str) -> Option<Value> {
    let is_possible = text.trim_start().starts_with(['{', '[']);
    let value = is_possible.then(|| serde_json::from_str(text).ok())?;
    value.filter(is_structure)
}

fn plain(text: &str) -> String {
    without_escapes(text)
}

/// Returns the files that the answer tells of: those that were found or patched, or the one that was
/// edited, with the line that was changed first. Else what the call has named stands.
fn locations(
    call: &ToolUseBlock,
    output: &ToolOutput<'_>,
    folder: &Path,
) -> Option<Vec<ToolCallLocation>> {
    let locations = match output {
        ToolOutput::Edit(edit) => {
            let first = edit.line_range.as_deref()?.first()?;
            let line: u32 = first.as_u64()?.try_into().ok()?;
            let path = folder.join(call.typed_input().path()?);
            vec![ToolCallLocation::new(path).line(line)]
        }
        ToolOutput::Patch(patched) => files(patched, folder)
            .map(|(path, _)| ToolCallLocation::new(path))
            .collect(),
        ToolOutput::Text(answer) => search::locations(&call.typed_input(), answer, folder),
        _ => Vec::new(),
    };
    (!locations.is_empty()).then_some(locations)
}
