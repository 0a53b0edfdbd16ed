//! What a page must hold in a browser.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::browser::{Browser, text};
use super::session::{Exported, end, line};

/// A page is at most this many times as big as its record.
const MOST: u64 = 2;

/// The words that the search is tried with.
const NEEDLE: &str = "needle in a haystack";

/// Tries everything that needs the browser.
pub(super) fn all(browser: &mut Browser, screenshots: &Path) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port to listen on")?;
    listener.set_nonblocking(true)?;
    let trap = format!("http://{}/", listener.local_addr()?);
    let hostile = Exported::of_lines(
        &hostile(&trap),
        &format!("</title><script>document.title='taken';fetch('{trap}')</script>"),
    )?;
    let size = hostile.size()?;
    ensure!(
        size < 600_000,
        "ten megabytes of output make a page of {size} bytes"
    );

    browser.open(&hostile.address())?;
    nothing_runs(browser, &hostile)?;
    keyboard(browser)?;
    let light = looks(browser, screenshots)?;
    on_paper(browser)?;
    without_javascript(browser, &hostile)?;
    browser.check_alarms()?;
    match listener.accept() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        other => anyhow::bail!("the page has reached a port: {other:?}"),
    }
    crate::say(format!(
        "hostile transcript: a page of {size} bytes, background {light}: nothing was loaded or run"
    ));
    // A browser that could not have reached the port would have proved nothing.
    browser.value(&format!("location.href = '{trap}'"))?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while listener.accept().is_err() {
        ensure!(
            Instant::now() < deadline,
            "the browser reaches no port at all"
        );
        std::thread::yield_now();
    }
    Ok(())
}

/// Checks that a page is not bigger than it should be.
pub(super) fn size(name: &str, exported: &Exported) -> Result<()> {
    let (page, record) = (exported.size()?, exported.record);
    crate::say(format!(
        "{name}: a page of {page} bytes from a record of {record} ({:.2} times)",
        page as f64 / record as f64
    ));
    ensure!(page <= MOST * record, "{name}: {page} bytes of {record}");
    Ok(())
}

/// Draws the picture of the documentation: a page as it opens, with a call unfolded.
pub(super) fn picture(browser: &mut Browser, exported: &Exported, path: &Path) -> Result<()> {
    browser.ask(
        "Emulation.setScriptExecutionDisabled",
        &json!({"value": false}),
    )?;
    browser.ask(
        "Emulation.setEmulatedMedia",
        &json!({"media": "", "features": []}),
    )?;
    browser.open(&exported.address())?;
    browser.value(
        "[...document.querySelectorAll('details')].forEach((one, index) => one.open = index === 1)",
    )?;
    let size = browser.picture(path, 800, 840)?;
    crate::say(format!("wrote {} ({size} bytes)", path.display()));
    Ok(())
}

/// Returns a transcript that tries whatever a page might run or load.
fn hostile(trap: &str) -> String {
    let attack = format!(
        "</pre></details></script><script>document.title='taken';alert(1)</script>\
         <img src={trap}a onerror=alert(2)><iframe src={trap}b></iframe>\
         <svg onload=alert(3)><link rel=stylesheet href={trap}c><meta http-equiv=refresh content=\"0;{trap}d\">\
         <style>body{{background:url({trap}e)}}</style><base href={trap}><object data={trap}f>\
         \u{202e}txt.exe\u{2066}"
    );
    let said = format!(
        "{attack}\n\n[a](javascript:alert(4)) [b](data:text/html,<script>alert(5)</script>) \
         ![c]({trap}g) <a href=javascript:alert(6)>d</a> <{trap}h> [e](JaVaScRiPt:alert(7)) \
         [f](&#106;avascript:alert(8)) [g]( \"onmouseover=alert(9))\n\n{NEEDLE}"
    );
    let call = |id: &str, tool: &str, input: serde_json::Value| json!({"type": "tool_use", "id": id, "name": tool, "input": input});
    let result = |id: &str, content: &str| json!({"type": "tool_result", "tool_use_id": id, "content": content});
    let long = format!("{attack} a line of <output>\n").repeat(10_000_000 / (attack.len() + 20));
    let output = json!({"output": long, "exitCode": 0}).to_string();
    let asked = [
        json!({"type": "thinking", "thinking": attack}),
        json!({"type": "text", "text": said}),
        call("1", "shell_command", json!({"command": attack})),
        call("2", &attack, json!({&attack: &attack})),
        call(
            "3",
            "edit_file",
            json!({"path": attack, "old_str": "a\n", "new_str": attack}),
        ),
        call("4", "shell_command", json!({"command": "never answered"})),
    ];
    let answered = [
        result("1", &output),
        result("2", &attack),
        result("3", &attack),
    ];
    [line("assistant", &asked), line("user", &answered), end()].concat()
}

/// Checks that the hostile texts are texts.
fn nothing_runs(browser: &mut Browser, exported: &Exported) -> Result<()> {
    let own = exported.address();
    for (what, expression) in [
        (
            "the title is the prompt",
            "document.title.includes('</title><script>')",
        ),
        ("our script alone", "document.scripts.length === 1"),
        (
            "our style alone",
            "document.querySelectorAll('style, link').length === 1",
        ),
        (
            "nothing that loads",
            "document.querySelectorAll('img, iframe, object, embed, svg, base, form, video').length === 0",
        ),
        (
            "links are of the web",
            "[...document.links].every((one) => /^(https?|mailto):/.test(one.href))",
        ),
        (
            "no handlers",
            "[...document.querySelectorAll('*')].every((one) => [...one.attributes].every((a) => !a.name.startsWith('on')))",
        ),
        (
            "no character turns text around",
            "!/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.textContent)",
        ),
    ] {
        browser.check(what, expression)?;
    }
    let address = text(&browser.value("location.href")?);
    ensure!(address == own, "the page went to {address}");
    // Whatever listens to clicks is tried as well, but for links to elsewhere.
    browser
        .value("document.querySelectorAll('summary, b, code, p').forEach((one) => one.click())")?;
    browser.check_alarms()
}

/// Searches and unfolds with keys alone.
fn keyboard(browser: &mut Browser) -> Result<()> {
    let search = "document.querySelector('#search')";
    browser.press("/", "/")?;
    browser.check(
        "slash goes to the search",
        &format!("document.activeElement === {search}"),
    )?;
    browser.ask("Input.insertText", &json!({"text": NEEDLE}))?;
    browser.check(
        "one entry is left",
        "[...document.querySelectorAll('.entry')].filter((one) => !one.hidden).length === 1",
    )?;
    browser.check(
        "it says so",
        "/^1 of \\d+$/.test(document.querySelector('#count').textContent)",
    )?;
    browser.press("Escape", "")?;
    browser.check(
        "escape shows all",
        "[...document.querySelectorAll('.entry')].every((one) => !one.hidden)",
    )?;
    browser.value("document.querySelectorAll('details').forEach((one) => one.open = false); document.querySelector('summary').focus()")?;
    browser.press("Enter", "\r")?;
    browser.check("enter unfolds", "document.querySelector('details').open")?;
    browser.press("Tab", "")?;
    browser.check("tab goes on", "document.activeElement !== document.querySelector('summary') && document.activeElement !== document.body")
}

/// Takes pictures in the light and in the dark, and returns the colour of the light.
fn looks(browser: &mut Browser, screenshots: &Path) -> Result<String> {
    let mut seen = Vec::new();
    for scheme in ["light", "dark"] {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        browser.ask(
            "Emulation.setEmulatedMedia",
            &json!({"features": [feature]}),
        )?;
        let color = browser.value("getComputedStyle(document.body).backgroundColor")?;
        let path = screenshots.join(format!("{scheme}.png"));
        let bytes = browser.picture(&path, 900, 900)?;
        ensure!(bytes > 10_000, "an empty picture: {}", path.display());
        seen.push(text(&color));
        // At the width of a telephone nothing stands out at the side.
        browser.picture(&screenshots.join(format!("{scheme}-narrow.png")), 360, 740)?;
        browser.check(
            "it fits a telephone",
            "document.documentElement.scrollWidth <= 360",
        )?;
    }
    ensure!(
        seen[0] != seen[1],
        "the dark is as light as the light: {seen:?}"
    );
    Ok(seen.remove(0))
}

/// Checks that paper has everything and no buttons.
fn on_paper(browser: &mut Browser) -> Result<()> {
    browser.value("document.querySelectorAll('details').forEach((one) => one.open = false)")?;
    browser.ask("Emulation.setEmulatedMedia", &json!({"media": "print"}))?;
    browser.check(
        "no search on paper",
        "getComputedStyle(document.querySelector('nav')).display === 'none'",
    )?;
    browser.check(
        "calls are unfolded on paper",
        "[...document.querySelectorAll('details pre')].every((one) => one.getBoundingClientRect().height > 0)",
    )?;
    let printed = browser.ask("Page.printToPDF", &json!({}))?;
    let bytes = text(&printed["data"]).len();
    ensure!(bytes > 20_000, "{bytes} characters of PDF");
    browser.ask("Emulation.setEmulatedMedia", &json!({"media": ""}))?;
    Ok(())
}

/// Checks that nothing is lost without JavaScript.
fn without_javascript(browser: &mut Browser, exported: &Exported) -> Result<()> {
    let with = browser.value("document.querySelector('main').textContent.length")?;
    browser.ask(
        "Emulation.setScriptExecutionDisabled",
        &json!({"value": true}),
    )?;
    browser.open(&exported.address())?;
    browser.check(
        "there is no search that does nothing",
        "document.querySelector('nav').hidden",
    )?;
    let without = browser.value("document.querySelector('main').textContent.length")?;
    ensure!(
        with == without,
        "{with} characters with JavaScript, {without} without"
    );
    browser.check(
        "the text is to be seen",
        &format!("document.body.innerText.includes('{NEEDLE}')"),
    )?;
    browser.value("document.querySelector('summary').click()")?;
    browser.check(
        "calls unfold",
        "[...document.querySelectorAll('details')].some((one) => one.open)",
    )
}
