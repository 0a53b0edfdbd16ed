//! What the upkeep commands promise.

mod capture;
mod difference;
mod fingerprint;
mod flag_table;
mod keeper;
mod secrets;
mod versions;
