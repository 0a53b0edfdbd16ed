//! `ampctl sessions stats`: turns, tokens, tool calls and time added up.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use amp_session::{SessionRecord, Totals};
use serde::Serialize;

use super::left_out::{LeftOut, tell};
use super::search::moment_before;
use crate::arguments::{GlobalArguments, StatsArguments, StatsBy};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::json;
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::text::{clock, columns, counted, fit_path, one_line, tokens};

/// The columns of a table that goes to no terminal.
const WIDE: u16 = 100;

/// The widest a name and a bar get, in columns.
const WIDEST_NAME: usize = 32;
const WIDEST_BAR: usize = 30;

/// A day, in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// One row.
#[derive(Serialize)]
struct Row {
    /// The day, the folder or the mode.
    name: String,
    #[serde(flatten)]
    totals: Totals,
}

pub(super) fn run(
    sessions: &Sessions,
    arguments: &StatsArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let since = arguments.since.map(|since| moment_before(since.into()));
    let mut rows: BTreeMap<String, Totals> = BTreeMap::new();
    let mut all = Totals::default();
    let records = sessions.ledger().records()?;
    let unreadable = LeftOut::of(records.unreadable);
    for record in records.sessions {
        if since.is_some_and(|since| record.metadata().updated_at < since) {
            continue;
        }
        let mut count = |started_at, totals: &Totals| {
            let name = name(arguments.by, started_at, &record);
            rows.entry(name).or_default().add(totals);
            all.add(totals);
        };
        if let Some((started_at, totals)) = as_a_whole(&record, arguments.by, since) {
            count(started_at, &totals);
            continue;
        }
        for turn in record.turns()? {
            let Some(start) = turn.start()? else { continue };
            if since.is_none_or(|since| start.started_at >= since) {
                count(start.started_at, &turn.totals()?);
            }
        }
    }
    let row = |(name, totals)| Row { name, totals };
    let rows: Vec<Row> = rows.into_iter().map(row).collect();
    if global.json {
        #[derive(Serialize)]
        struct Document {
            rows: Vec<Row>,
            total: Totals,
            unreadable: Vec<LeftOut>,
        }
        let document = Document {
            rows,
            total: all,
            unreadable,
        };
        json::write(&document, &mut context.stdout)?;
        return Ok(ExitCode::Done);
    }
    tell(&unreadable, &mut context.stderr)?;
    if rows.is_empty() && !global.quiet {
        writeln!(context.stderr, "no turn is recorded")?;
    }
    write_text(&rows, &all, global, context)?;
    Ok(ExitCode::Done)
}

/// Returns what all turns of a session have come to, and when the first of them began at the
/// earliest, where they belong to one row and the session itself says it.
fn as_a_whole(record: &SessionRecord, by: StatsBy, since: Option<u64>) -> Option<(u64, Totals)> {
    let metadata = record.metadata();
    let (begun, used) = (metadata.created_at, metadata.updated_at);
    let is_in_one_row = match by {
        StatsBy::Day => begun / DAY == used / DAY,
        StatsBy::Folder | StatsBy::Mode => true,
    };
    let is_wanted = since.is_none_or(|since| begun >= since);
    // A turn that runs, or whose host died, has come to something that is not in the totals.
    let is_whole = is_in_one_row && is_wanted && record.totals_are_whole();
    is_whole.then_some((begun, metadata.totals))
}

fn name(by: StatsBy, started_at: u64, record: &SessionRecord) -> String {
    let metadata = record.metadata();
    let unknown = || "(unknown)".to_owned();
    match by {
        StatsBy::Day => {
            let moment = UNIX_EPOCH + Duration::from_millis(started_at);
            let moment = humantime::format_rfc3339_seconds(moment).to_string();
            moment.split('T').next().unwrap_or_default().to_owned()
        }
        StatsBy::Folder => {
            let folder = metadata.working_directory.as_ref();
            folder.map_or_else(unknown, |folder| folder.display().to_string())
        }
        StatsBy::Mode => metadata
            .mode
            .clone()
            .unwrap_or_else(|| "(default)".to_owned()),
    }
}

fn write_text(
    rows: &[Row],
    all: &Totals,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let settings = Settings::of(global, context)?;
    let style = settings.color.style(context, &context.stdout);
    let all_tokens = |totals: &Totals| totals.usage.all_input_tokens() + totals.usage.output_tokens;
    let most = rows.iter().map(|row| all_tokens(&row.totals)).max();
    let most = most.unwrap_or_default().max(1);
    let lines: Vec<(String, String)> = rows
        .iter()
        .map(|row| (one_line(&row.name), facts(&row.totals)))
        .collect();
    let widest = |part: fn(&(String, String)) -> &String| {
        lines
            .iter()
            .map(|line| columns(part(line)))
            .max()
            .unwrap_or(0)
    };
    let width = context.columns(WIDE);
    let facts_width = widest(|line| &line.1);
    let names = widest(|line| &line.0).min(WIDEST_NAME);
    let bars = width
        .saturating_sub(names + facts_width + 4)
        .min(WIDEST_BAR);
    for (row, (name, facts)) in rows.iter().zip(&lines) {
        let name = fit_path(name, names);
        let padding = " ".repeat(names.saturating_sub(columns(&name)));
        let bar = bar(all_tokens(&row.totals), most, bars);
        writeln!(
            context.stdout,
            "{name}{padding}  {facts:<facts_width$}  {}",
            style.command(bar)
        )?;
    }
    if rows.len() > 1 {
        let total = format!("{:<names$}  {}", "all", facts(all));
        writeln!(context.stdout, "{}", style.strong(total))?;
    }
    Ok(())
}

fn facts(totals: &Totals) -> String {
    let count = |count| usize::try_from(count).unwrap_or(usize::MAX);
    let mut facts = vec![
        counted(count(totals.turns), "turn"),
        format!("{} in", tokens(totals.usage.all_input_tokens())),
        format!("{} out", tokens(totals.usage.output_tokens)),
        counted(count(totals.tool_calls), "call"),
    ];
    if totals.refused_calls > 0 {
        facts.push(format!("{} refused", totals.refused_calls));
    }
    facts.push(clock(Duration::from_millis(totals.wall_time)));
    facts.join(" · ")
}

/// Draws a bar whose length is to `room` what `value` is to `most`; some is never nothing.
fn bar(value: u64, most: u64, room: usize) -> String {
    let eighths = u128::from(value) * room as u128 * 8 / u128::from(most);
    let eighths = usize::try_from(eighths).unwrap_or(0);
    let eighths = if value > 0 && room > 0 {
        eighths.max(1)
    } else {
        0
    };
    let mut bar = "█".repeat(eighths / 8);
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    bar.push_str(parts[eighths % 8]);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values() {
        assert_eq!(bar(10, 10, 4), "████");
        assert_eq!(bar(5, 10, 4), "██");
        assert_eq!(bar(3, 10, 4), "█▏");
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!(
            (bar(0, 10, 4), bar(5, 10, 0)),
            (String::new(), String::new())
        );
    }
}
