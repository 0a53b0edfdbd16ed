//! The stream of the Amp CLI as types: decode every line, lose nothing.
