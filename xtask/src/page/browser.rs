//! A headless browser, spoken to through a pipe: one JSON object a message, each with a NUL behind.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long the browser may take to answer.
const ANSWER: Duration = Duration::from_secs(60);

/// How long a page may take to load.
const LOAD: Duration = Duration::from_secs(60);

/// Options that leave nothing but the page: no network of the browser's own, no questions.
const OPTIONS: [&str; 11] = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];

/// Represents a running browser with one page; gone when this is dropped.
pub(super) struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// The page that is spoken to.
    page: String,
    last: u64,
    /// What the page did that nobody asked for.
    alarms: Vec<String>,
    /// Events that have not been waited for.
    events: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser with an empty profile.
    #[expect(
        clippy::disallowed_methods,
        reason = "its two more pipes are made by a shell"
    )]
    pub(super) fn start(program: &Path) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        // It reads commands from descriptor 3 and writes answers to 4.
        let mut child = Command::new("/bin/sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh"])
            .arg(program)
            .args(OPTIONS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the browser")?;
        let input = child.stdin.take().context("no input")?;
        let output = child.stdout.take().context("no output")?;
        let mut browser = Self {
            child,
            input,
            messages: messages(output),
            page: String::new(),
            last: 0,
            alarms: Vec::new(),
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", &json!({"url": "about:blank"}))?;
        let attached = browser.ask(
            "Target.attachToTarget",
            &json!({"targetId": target["targetId"], "flatten": true}),
        )?;
        browser.page = text(&attached["sessionId"]);
        for domain in ["Page", "Runtime", "Network"] {
            browser.ask(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(browser)
    }

    /// Opens an address and waits until all of it is there.
    pub(super) fn open(&mut self, address: &str) -> Result<()> {
        self.events.clear();
        let opened = self.ask("Page.navigate", &json!({"url": address}))?;
        ensure!(opened["errorText"].is_null(), "{address}: {opened}");
        self.wait_for("Page.loadEventFired")
    }

    /// Returns the value of an expression in the page.
    pub(super) fn value(&mut self, expression: &str) -> Result<Value> {
        let answer = self.ask(
            "Runtime.evaluate",
            &json!({"expression": expression, "returnByValue": true}),
        )?;
        ensure!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        Ok(answer["result"]["value"].clone())
    }

    /// Checks that an expression is true in the page.
    pub(super) fn check(&mut self, what: &str, expression: &str) -> Result<()> {
        let value = self.value(expression)?;
        ensure!(value == true, "{what}: {expression} is {value}");
        Ok(())
    }

    /// Presses and lets go of a key.
    pub(super) fn press(&mut self, key: &str, text: &str) -> Result<()> {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.ask("Input.dispatchKeyEvent", &event)?;
        }
        Ok(())
    }

    /// Takes a picture of what is to be seen, as PNG.
    pub(super) fn picture(&mut self, path: &Path, width: u32, height: u32) -> Result<u64> {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", &size)?;
        let answer = self.ask("Page.captureScreenshot", &json!({"format": "png"}))?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text(&answer["data"]))?;
        std::fs::write(path, &bytes)?;
        Ok(bytes.len() as u64)
    }

    /// Sends a command and returns its result.
    pub(super) fn ask(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if !self.page.is_empty() {
            message["sessionId"] = json!(self.page);
        }
        self.input.write_all(message.to_string().as_bytes())?;
        self.input.write_all(b"\0")?;
        self.input.flush()?;
        let deadline = Instant::now() + ANSWER;
        loop {
            let answer = self.next(deadline).with_context(|| method.to_owned())?;
            if answer["id"] == self.last {
                ensure!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return Ok(answer["result"].clone());
            }
        }
    }

    /// Fails when a page did something that nobody asked for.
    pub(super) fn check_alarms(&mut self) -> Result<()> {
        // What was sent before this answer has been seen.
        self.value("1")?;
        ensure!(self.alarms.is_empty(), "the page did {:?}", self.alarms);
        Ok(())
    }

    fn wait_for(&mut self, event: &str) -> Result<()> {
        let deadline = Instant::now() + LOAD;
        while !self.events.iter().any(|seen| seen == event) {
            self.next(deadline).with_context(|| format!("no {event}"))?;
        }
        Ok(())
    }

    /// Waits for a message, and takes note of what it tells.
    fn next(&mut self, deadline: Instant) -> Result<Value> {
        let left = deadline.saturating_duration_since(Instant::now());
        let message = match self.messages.recv_timeout(left) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => bail!("the browser does not answer"),
            Err(RecvTimeoutError::Disconnected) => bail!("the browser has ended"),
        };
        if let Some(event) = message["method"].as_str() {
            let parameters = &message["params"];
            let address = parameters["request"]["url"].as_str().unwrap_or_default();
            let is_own = address.starts_with("file:") || address.starts_with("about:");
            match event {
                "Page.javascriptDialogOpening"
                | "Runtime.exceptionThrown"
                | "Page.windowOpen"
                | "Runtime.consoleAPICalled" => self.alarms.push(format!("{event}: {parameters}")),
                "Network.requestWillBeSent" if !is_own => {
                    self.alarms.push(format!("{event}: {address}"));
                }
                _ => {}
            }
            self.events.push(event.to_owned());
        }
        Ok(message)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let close = json!({"id": u64::MAX >> 12, "method": "Browser.close"});
        let _ = self.input.write_all(format!("{close}\0").as_bytes());
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads messages until the browser is gone.
fn messages(output: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut message = Vec::new();
        while matches!(output.read_until(0, &mut message), Ok(1..)) {
            message.pop();
            let value = serde_json::from_slice(&message);
            if value.is_ok_and(|value| sender.send(value).is_err()) {
                break;
            }
            message.clear();
        }
    });
    receiver
}

/// Returns a JSON text as it is.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
