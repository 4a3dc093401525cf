//! libbpf's printer of C, the yardstick for ours.

use std::ffi::CString;
use std::ffi::c_char;
use std::ffi::c_int;
use std::ffi::c_void;
use std::ptr;
use std::ptr::NonNull;

use libbpf_rs::libbpf_sys;

/// More than libbpf prints in one go.
const PIECE: usize = 64 * 1024;

unsafe extern "C" {
    fn vsnprintf(
        buffer: *mut c_char,
        size: usize,
        format: *const c_char,
        args: *mut libbpf_sys::__va_list_tag,
    ) -> c_int;
}

/// `btf_dump_printf_fn_t`.
unsafe extern "C" fn append(
    text: *mut c_void,
    format: *const c_char,
    args: *mut libbpf_sys::__va_list_tag,
) {
    // SAFETY: the pointer that `btf_dump__new` was given, to the text of a `Dump`, to which nobody has a
    // reference while libbpf is called.
    let Text(text) = unsafe { &mut *text.cast::<Text>() };
    text.reserve(PIECE);
    let free = text.spare_capacity_mut();
    // SAFETY: `free` is writable for its length; format and arguments are libbpf's and match.
    let len = unsafe { vsnprintf(free.as_mut_ptr().cast(), free.len(), format, args) };
    let len = usize::try_from(len).unwrap();
    assert!(len < free.len());
    // SAFETY: that many bytes were written, and a NUL.
    unsafe { text.set_len(text.len() + len) };
}

/// What was printed. libbpf keeps its address.
#[derive(Debug, Default)]
struct Text(Vec<u8>);

/// A BTF as libbpf reads it.
pub(crate) struct Btf(NonNull<libbpf_sys::btf>);

impl Btf {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Self::split(bytes, ptr::null_mut())
    }

    pub(crate) fn parse_split(bytes: &[u8], base: &Self) -> Self {
        Self::split(bytes, base.0.as_ptr())
    }

    fn split(bytes: &[u8], base: *mut libbpf_sys::btf) -> Self {
        // SAFETY: the bytes are as long as it says, and copied; the base is null or lives longer.
        let btf =
            unsafe { libbpf_sys::btf__new_split(bytes.as_ptr().cast(), bytes.len() as u32, base) };
        Self(NonNull::new(btf).expect("libbpf reads it"))
    }

    fn kind(&self, id: u32) -> u32 {
        // SAFETY: it is live, and has a type of that id.
        let ty = unsafe { libbpf_sys::btf__type_by_id(self.0.as_ptr(), id).as_ref() };
        (ty.expect("a type").info >> 24) & 0x1f
    }

    pub(crate) fn type_count(&self) -> u32 {
        // SAFETY: it is live.
        unsafe { libbpf_sys::btf__type_cnt(self.0.as_ptr()) }
    }
}

impl Drop for Btf {
    fn drop(&mut self) {
        // SAFETY: it is ours, and is not used again.
        unsafe { libbpf_sys::btf__free(self.0.as_ptr()) }
    }
}

/// libbpf's printer.
pub(crate) struct Dump<'b> {
    dump: NonNull<libbpf_sys::btf_dump>,
    text: Box<Text>,
    btf: &'b Btf,
}

impl<'b> Dump<'b> {
    /// One that has given all types their names in id order; otherwise, they get them in the order in
    /// which they are met.
    pub(crate) fn new(btf: &'b Btf) -> Self {
        let mut text = Box::<Text>::default();
        // SAFETY: the BTF outlives the printer, and so does the text, which stays where it is.
        let dump = unsafe {
            let text = (&raw mut *text).cast();
            libbpf_sys::btf_dump__new(btf.0.as_ptr(), Some(append), text, ptr::null())
        };
        let dump = NonNull::new(dump).expect("a printer");
        let mut dump = Self { dump, text, btf };
        for id in 1..btf.type_count() {
            if matches!(
                btf.kind(id),
                libbpf_sys::BTF_KIND_STRUCT
                    | libbpf_sys::BTF_KIND_UNION
                    | libbpf_sys::BTF_KIND_ENUM
                    | libbpf_sys::BTF_KIND_ENUM64
                    | libbpf_sys::BTF_KIND_TYPEDEF
            ) && dump.has_name(id)
            {
                dump.declare(id, "");
            }
        }
        dump
    }

    fn has_name(&self, id: u32) -> bool {
        // SAFETY: it is live, and has a type of that id.
        let ty = unsafe { libbpf_sys::btf__type_by_id(self.btf.0.as_ptr(), id).as_ref() };
        ty.expect("a type").name_off != 0
    }

    pub(crate) fn declare(&mut self, id: u32, name: &str) -> String {
        let name = CString::new(name).unwrap();
        let options = libbpf_sys::btf_dump_emit_type_decl_opts {
            sz: size_of::<libbpf_sys::btf_dump_emit_type_decl_opts>() as libbpf_sys::size_t,
            field_name: name.as_ptr(),
            ..Default::default()
        };
        // SAFETY: printer and options are live.
        let status =
            unsafe { libbpf_sys::btf_dump__emit_type_decl(self.dump.as_ptr(), id, &options) };
        self.taken(status)
    }

    pub(crate) fn define(&mut self, id: u32) -> String {
        // SAFETY: the printer is live.
        let status = unsafe { libbpf_sys::btf_dump__dump_type(self.dump.as_ptr(), id) };
        self.taken(status)
    }

    fn taken(&mut self, status: c_int) -> String {
        assert_eq!(status, 0);
        let text = String::from_utf8(std::mem::take(&mut self.text.0));
        text.unwrap()
    }
}

impl Drop for Dump<'_> {
    fn drop(&mut self) {
        // SAFETY: it is ours, and is not used again.
        unsafe { libbpf_sys::btf_dump__free(self.dump.as_ptr()) }
    }
}
