//! Streams with one line in them that no driver should fall over.

use anyhow::Result;
use fixtures::benchmark::{Bar, Row};
use fixtures::handmade;

use super::driver::Driver;
use super::installed::Installed;
use super::scene::Scene;

/// Long lines, in bytes.
const LONG: [usize; 3] = [70 << 10, 2 << 20, 32 << 20];

/// Counts the streams that each driver reads to their end: with the lines before and after the
/// fault, and no error in place of the rest.
///
/// # Errors
/// When a driver cannot be started, or tells nothing.
pub(super) fn rows(installed: &Installed) -> Result<Vec<Row>> {
    let faults = faults()?;
    let read = |driver: Driver| -> Result<f64> {
        let mut read = 0;
        for (name, line) in &faults {
            let told = Scene::around(line)?.run(installed, driver)?;
            let is_whole = told.error.is_none() && told.messages >= Some(2);
            if driver.is_ours() && !is_whole {
                crate::say(format!("{}, {name}: {told:?}", driver.name()));
            }
            read += usize::from(is_whole);
        }
        Ok(read as f64)
    };
    let all = faults.len();
    let name = |driver: Driver| {
        format!(
            "of {all} fault streams read to their end, {}",
            driver.name()
        )
    };
    let drivers = installed.drivers();
    let telling = drivers.into_iter().filter(|driver| driver.tells());
    let (ours, others): (Vec<Driver>, Vec<Driver>) = telling.partition(|driver| driver.is_ours());
    let others = others.into_iter().map(|other| Ok((other, read(other)?)));
    let others: Vec<(Driver, f64)> = others.collect::<Result<_>>()?;
    let mut rows = Vec::new();
    for driver in ours {
        let ours = read(driver)?;
        rows.extend(others.iter().map(|(other, theirs)| {
            let row = Row::of(&name(driver), "streams", &[ours], other.name(), &[*theirs]);
            row.with_bar(Bar::OursAtLeast(all as f64))
        }));
    }
    Ok(rows)
}

/// Returns the lines with their names.
fn faults() -> Result<Vec<(String, Vec<u8>)>> {
    let mut faults = Vec::new();
    let unusual = handmade::synthetic()
        .into_iter()
        .filter(|stream| stream.name == "from-the-future" || stream.name == "not-only-json");
    for stream in handmade::invalid().into_iter().chain(unusual) {
        let bytes = stream.bytes()?;
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
        let lines = lines.map(|(number, line)| {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            (
                format!("{}, line {}", stream.name, number + 1),
                line.to_vec(),
            )
        });
        faults.extend(lines);
    }
    faults.extend(LONG.map(|length| {
        let line = format!(
            r#"{{"type":"assistant","message":{{"type":"message","role":"assistant","content":[{{"type":"text","text":"{}"}}],"stop_reason":"end_turn"}},"parent_tool_use_id":null,"session_id":"T-01a1fbe0-2c3c-70dc-982c-afb429bcfdf2"}}"#,
            "a".repeat(length)
        );
        (format!("a line of {length} bytes"), line.into_bytes())
    }));
    Ok(faults)
}
