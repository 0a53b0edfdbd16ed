//! What a user of `ampctl` sees, from the outside.

#[cfg(all(target_os = "linux", feature = "acp"))]
mod acp;
#[cfg(unix)]
mod answer;
mod appearance;
#[cfg(target_os = "linux")]
mod approve;
#[cfg(unix)]
mod batch;
#[cfg(unix)]
mod caps;
#[cfg(unix)]
mod check;
#[cfg(unix)]
mod completion;
mod config;
#[cfg(unix)]
mod download;
#[cfg(unix)]
mod ends;
#[cfg(target_os = "linux")]
mod events;
#[cfg(unix)]
mod finding;
#[cfg(unix)]
mod front_page;
#[cfg(unix)]
mod heard;
mod help;
#[cfg(target_os = "linux")]
mod hostile;
mod inspect;
#[cfg(target_os = "linux")]
mod interrupt;
mod key_check;
#[cfg(unix)]
mod lock;
mod login;
#[cfg(unix)]
mod manual;
#[cfg(unix)]
mod newer;
#[cfg(target_os = "linux")]
mod notify;
#[cfg(unix)]
mod nouns;
#[cfg(unix)]
mod options;
#[cfg(unix)]
mod pages;
mod permissions;
mod refusals;
#[cfg(unix)]
mod retry;
#[cfg(unix)]
mod run;
#[cfg(target_os = "linux")]
mod sandbox;
mod sessions;
#[cfg(unix)]
mod shared_page;
#[cfg(target_os = "linux")]
mod stop;
#[cfg(unix)]
mod store;
mod support;
#[cfg(all(feature = "telemetry", target_os = "linux"))]
mod telemetry;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod threads;
#[cfg(unix)]
mod undo;
#[cfg(unix)]
mod which_amp;
