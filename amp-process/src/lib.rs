//! Start a program, own its whole process tree, stream its lines, leave nothing behind.
