//! C text of types, as libbpf's `btf_dump` writes it.

use std::ffi::CString;
use std::ffi::c_char;
use std::ffi::c_int;
use std::ffi::c_void;
use std::fmt;
use std::ptr::NonNull;

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::BtfError;
use super::KSYM_NAME_LEN;
use super::NO_NAME;
use super::TypeId;
use super::check;
use super::check::Scope;

/// The most that libbpf prints in one go is a line around one name; no compiler
/// writes a C identifier that fills this.
const MAX_PIECE: usize = 16 * 1024;

/// Why C text could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// Types hold each other in a circle, or are nested deeper than any compiler does.
    #[error("type {0} is nested in itself or too deeply")]
    Nesting(TypeId),
    /// A type would be written in more text than any compiler's is.
    #[error("type {0} takes too much text")]
    TooMuch(TypeId),
    /// A number has no size, or a struct's members are where no compiler puts them.
    #[error("type {0} has a size, or members at offsets, that no compiler gives a type")]
    Layout(TypeId),
    /// It has more members or values than libbpf counts.
    #[error("type {0} has more members or values than libbpf 1.7 can print")]
    Wide(TypeId),
    /// libbpf gave up.
    #[error("libbpf cannot print type {id} ({error})")]
    Libbpf {
        /// The type that it was asked for.
        id: TypeId,
        /// Its reason.
        error: std::io::Error,
    },
    /// A name is longer than any of the kernel's (`KSYM_NAME_LEN`), or no UTF-8.
    #[error(
        "a name in type {0} is longer than the {longest} bytes of the kernel's names, or no UTF-8",
        longest = KSYM_NAME_LEN - 1
    )]
    TooLong(TypeId),
}

/// How many bytes of text one printer writes of the smallest BTF. Names and prototypes may be shared, so
/// that the text is not bounded by the types.
const MOST_TEXT: usize = 8 << 20;

/// How many more for each byte of a BTF. `vmlinux.h` of a 7.3 kernel is smaller than its BTF.
const TEXT_OF_BYTE: usize = 4;

/// What libbpf's callback writes to.
#[derive(Debug)]
struct Sink {
    /// Kept from text to text: most are short, and room for a piece is not.
    text: Vec<u8>,
    too_long: bool,
    /// How many more bytes may be written.
    left: usize,
}

impl Sink {
    /// For the types of a BTF of that many bytes.
    fn for_btf(len: usize) -> Self {
        Self {
            text: Vec::new(),
            too_long: false,
            left: MOST_TEXT.saturating_add(TEXT_OF_BYTE.saturating_mul(len)),
        }
    }
}

/// libbpf's C printer for the types of a [`Btf`].
///
/// Two types of one name are told apart by a suffix (`foo___2`), given in the order in which the
/// printer meets them; [`CDump::new`] lets it meet them in id order, so that all printers of one
/// BTF agree.
pub struct CDump<'b> {
    ptr: NonNull<libbpf_sys::btf_dump>,
    // Boxed: libbpf keeps its address.
    sink: Box<Sink>,
    btf: &'b Btf<'b>,
}

impl fmt::Debug for CDump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CDump").finish_non_exhaustive()
    }
}

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
    sink: *mut c_void,
    format: *const c_char,
    args: *mut libbpf_sys::__va_list_tag,
) {
    // SAFETY: `sink` is the pointer that `btf_dump__new` was given, to the `Sink` of a `CDump`
    // whose methods alone call into libbpf and hold no reference to it while they do.
    let sink = unsafe { &mut *sink.cast::<Sink>() };
    if sink.left == 0 {
        return;
    }
    sink.text.reserve(MAX_PIECE);
    let free = sink.text.spare_capacity_mut();
    // SAFETY: `free` is writable for its length; format and arguments are libbpf's and match.
    let len = unsafe { vsnprintf(free.as_mut_ptr().cast(), free.len(), format, args) };
    match usize::try_from(len) {
        // SAFETY: `vsnprintf` has written `len` bytes and a NUL.
        Ok(len) if len < free.len() => unsafe {
            sink.left = sink.left.saturating_sub(len);
            sink.text.set_len(sink.text.len() + len);
        },
        _ => sink.too_long = true,
    }
}

impl<'b> CDump<'b> {
    /// A printer for `btf` and its base.
    ///
    /// # Errors
    /// [`DumpError::Libbpf`], where memory is short.
    pub fn new(btf: &'b Btf<'_>) -> Result<Self, DumpError> {
        let mut sink = Box::new(Sink::for_btf(btf.len()));
        let raw = btf.libbpf().map_err(|error| DumpError::Libbpf {
            id: TypeId::VOID,
            error: match error {
                BtfError::Malformed(error) => error,
                error => std::io::Error::other(error),
            },
        })?;
        // SAFETY: the BTF outlives the printer by `'b`; the sink is boxed, so it stays where it
        // is; libbpf takes NULL for options.
        let ptr = unsafe {
            libbpf_sys::btf_dump__new(
                raw.as_ptr(),
                Some(append),
                (&raw mut *sink).cast(),
                std::ptr::null(),
            )
        };
        let ptr = NonNull::new(ptr).ok_or_else(|| DumpError::Libbpf {
            id: TypeId::VOID,
            error: std::io::Error::last_os_error(),
        })?;
        let mut dump = Self { ptr, sink, btf };
        for &id in btf.namesakes() {
            // Wherever it is printed, it is refused.
            if btf.get(id).is_none_or(|ty| ty.name() == NO_NAME) {
                continue;
            }
            // What cannot be declared otherwise is refused wherever it is printed.
            if let Err(error @ DumpError::Libbpf { .. }) = dump.declare(id, "") {
                return Err(error);
            }
        }
        Ok(dump)
    }

    /// A declaration of `name` with this type: `struct task_struct *p`, `void (*fn)(int)`. With an
    /// empty name, the type alone.
    ///
    /// # Errors
    /// [`DumpError`], where the type cannot be written in C.
    pub fn declare(&mut self, id: TypeId, name: &str) -> Result<String, DumpError> {
        if self.sink.left == 0 {
            return Err(DumpError::TooMuch(id));
        }
        check::printable(self.btf, [id], Scope::Declaration)?;
        let name = CString::new(name).map_err(|_| DumpError::TooLong(id))?;
        let options = libbpf_sys::btf_dump_emit_type_decl_opts {
            sz: size_of::<libbpf_sys::btf_dump_emit_type_decl_opts>() as libbpf_sys::size_t,
            field_name: name.as_ptr(),
            ..Default::default()
        };
        // SAFETY: printer and options are live; the id's nesting is bounded.
        let status =
            unsafe { libbpf_sys::btf_dump__emit_type_decl(self.ptr.as_ptr(), id.0, &options) };
        self.take(id, status)
    }

    /// The definition of a type and of all that has to stand before it, as far as this printer has
    /// not given them already.
    ///
    /// # Errors
    /// [`DumpError`], where the type cannot be written in C.
    pub fn define(&mut self, id: TypeId) -> Result<String, DumpError> {
        check::printable(self.btf, [id], Scope::Definition)?;
        self.define_unchecked(id)
    }

    /// The definitions of all types, in an order that C accepts.
    ///
    /// # Errors
    /// [`DumpError`], where a type cannot be written in C.
    pub fn define_all(&mut self) -> Result<String, DumpError> {
        self.define_each(self.btf.ids_from(TypeId(1)))
    }

    /// The definitions of several types and of all that has to stand before them.
    ///
    /// Enums come first: values that share a name are told apart in the order in which libbpf
    /// writes them, and so have the same names whatever is written beside them.
    ///
    /// # Errors
    /// [`DumpError`], where a type cannot be written in C.
    pub fn define_each(
        &mut self,
        ids: impl IntoIterator<Item = TypeId>,
    ) -> Result<String, DumpError> {
        let ids: Vec<TypeId> = ids.into_iter().collect();
        check::printable(self.btf, ids.iter().copied(), Scope::Definition)?;
        let btf = self.btf;
        let is_enum = |id: TypeId| {
            let kind = btf.get(id).map(|ty| ty.kind_number());
            matches!(
                kind,
                Some(libbpf_sys::BTF_KIND_ENUM | libbpf_sys::BTF_KIND_ENUM64)
            )
        };
        for enums in [true, false] {
            for &id in &ids {
                if is_enum(id) == enums {
                    self.write_definition(id)?;
                }
            }
        }
        self.take(TypeId::VOID, 0)
    }

    fn define_unchecked(&mut self, id: TypeId) -> Result<String, DumpError> {
        self.write_definition(id)?;
        self.take(id, 0)
    }

    /// Has libbpf write a definition behind the text that there is.
    fn write_definition(&mut self, id: TypeId) -> Result<(), DumpError> {
        // SAFETY: the printer is live, and the id's nesting was checked to be bounded.
        let status = unsafe { libbpf_sys::btf_dump__dump_type(self.ptr.as_ptr(), id.0) };
        if status < 0 || self.sink.too_long || self.sink.left == 0 {
            self.take(id, status)?;
        }
        Ok(())
    }

    fn take(&mut self, id: TypeId, status: c_int) -> Result<String, DumpError> {
        let text = String::from_utf8_lossy(&self.sink.text).into_owned();
        self.sink.text.clear();
        if self.sink.left == 0 {
            return Err(DumpError::TooMuch(id));
        }
        if std::mem::take(&mut self.sink.too_long) {
            return Err(DumpError::TooLong(id));
        }
        if status < 0 {
            return Err(DumpError::Libbpf {
                id,
                error: std::io::Error::from_raw_os_error(-status),
            });
        }
        Ok(text)
    }
}

impl Drop for CDump<'_> {
    fn drop(&mut self) {
        // SAFETY: the printer is ours and is not used again.
        unsafe { libbpf_sys::btf_dump__free(self.ptr.as_ptr()) }
    }
}
