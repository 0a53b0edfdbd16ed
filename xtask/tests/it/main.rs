//! What the upkeep commands promise.

mod capture;
mod ci;
mod coverage;
mod difference;
mod drift;
mod fingerprint;
mod flag_table;
mod keeper;
mod live;
mod mutants;
mod picture;
mod play;
mod recorded;
#[cfg(unix)]
mod release;
mod script_cli;
mod secrets;
mod trial;
mod versions;
