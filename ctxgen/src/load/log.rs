//! What the verifier writes about programs.

use std::ffi::CStr;

use libbpf_rs::AsRawLibbpf;
use libbpf_rs::OpenObject;
use libbpf_rs::OpenProgramMut;
use libbpf_rs::libbpf_sys;

use super::log_buffer::LOG_LEN;
use super::log_buffer::LogBuffer;

/// The logs of programs that may have something left unresolved.
pub(super) struct Logs {
    logs: Vec<Log>,
}

struct Log {
    program: String,
    section: String,
    buffer: LogBuffer,
}

impl Logs {
    /// Has libbpf keep the logs of those programs of an object. Once this is dropped, nothing can be
    /// written to them any more, and an object that is loaded only then is refused.
    pub(super) fn new(object: &mut OpenObject, of: &[String]) -> Self {
        let mut logs = Vec::new();
        for program in object.progs_mut() {
            let name = program.name().to_string_lossy().into_owned();
            if !program.autoload() || !of.contains(&name) {
                continue;
            }
            if let Some(buffer) = listen(&program) {
                logs.push(Log {
                    program: name,
                    section: program.section().to_string_lossy().into_owned(),
                    buffer,
                });
            }
        }
        Self { logs }
    }

    /// What was written: program, section and text. libbpf stops at the first program that is refused.
    pub(super) fn written(&self) -> Option<(&str, &str, &str)> {
        self.logs.iter().find_map(|log| {
            let text = CStr::from_bytes_until_nul(log.buffer.bytes()).ok()?;
            let text = text.to_str().ok().filter(|text| !text.is_empty())?;
            Some((log.program.as_str(), log.section.as_str(), text))
        })
    }
}

/// Gives a program a log; `None` where its owner has given it one.
fn listen(program: &OpenProgramMut<'_>) -> Option<LogBuffer> {
    let raw = program.as_libbpf_object().as_ptr();
    let mut len = 0;
    // SAFETY: a live program that is not loaded.
    let own = unsafe { libbpf_sys::bpf_program__log_buf(raw, &mut len) };
    if !own.is_null() {
        return None;
    }
    let mut buffer = LogBuffer::new()?;
    // SAFETY: the program is live and not loaded. Its object may keep the address for longer than
    // `buffer` lives, and what is at that address stays readable: see `LogBuffer`.
    let set = unsafe {
        libbpf_sys::bpf_program__set_log_buf(
            raw,
            buffer.as_mut_ptr(),
            LOG_LEN as libbpf_sys::size_t,
        )
    };
    (set == 0).then_some(buffer)
}
