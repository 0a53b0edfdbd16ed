//! Upkeep commands of the workspace, run as `cargo xtask COMMAND`.
//!
//! Nothing depends on this crate, and it may depend on any other: here the crates meet the real
//! CLI, the recordings and one another.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
#[cfg(target_os = "linux")]
use xtask::{acp_bench, acp_soak, batch_bench, bench, sessions_bench};
#[cfg(unix)]
use xtask::{batch, package, page, release};
use xtask::{
    check_layers, conformance, control, demo, drift, hot_functions, instructions, mutants,
    newcomer, oracle, picture, record, retry, soak, tidy, windows,
};

/// Upkeep of the amp-* workspace
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure what `ampctl acp` takes between an agent and an editor
    #[cfg(target_os = "linux")]
    AcpBench(acp_bench::Options),
    /// Let an editor read nothing for a minute while an agent floods it, and others work
    #[cfg(target_os = "linux")]
    AcpSoak(acp_soak::Options),
    /// Measure where we stand, beside what users know, and print one table
    #[cfg(target_os = "linux")]
    Bench(bench::Options),
    /// Work on batches with real engines, one worker of which is killed
    #[cfg(unix)]
    Batch(batch::Options),
    /// Work on a batch with Slurm, one node of which is drained, and check the manifest for Kubernetes
    #[cfg(unix)]
    Cluster(batch::cluster::Options),
    /// Measure what a batch adds to its agents, beside `xargs`
    #[cfg(target_os = "linux")]
    BatchBench(batch_bench::Options),
    /// Check the edges between crates against the design
    CheckLayers,
    /// Note the functions that `ampctl run` calls, for the order in which they are linked
    HotFunctions,
    /// Count the instructions that lines take, and hold them against what was kept
    Instructions(instructions::Options),
    /// Hold two turns of one thread with the real Amp CLI, or replay them
    Demo(demo::Arguments),
    /// Check file sizes, module docs and the words the repository keeps out
    Tidy,
    /// Drive real CLIs through amp-session and compare the outcomes with the expected ones
    Conformance(conformance::Options),
    /// Try with real CLIs what a run promises to keep an agent from
    Control(control::Options),
    /// Play `ampctl`, for cases of `control`
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Ampctl(control::face::Ampctl),
    /// Play a hostile command, for a case of `control`
    #[cfg(target_os = "linux")]
    #[command(hide = true, subcommand)]
    Forge(control::forge::Options),
    /// Play the host that is killed, for a case of `control`
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    HoldQuestion(control::killed_host::Host),
    /// Compare the newest published CLI with the newest recorded one: 0 same, 1 drift, 2 no source
    /// answered, 3 failed
    Drift,
    /// Change the code that must not be wrong, place by place, and check that a test notices
    Mutants(mutants::Options),
    /// Follow the README in a fresh clone with an empty home, up to a continued thread
    Newcomer,
    /// Ask real CLIs what they make of permission rules, and compare
    Oracle(oracle::Options),
    /// Open exported sessions in a real browser, hostile ones above all
    #[cfg(unix)]
    Page(page::Options),
    /// Pack every crate as a registry would get it, and build that
    #[cfg(unix)]
    Package(package::Options),
    /// Record a run of the real CLI on a terminal and draw the picture of the documentation
    Picture(picture::Options),
    /// Measure what a question costs over a delegate that is a C program
    #[cfg(target_os = "linux")]
    QuestionCost(control::cost::Options),
    /// Run real CLIs through the scenarios and keep what they write
    RecordFixtures(record::Options),
    /// Make what a version is published as, and try it; publishes nothing
    #[cfg(unix)]
    Release(release::Options),
    /// Let real CLIs go on after planned faults of the service, and check that nothing is paid twice
    Retry(retry::Options),
    /// Measure how fast sessions are listed, searched and added up, beside `rg`
    #[cfg(target_os = "linux")]
    SessionsBench(sessions_bench::Options),
    /// Run programs by the thousand and check that nothing grows
    Soak(soak::Options),
    /// Measure what `ampctl run` costs over starting the same Amp by hand
    #[cfg(target_os = "linux")]
    StartCost(control::start_cost::Options),
    /// Run the tests of files and processes for Windows under Wine, where that is installed
    Windows,
}

fn main() -> ExitCode {
    // A program's process tree is kept, and questions are asked, by copies of this one.
    amp_session::run_helper_if_requested();
    let result = match Arguments::parse().command {
        #[cfg(target_os = "linux")]
        Command::AcpBench(options) => acp_bench::run(&options),
        #[cfg(target_os = "linux")]
        Command::AcpSoak(options) => acp_soak::run(&options),
        #[cfg(target_os = "linux")]
        Command::Bench(options) => bench::run(&options),
        #[cfg(unix)]
        Command::Batch(options) => batch::run(&options),
        #[cfg(unix)]
        Command::Cluster(options) => batch::cluster::run(&options),
        #[cfg(target_os = "linux")]
        Command::BatchBench(options) => batch_bench::run(&options),
        Command::CheckLayers => check_layers::run(),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Tidy => tidy::run(),
        Command::Conformance(options) => conformance::run(&options),
        Command::Control(options) => control::run(&options),
        #[cfg(target_os = "linux")]
        Command::Ampctl(ampctl) => return ampctl.run(),
        #[cfg(target_os = "linux")]
        Command::Forge(options) => control::forge::run(&options),
        #[cfg(target_os = "linux")]
        Command::HoldQuestion(host) => control::killed_host::serve(&host),
        #[cfg(target_os = "linux")]
        Command::QuestionCost(options) => control::cost::run(&options),
        Command::Drift => return drift::run(),
        Command::Mutants(options) => mutants::run(&options),
        Command::Newcomer => newcomer::run(),
        Command::Oracle(options) => oracle::run(&options),
        #[cfg(unix)]
        Command::Page(options) => page::run(&options),
        #[cfg(unix)]
        Command::Package(options) => package::run(&options),
        Command::Picture(options) => picture::run(&options),
        Command::RecordFixtures(options) => record::run(&options),
        #[cfg(unix)]
        Command::Release(options) => release::run(&options),
        Command::Retry(options) => retry::run(&options),
        #[cfg(target_os = "linux")]
        Command::SessionsBench(options) => sessions_bench::run(&options),
        Command::HotFunctions => hot_functions::run(),
        Command::Instructions(options) => instructions::run(&options),
        Command::Soak(options) => soak::run(&options),
        #[cfg(target_os = "linux")]
        Command::StartCost(options) => control::start_cost::run(&options),
        Command::Windows => windows::run(),
    };
    xtask::report(result)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_commands_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
