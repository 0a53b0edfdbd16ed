//! A `timeout(1)` that really cleans up.
//!
//! ```text
//! supervise [--startup D] [--idle D] [--total D] [--drain D] [--grace D]
//!           [--containment auto|namespace|shim|group] -- COMMAND ARGUMENTS…
//! ```
//!
//! `D` is a time such as `500ms`, `10s`, `5m` or `1h`, or `none`. Standard input and output are
//! passed through; standard error ends with one line of JSON that says how it went. Interrupt and
//! terminate begin to stop the program, Ctrl-Z suspends the program and all clocks. Whoever reads our
//! output may take its time, but not beyond a deadline.
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
    use std::io::{self, Read, Write};
    use std::process::ExitCode;
    use std::thread;
    use std::time::Duration;

    use amp_process::{
        Cause, Completeness, Containment, ContainmentKind, Deadlines, Error, Exit, ExitStatus,
        Force, Line, Process, ProcessSpec, StdinSource, StdinWriter,
    };
    use serde_json::json;
    use tokio::io::AsyncWriteExt;
    use tokio::signal::unix::{Signal, SignalKind, signal};
    use tokio::sync::{mpsc, oneshot};
    use tokio::time::Instant;

    /// How long a reader may stall once the run is to end.
    const READER_TIMEOUT: Duration = Duration::from_secs(1);

    pub(super) fn main() -> ExitCode {
        let spec = match spec(std::env::args().skip(1)) {
            Ok(spec) => spec,
            Err(complaint) => return refuse(&complaint),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return refuse(&error.to_string()),
        };
        match runtime.block_on(supervise(&spec)) {
            Ok((exit, cut)) => {
                say(&describe(&exit, cut));
                code(&exit)
            }
            Err(error) => refuse(&chain(&*error)),
        }
    }

    /// Runs the program; returns its exit and how many lines were too long to pass on whole.
    async fn supervise(spec: &ProcessSpec) -> Result<(Exit, u64), Box<dyn std::error::Error>> {
        let (input, output) = (input()?, Output::new()?);
        let mut process = spec.spawn().await?;
        if let Some(stdin) = process.take_stdin() {
            tokio::spawn(pass_input(input, stdin));
        }
        let mut run = Run {
            process,
            signals: Signals::listen(),
            end: None,
        };
        let mut cut = 0;
        while let Some(line) = run.next_line().await? {
            let is_cut = matches!(line.completeness(), Completeness::Oversized { .. });
            cut += u64::from(is_cut);
            if run.wait_for_reader(output.pass(line)).await? != Some(true) {
                // Nobody who reads is a reason to end it.
                run.process.begin_stop();
                break;
            }
        }
        run.wait_for_reader(output.finish()).await?;
        Ok((run.process.finish().await, cut))
    }

    /// The program, and whoever may end it.
    struct Run {
        process: Process,
        signals: Signals,
        /// When a reader that has stalled is not waited for any more.
        end: Option<Instant>,
    }

    impl Run {
        /// Waits for the next line, and for what may come instead.
        async fn next_line(&mut self) -> Result<Option<Line>, Error> {
            loop {
                tokio::select! {
                    line = self.process.next_line() => match line {
                        Err(error) => self.survive(error)?,
                        line => return line,
                    },
                    wish = self.signals.wish() => self.grant(wish)?,
                }
            }
        }

        /// Waits for something that a stalled reader delays; `None` when it comes too late.
        async fn wait_for_reader<R>(
            &mut self,
            passed: impl Future<Output = R>,
        ) -> Result<Option<R>, Error> {
            let mut passed = std::pin::pin!(passed);
            loop {
                tokio::select! {
                    passed = &mut passed => return Ok(Some(passed)),
                    () = reached(self.end) => return Ok(None),
                    error = self.process.until_deadline() => self.survive(error)?,
                    wish = self.signals.wish() => self.grant(wish)?,
                }
            }
        }

        /// Goes on after a deadline: the escalation has begun, and the exit will say why.
        fn survive(&mut self, error: Error) -> Result<(), Error> {
            if error.deadline().is_none() {
                return Err(error);
            }
            self.hurry();
            Ok(())
        }

        /// Begins to count how long a reader may stall.
        fn hurry(&mut self) {
            self.end.get_or_insert(Instant::now() + READER_TIMEOUT);
        }

        fn grant(&mut self, wish: Wish) -> Result<(), Error> {
            match wish {
                Wish::Stop => {
                    self.process.begin_stop();
                    self.hurry();
                    Ok(())
                }
                Wish::Suspend => suspend(&mut self.process),
            }
        }
    }

    async fn reached(moment: Option<Instant>) {
        match moment {
            Some(moment) => tokio::time::sleep_until(moment).await,
            None => std::future::pending().await,
        }
    }

    /// Reads our input on a thread of its own, which a read may block for ever.
    fn input() -> io::Result<mpsc::Receiver<Vec<u8>>> {
        let (sender, receiver) = mpsc::channel(1);
        let read = move || {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = io::stdin().read(&mut bytes) {
                if sender.blocking_send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().spawn(read)?;
        Ok(receiver)
    }

    async fn pass_input(mut input: mpsc::Receiver<Vec<u8>>, mut stdin: StdinWriter) {
        while let Some(bytes) = input.recv().await {
            // Not reading it is the program's right.
            if stdin.write_all(&bytes).await.is_err() {
                break;
            }
        }
    }

    /// Our output, written on a thread of its own, which a reader may block for ever.
    struct Output {
        lines: mpsc::Sender<Line>,
        end: oneshot::Receiver<()>,
    }

    impl Output {
        fn new() -> io::Result<Self> {
            let (lines, receiver) = mpsc::channel(64);
            let (sender, end) = oneshot::channel();
            thread::Builder::new().spawn(move || {
                // Without a reader nothing is left to do; the missing receiver tells.
                let _ = write(receiver);
                drop(sender);
            })?;
            Ok(Self { lines, end })
        }

        /// Returns whether there still is a reader.
        async fn pass(&self, line: Line) -> bool {
            self.lines.send(line).await.is_ok()
        }

        /// Waits until everything is written.
        async fn finish(self) {
            drop(self.lines);
            // Nothing is ever sent; the sender is dropped at the end.
            let _ = self.end.await;
        }
    }

    fn write(mut lines: mpsc::Receiver<Line>) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        while let Some(line) = lines.blocking_recv() {
            stdout.write_all(line.bytes())?;
            if line.completeness() != Completeness::Unterminated {
                stdout.write_all(b"\n")?;
            }
            stdout.flush()?;
        }
        Ok(())
    }

    /// Suspends the program, then this process, until somebody continues it.
    fn suspend(process: &mut Process) -> Result<(), Error> {
        process.pause()?;
        // Where we cannot be suspended, the program goes on right away.
        let _ = amp_process::suspend_host();
        process.resume()
    }

    /// What somebody at the terminal wants.
    #[derive(Clone, Copy)]
    enum Wish {
        Stop,
        Suspend,
    }

    /// The signals that concern us; those we cannot listen to never come.
    struct Signals {
        interrupt: Option<Signal>,
        terminate: Option<Signal>,
        suspend: Option<Signal>,
    }

    impl Signals {
        fn listen() -> Self {
            let suspend = rustix::process::Signal::TSTP.as_raw();
            Self {
                interrupt: signal(SignalKind::interrupt()).ok(),
                terminate: signal(SignalKind::terminate()).ok(),
                suspend: match amp_process::can_be_suspended() {
                    true => signal(SignalKind::from_raw(suspend)).ok(),
                    false => None,
                },
            }
        }

        async fn wish(&mut self) -> Wish {
            tokio::select! {
                () = next(&mut self.interrupt) => Wish::Stop,
                () = next(&mut self.terminate) => Wish::Stop,
                () = next(&mut self.suspend) => Wish::Suspend,
            }
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
        let mut deadlines = Deadlines::default();
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
            "force": match exit.force() {
                Force::None => "none",
                Force::StdinClosed => "input closed",
                Force::Signalled => "signal",
                _ => "kill",
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
        let _ = writeln!(io::stderr(), "{line}");
    }
}
