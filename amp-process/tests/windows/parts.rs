//! The programs of the tests, and what tells who is alive.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use amp_process::{Deadlines, Process, ProcessSpec};
use tempfile::TempDir;

/// Longer than anything here takes, and short enough to end a test that hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// How many a parent leaves behind.
pub(crate) const DESCENDANTS: usize = 4;

/// How many lines of about 1,000 bytes a writer writes: a pipe holds 64 KiB.
pub(crate) const WRITTEN: usize = 60;

const PART: &str = "AMP_PROCESS_TEST_PART";
const ADDRESS: &str = "AMP_PROCESS_TEST_ADDRESS";
const FOLDER: &str = "AMP_PROCESS_TEST_FOLDER";

// From `winbase.h`.
const DETACHED_PROCESS: u32 = 0x8;
const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
const CREATE_BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;

/// What a program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Repeats its input, says on standard error how much it heard, and exits with 7.
    Echo,
    /// Writes as much as a pipe holds and exits.
    Writer,
    /// Starts descendants in every way there is, and lives on.
    Parent,
    /// Starts the same and exits.
    ParentThatLeaves,
    /// Runs a parent through this library, and lives on.
    Host,
    /// Starts an orphan and exits.
    Middle,
    /// Lives on: an ordinary child.
    Plain,
    /// Lives on: a child without console, in a group of its own.
    Detached,
    /// Lives on: a child that asked to leave its parent's job.
    Runaway,
    /// Lives on: a child whose parent is gone.
    Orphan,
}

const ALL: [Part; 10] = [
    Part::Echo,
    Part::Writer,
    Part::Parent,
    Part::ParentThatLeaves,
    Part::Host,
    Part::Middle,
    Part::Plain,
    Part::Detached,
    Part::Runaway,
    Part::Orphan,
];

impl Part {
    /// Returns the part of this process, if it was started for one.
    #[expect(
        clippy::disallowed_methods,
        reason = "how the part reaches the process"
    )]
    pub(crate) fn of_this_process() -> Option<Self> {
        let name = std::env::var(PART).ok()?;
        ALL.into_iter().find(|part| format!("{part:?}") == name)
    }

    /// Plays it and ends the process.
    #[expect(clippy::disallowed_methods, reason = "a program is more than a test")]
    pub(crate) fn play(self) -> ! {
        std::process::exit(match self {
            Self::Echo => echo(),
            Self::Host => host(),
            Self::Writer => {
                let connection = enter(self);
                (0..WRITTEN).for_each(|number| say(&format!("said {number:0>1000}")));
                drop(connection);
                0
            }
            Self::Parent => {
                let connection = enter(self);
                start_descendants();
                live_on(connection)
            }
            Self::ParentThatLeaves => {
                let connection = enter(self);
                start_descendants();
                say("left");
                drop(connection);
                0
            }
            Self::Middle => {
                leave_behind(Self::Orphan, 0).unwrap();
                0
            }
            Self::Plain | Self::Detached | Self::Runaway | Self::Orphan => live_on(enter(self)),
        })
    }
}

fn echo() -> i32 {
    let mut heard = 0;
    for line in std::io::stdin().lock().lines() {
        say(&format!("said {}", line.unwrap()));
        heard += 1;
    }
    let mut errors = std::io::stderr().lock();
    errors
        .write_all(format!("heard {heard}").as_bytes())
        .unwrap();
    7
}

fn host() -> i32 {
    let connection = enter(Part::Host);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let program = spec_with(Part::Parent, environment());
    let process = runtime.block_on(program.spawn()).unwrap();
    let code = live_on(connection);
    drop(process);
    code
}

fn start_descendants() {
    leave_behind(Part::Plain, 0).unwrap();
    leave_behind(Part::Detached, DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP).unwrap();
    // Who may not leave is not started at all, or left where it is.
    leave_behind(Part::Runaway, CREATE_BREAKAWAY_FROM_JOB)
        .or_else(|_| leave_behind(Part::Runaway, 0))
        .unwrap();
    command(Part::Middle).status().unwrap();
}

/// Starts a program that nobody waits for.
fn leave_behind(part: Part, flags: u32) -> std::io::Result<()> {
    command(part).creation_flags(flags).spawn().map(drop)
}

/// Writes a line of its own, whatever libtest has begun.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    output.flush().unwrap();
}

/// A program's sign of life, and its way to answer questions.
struct Presence {
    /// Open for this process alone, so nobody else can open it as long as this process is there.
    _file: File,
    connection: TcpStream,
}

/// Shows up at the test.
#[expect(
    clippy::disallowed_methods,
    reason = "how the places reach the process"
)]
fn enter(part: Part) -> Presence {
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let mut sign = File::options();
    let file = sign.write(true).create_new(true).share_mode(0);
    let file = file.open(folder.join(format!("{part:?}"))).unwrap();
    let address: SocketAddr = std::env::var(ADDRESS).unwrap().parse().unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    connection
        .write_all(format!("{part:?}\n").as_bytes())
        .unwrap();
    Presence {
        _file: file,
        connection,
    }
}

/// Answers for as long as anybody asks.
fn live_on(mut presence: Presence) -> i32 {
    let connection = &mut presence.connection;
    let mut question = [0];
    while connection.read_exact(&mut question).is_ok() {
        if connection.write_all(&question).is_err() {
            break;
        }
    }
    0
}

/// Where every program of a test shows up.
pub(crate) struct Audience {
    address: SocketAddr,
    folder: TempDir,
    arrivals: Receiver<BufReader<TcpStream>>,
}

impl Audience {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, arrivals) = channel();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if sender.send(BufReader::new(connection.unwrap())).is_err() {
                    return;
                }
            }
        });
        Self {
            address,
            folder: tempfile::tempdir().unwrap(),
            arrivals,
        }
    }

    /// Waits for so many programs, and returns them by their parts.
    pub(crate) fn admit(&self, count: usize) -> HashMap<String, Player> {
        let arrivals = (0..count).map(|_| {
            let mut connection = self.arrivals.recv_timeout(LIMIT).expect("all show up");
            connection.get_ref().set_read_timeout(Some(LIMIT)).unwrap();
            let mut name = String::new();
            connection.read_line(&mut name).unwrap();
            let name = name.trim().to_owned();
            let sign = self.folder.path().join(&name);
            (name, Player { sign, connection })
        });
        let players: HashMap<_, _> = arrivals.collect();
        assert_eq!(players.len(), count, "each plays another part");
        players
    }

    /// Returns what a program must know to show up here.
    fn directions(&self) -> [(&'static str, OsString); 2] {
        let address = self.address.to_string().into();
        [(ADDRESS, address), (FOLDER, self.folder.path().into())]
    }
}

/// A program that showed up.
pub(crate) struct Player {
    sign: PathBuf,
    connection: BufReader<TcpStream>,
}

impl Player {
    /// Checks that it answers.
    pub(crate) fn is_alive(&mut self) {
        self.connection.get_mut().write_all(b"?").unwrap();
        let mut answer = [0];
        self.connection.read_exact(&mut answer).unwrap();
        assert!(self.holds_its_sign());
    }

    /// Waits until the system has closed its file, as it does when a process is gone.
    pub(crate) fn is_gone(&mut self) {
        let until = Instant::now() + LIMIT;
        while self.holds_its_sign() {
            assert!(Instant::now() < until, "{} lives on", self.sign.display());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn holds_its_sign(&self) -> bool {
        File::open(&self.sign).is_err()
    }
}

/// Returns the environment of this process, without which Windows has no sockets.
#[expect(
    clippy::disallowed_methods,
    reason = "a test begins here, and hands its environment on"
)]
pub(crate) fn environment() -> BTreeMap<OsString, OsString> {
    std::env::vars_os().collect()
}

/// Describes a program with a part, to be run by this library.
pub(crate) fn spec(part: Part, audience: &Audience) -> ProcessSpec {
    let mut environment = environment();
    let directions = audience.directions();
    environment.extend(directions.map(|(name, value)| (name.into(), value)));
    spec_with(part, environment)
}

/// Describes a program with a part, by a name to look for where the environment, as yet without
/// `PATH` and `PATHEXT`, says.
pub(crate) fn by_name(name: &str, part: Part, audience: &Audience) -> ProcessSpec {
    let mut environment = environment();
    environment.extend(
        audience
            .directions()
            .map(|(name, value)| (name.into(), value)),
    );
    environment.retain(|name, _| {
        let is_search = |search: &&str| name.eq_ignore_ascii_case(search);
        !["PATH", "PATHEXT"].iter().any(is_search)
    });
    described(ProcessSpec::new(name), part, environment)
}

/// Returns deadlines that nothing here reaches, but for the drain deadline.
pub(crate) fn deadlines() -> Deadlines {
    Deadlines::default()
        .with_startup(Some(LIMIT))
        .with_idle(Some(LIMIT))
        .with_total(Some(LIMIT))
        .with_grace(LIMIT)
        .with_proof(LIMIT)
}

fn spec_with(part: Part, environment: BTreeMap<OsString, OsString>) -> ProcessSpec {
    described(
        ProcessSpec::new(std::env::current_exe().unwrap()),
        part,
        environment,
    )
}

fn described(
    program: ProcessSpec,
    part: Part,
    environment: BTreeMap<OsString, OsString>,
) -> ProcessSpec {
    program
        .with_arguments(ARGUMENTS)
        .with_environment(environment)
        .with_variable(PART, format!("{part:?}"))
        .with_deadlines(deadlines())
}

const ARGUMENTS: [&str; 3] = [
    "--exact",
    "a_program_reads_writes_and_exits_as_everywhere",
    "--nocapture",
];

#[expect(
    clippy::disallowed_methods,
    reason = "who is contained by nobody, and who is started by those contained"
)]
fn command(part: Part) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(ARGUMENTS).env(PART, format!("{part:?}"));
    command
}

/// Starts a program that nobody contains.
pub(crate) fn uncontained(part: Part, audience: &Audience) -> Child {
    let mut command = command(part);
    command.envs(audience.directions());
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// Reads what the program says, up to the end.
pub(crate) async fn lines(process: &mut Process) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = process.next_line().await.unwrap() {
        let text = String::from_utf8_lossy(line.bytes()).into_owned();
        if text.starts_with("said ") || text == "left" {
            lines.push(text);
        }
    }
    lines
}
