//! The table of the page and the cases name the same rows.

use super::*;
use crate::retry::cases;

/// The rows that no case tries, and the tests with the fake agent that hold them.
const TESTED: [(&str, &str); 2] = [
    (
        "the thread cannot be asked",
        "a_thread_that_cannot_be_asked_is_asked_again",
    ),
    (
        "an approval nobody gives, a cap, a signal, a version that is no longer served, an \
         answer that the model cut off",
        "what_waiting_does_not_help_ends_the_run_at_once",
    ),
];

/// Returns what fails in a row, as the table says it.
fn failure(row: Row) -> &'static str {
    match row {
        Row::Limit => "rate limit (429), overload (529, also in the middle of an answer), 5xx, 408",
        Row::Cut => "connection cut before or in the answer",
        Row::CutAfterCall => "cut after a whole call, before it ran",
        Row::AfterTool => "cut or refused after a tool ran",
        Row::Start => "the start is refused: 429, 5xx",
        Row::StartCalledBadKey => "the same in February and March 2026, which call it a bad key",
        Row::Opening => "the thread cannot be created or opened: 429, 5xx, cut (since July 2026)",
        Row::Reconnecting => "the connection is lost and Amp reconnects for ever (since July 2026)",
        Row::CreditsOrKey => "no credits (402), a bad key (401)",
        Row::StoredNot => "the turn succeeded, and Amp exited with 1",
        Row::Other => "any other failure of the agent",
    }
}

/// Returns what fails, and what becomes of it without `--retry`, row by row.
fn table() -> Vec<(String, String)> {
    let page = crate::workspace_root().join("amp-cli/docs/unattended.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let (_, after) = page
        .split_once("| what fails |")
        .expect("the page has the table");
    let rows = after
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].to_owned(), cells[2].to_owned())
    })
    .collect()
}

#[test]
fn every_row_of_the_table_is_tried_with_a_real_cli_or_tested_by_name() {
    let ends = || cases::all().into_iter().flat_map(|case| case.ends);
    let tests = crate::workspace_root().join("amp-cli/tests/it/retry.rs");
    let tests = std::fs::read_to_string(tests).expect("the tests are there");
    for (row, _) in table() {
        let is_tried = ends().any(|end| end.row.map(failure) == Some(row.as_str()));
        let test = TESTED.iter().find(|(tested, _)| *tested == row);
        let is_tested = test.is_some_and(|(_, name)| tests.contains(&format!("fn {name}()")));
        assert!(is_tried || is_tested, "{row}");
    }
}

#[test]
fn the_table_names_the_exit_codes_that_the_cases_end_with() {
    let table = table();
    for case in cases::all() {
        for end in case.ends {
            let Some(failure) = end.row.map(failure) else {
                continue;
            };
            let row = table.iter().find(|(what, _)| what == failure);
            let (_, without) = row.expect("the table has the row of the case");
            let mut words = without.split(|letter: char| !letter.is_ascii_digit());
            let is_named = words.any(|word| word == end.exit.to_string());
            assert!(is_named, "{}: {without}", case.name);
        }
    }
}
