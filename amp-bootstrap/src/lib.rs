//! Find or install the Amp CLI: verified, once, whatever happens.
