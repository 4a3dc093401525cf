//! libFuzzer's program for the target of this name.

#![cfg_attr(fuzzing, no_main)]

ctxgen_fuzz::fuzz!();
