//! A `timeout(1)` that really cleans up.
//!
//! ```text
//! supervise [--startup D] [--idle D] [--total D] [--drain D] [--grace D]
//!           [--containment auto|namespace|shim|group] -- COMMAND ARGUMENTS…
//! ```
//!
//! `D` is a time such as `500ms`, `10s`, `5m` or `1h`, or `none`. Standard input and output are
//! passed through; standard error ends with one line of JSON that says how it went. Interrupt and
//! terminate begin the stop ladder, Ctrl-Z suspends the program and all clocks.
//!
//! The exit code is the command's own; 124 when a deadline passed, 128 and the number when a signal
//! ended the command, 125 when it could not be started.

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    amp_process::run_shim_if_requested();
    unix::main()
}

#[cfg(unix)]
mod unix {
    use std::io::Write;
    use std::process::ExitCode;
    use std::time::Duration;

    use amp_process::{
        Cause, Completeness, Containment, ContainmentKind, Deadlines, Error, Exit, ExitStatus,
        Line, Process, ProcessSpec, StdinSource, StdinWriter,
    };
    use serde_json::json;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) fn main() -> ExitCode {
        let spec = match spec(std::env::args().skip(1)) {
            Ok(spec) => spec,
            Err(complaint) => return refuse(&complaint),
        };
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => return refuse(&error.to_string()),
        };
        let outcome = runtime.block_on(supervise(&spec));
        // A thread may still wait for standard input; nobody waits for it.
        runtime.shutdown_background();
        match outcome {
            Ok((exit, cut)) => {
                say(&describe(&exit, cut));
                code(&exit)
            }
            Err(error) => refuse(&chain(&error)),
        }
    }

    /// Runs the program; returns its exit and how many lines were too long to pass on whole.
    async fn supervise(spec: &ProcessSpec) -> Result<(Exit, u64), Error> {
        let mut process = spec.spawn().await?;
        if let Some(stdin) = process.take_stdin() {
            tokio::spawn(pass_input(stdin));
        }
        let mut signals = Signals::listen();
        let mut cut = 0;
        loop {
            tokio::select! {
                line = process.next_line() => match line {
                    Ok(Some(line)) => {
                        cut += u64::from(matches!(
                            line.completeness(),
                            Completeness::Oversized { .. }
                        ));
                        // Nobody who reads is a reason to end it.
                        if pass_output(&line).is_err() {
                            process.begin_stop();
                        }
                    }
                    Ok(None) => break,
                    // The stop ladder has begun, and the exit will say why.
                    Err(error) if error.deadline().is_some() => {}
                    Err(error) => return Err(error),
                },
                wish = signals.wish() => match wish {
                    Wish::Stop => process.begin_stop(),
                    Wish::Suspend => suspend(&mut process, &mut signals).await?,
                },
            }
        }
        Ok((process.finish().await, cut))
    }

    async fn pass_input(mut stdin: StdinWriter) {
        // It ends with our input, or with the program.
        let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut stdin).await;
    }

    fn pass_output(line: &Line) -> std::io::Result<()> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(line.bytes())?;
        if line.completeness() != Completeness::Unterminated {
            stdout.write_all(b"\n")?;
        }
        stdout.flush()
    }

    /// Suspends the program, then this process, until somebody continues it.
    async fn suspend(process: &mut Process, signals: &mut Signals) -> Result<(), Error> {
        process.pause()?;
        let me = rustix::process::getpid();
        // We go on right after this if nobody is there to suspend us.
        if rustix::process::kill_process(me, rustix::process::Signal::STOP).is_ok() {
            signals.resumed().await;
        }
        process.resume()
    }

    /// What somebody at the terminal wants.
    enum Wish {
        Stop,
        Suspend,
    }

    /// The signals that concern us; those we cannot listen to never come.
    struct Signals {
        interrupt: Option<Signal>,
        terminate: Option<Signal>,
        suspend: Option<Signal>,
        resume: Option<Signal>,
    }

    impl Signals {
        fn listen() -> Self {
            Self {
                interrupt: signal(SignalKind::interrupt()).ok(),
                terminate: signal(SignalKind::terminate()).ok(),
                suspend: signal(SignalKind::from_raw(20)).ok(),
                resume: signal(SignalKind::from_raw(18)).ok(),
            }
        }

        async fn wish(&mut self) -> Wish {
            tokio::select! {
                () = next(&mut self.interrupt) => Wish::Stop,
                () = next(&mut self.terminate) => Wish::Stop,
                () = next(&mut self.suspend) => Wish::Suspend,
            }
        }

        async fn resumed(&mut self) {
            next(&mut self.resume).await;
        }
    }

    async fn next(signal: &mut Option<Signal>) {
        match signal {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a program passes its own environment on"
    )]
    fn spec(mut arguments: impl Iterator<Item = String>) -> Result<ProcessSpec, String> {
        let mut deadlines = Deadlines::default()
            .with_startup(None)
            .with_idle(None)
            .with_total(None);
        let mut containment = Containment::Auto;
        loop {
            let option = arguments.next().ok_or("no command")?;
            if option == "--" {
                break;
            }
            let value = arguments
                .next()
                .ok_or_else(|| format!("{option} wants a value"))?;
            let time = || duration(&value);
            let limit = || time()?.ok_or_else(|| format!("{option} needs a limit"));
            deadlines = match option.as_str() {
                "--startup" => deadlines.with_startup(time()?),
                "--idle" => deadlines.with_idle(time()?),
                "--total" => deadlines.with_total(time()?),
                "--drain" => deadlines.with_drain(limit()?),
                "--grace" => deadlines.with_grace(limit()?),
                "--containment" => {
                    containment = kind(&value)?;
                    deadlines
                }
                _ => return Err(format!("unknown option {option}")),
            };
        }
        let program = arguments.next().ok_or("no command after --")?;
        Ok(ProcessSpec::new(program)
            .with_arguments(arguments)
            .with_environment(std::env::vars_os().collect())
            .with_stdin(StdinSource::Piped)
            .with_deadlines(deadlines)
            .with_containment(containment))
    }

    fn duration(text: &str) -> Result<Option<Duration>, String> {
        if text == "none" {
            return Ok(None);
        }
        let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
        let number: u64 = digits.parse().map_err(|_| format!("no time: {text}"))?;
        let time = match &text[digits.len()..] {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number * 60),
            "h" => Duration::from_secs(number * 3600),
            _ => return Err(format!("no unit (ms, s, m, h): {text}")),
        };
        Ok(Some(time))
    }

    fn kind(text: &str) -> Result<Containment, String> {
        Ok(match text {
            "auto" => Containment::Auto,
            "namespace" => Containment::Require(ContainmentKind::Namespace),
            "shim" => Containment::Require(ContainmentKind::Shim),
            "group" => Containment::Require(ContainmentKind::Group),
            _ => return Err(format!("no containment: {text}")),
        })
    }

    /// Returns the report as one line of JSON.
    fn describe(exit: &Exit, cut: u64) -> String {
        let names = |processes: &[amp_process::Survivor]| {
            let name = |one: &amp_process::Survivor| json!({"pid": one.pid, "name": one.name});
            processes.iter().map(name).collect::<Vec<_>>()
        };
        json!({
            "code": exit.status().code(),
            "signal": exit.status().signal().map(|signal| signal.to_string()),
            "cause": match exit.cause() {
                Cause::Exited => "exited".to_owned(),
                Cause::Finished => "finished".to_owned(),
                Cause::Stopped => "stopped".to_owned(),
                Cause::DeadlinePassed(deadline) => format!("{deadline} deadline"),
                _ => "unknown".to_owned(),
            },
            "containment": exit.containment().as_str(),
            "survivors": names(exit.survivors()),
            "leaked": names(exit.leaked()),
            "proven_empty": exit.is_proven_empty(),
            "cut_lines": cut,
            "milliseconds": exit.elapsed().as_millis() as u64,
        })
        .to_string()
    }

    fn code(exit: &Exit) -> ExitCode {
        let code = match (exit.cause(), exit.status()) {
            (Cause::DeadlinePassed(_), _) => 124,
            (_, ExitStatus::Code(code)) => code,
            (_, ExitStatus::Signal(signal)) => 128 + signal.number(),
            _ => 125,
        };
        ExitCode::from(u8::try_from(code).unwrap_or(125))
    }

    fn refuse(complaint: &str) -> ExitCode {
        say(&json!({ "error": complaint }).to_string());
        ExitCode::from(125)
    }

    fn chain(error: &dyn std::error::Error) -> String {
        let causes = std::iter::successors(Some(error), |error| error.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        causes.join(": ")
    }

    /// Ends standard error with a line.
    fn say(line: &str) {
        // With standard error closed there is only the exit code left.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
