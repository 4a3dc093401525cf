//! Functions, some of them with names that hooks are known by.

use libbpf_rs::libbpf_sys as sys;

use super::Maker;

/// The most functions, and the most tracepoints.
const MOST: usize = 6;

/// What the names of functions start with by which hooks are known.
const PREFIXES: [&str; 6] = [
    "",
    "",
    "bpf_lsm_",
    "__probestub_",
    "__bpf_trace_",
    "bpf_iter_",
];

impl Maker<'_> {
    /// A prototype with these parameters and more.
    pub(super) fn prototype(&mut self, first: &[(&str, u32)]) -> u32 {
        let mut params: Vec<(String, u32)> = first
            .iter()
            .map(|(name, id)| ((*name).to_owned(), *id))
            .collect();
        for _ in 0..self.below(5) {
            let name = match self.below(8) {
                0 => String::new(),
                1 => params.last().map_or(String::new(), |last| last.0.clone()),
                2 if !self.names.is_empty() => {
                    let at = self.below(self.names.len());
                    self.names[at].clone()
                }
                _ => self.fresh("a"),
            };
            params.push((name, self.value().id));
        }
        // The list of variable arguments.
        if !params.is_empty() && self.once_in(10) {
            params.push((String::new(), 0));
        }
        let ret = match self.once_in(3) {
            true => 0,
            false => self.value().id,
        };
        let params: Vec<(&str, u32)> = params.iter().map(|(name, id)| (&**name, *id)).collect();
        self.blob.proto(ret, &params)
    }

    pub(super) fn functions(&mut self) {
        for _ in 0..self.below(MOST) {
            let prefix = self.pick(&PREFIXES);
            let name = format!("{prefix}{}", self.name("f"));
            let proto = self.prototype(&[]);
            let function = self.blob.add(&name, sys::BTF_KIND_FUNC, 0, proto, &[]);
            if self.once_in(3) {
                let itself = [u32::MAX];
                self.blob
                    .add("bpf_kfunc", sys::BTF_KIND_DECL_TAG, 0, function, &itself);
            }
        }
        for _ in 0..self.below(MOST) {
            let name = format!("btf_trace_{}", self.name("f"));
            let data = self.blob.ptr(0);
            let proto = self.prototype(&[("", data)]);
            let pointer = self.blob.ptr(proto);
            self.blob.typedef(&name, pointer);
        }
    }
}
