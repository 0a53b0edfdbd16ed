//! ampctl: install, run and continue the Amp coding agent from a terminal.
