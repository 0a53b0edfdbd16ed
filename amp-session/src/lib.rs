//! A conversation with any Amp CLI of the year: start, stream, outcome, continue.
