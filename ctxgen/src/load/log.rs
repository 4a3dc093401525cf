//! What the verifier writes about programs.

use std::ffi::CStr;

use libbpf_rs::AsRawLibbpf;
use libbpf_rs::OpenObject;
use libbpf_rs::OpenProgramMut;
use libbpf_rs::libbpf_sys;

/// As much as libbpf takes for a log itself (`BPF_LOG_BUF_SIZE`), since it does not enlarge one of
/// ours. Memory that is not written to costs nothing, and a log is only written when a load fails.
const LOG_LEN: usize = (u32::MAX >> 8) as usize;

/// The logs of programs that may have something left unresolved.
pub(super) struct Logs {
    logs: Vec<Log>,
}

struct Log {
    program: String,
    section: String,
    text: Vec<u8>,
}

impl Logs {
    /// Has libbpf keep the logs of those programs of an object. Until the object is loaded, they must
    /// not be dropped.
    pub(super) fn new(object: &mut OpenObject, of: &[String]) -> Self {
        let mut logs = Vec::new();
        for program in object.progs_mut() {
            let name = program.name().to_string_lossy().into_owned();
            if !program.autoload() || !of.contains(&name) {
                continue;
            }
            if let Some(text) = listen(&program) {
                logs.push(Log {
                    program: name,
                    section: program.section().to_string_lossy().into_owned(),
                    text,
                });
            }
        }
        Self { logs }
    }

    /// What was written: program, section and text. libbpf stops at the first program that is refused.
    pub(super) fn written(&self) -> Option<(&str, &str, &str)> {
        self.logs.iter().find_map(|log| {
            let text = CStr::from_bytes_until_nul(&log.text).ok()?;
            let text = text.to_str().ok().filter(|text| !text.is_empty())?;
            Some((log.program.as_str(), log.section.as_str(), text))
        })
    }
}

/// Gives a program a log; `None` where its owner has given it one.
fn listen(program: &OpenProgramMut<'_>) -> Option<Vec<u8>> {
    let raw = program.as_libbpf_object().as_ptr();
    let mut len = 0;
    // SAFETY: a live program that is not loaded.
    let own = unsafe { libbpf_sys::bpf_program__log_buf(raw, &mut len) };
    if !own.is_null() {
        return None;
    }
    let mut text = vec![0_u8; LOG_LEN];
    // SAFETY: `text` has that length, and its bytes stay where they are until the object is loaded;
    // libbpf does not look at them after that.
    let set = unsafe {
        libbpf_sys::bpf_program__set_log_buf(
            raw,
            text.as_mut_ptr().cast(),
            LOG_LEN as libbpf_sys::size_t,
        )
    };
    (set == 0).then_some(text)
}
