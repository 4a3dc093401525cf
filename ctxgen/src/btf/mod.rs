//! BTF, read through libbpf.
//!
//! What libbpf 1.7 cannot read is rewritten before ([`plain`]).
//! libbpf checks a BTF's bounds when it parses it: every string offset and section length is inside
//! its table, every type id but one kind, which is checked here, and types are in host byte order
//! afterwards, whatever the file's. What it does not check are cycles and depth, so walks over types
//! are bounded here ([`Btf::resolve`]).

mod check;
pub(crate) mod compat;
mod dump;
mod duplicate_names;
mod header;
mod heads;
mod measure;
mod plain;
mod tags;
mod type_layout;
mod types;
mod writer;

use std::cell::OnceCell;
use std::ffi::CStr;
use std::fmt;
use std::ptr;
use std::ptr::NonNull;

use libbpf_rs::libbpf_sys;

use self::heads::Walked;
use self::plain::Wide;
use self::plain::digestible;

pub use self::dump::CDump;
pub use self::dump::DumpError;
pub use self::header::ByteOrder;
pub use self::header::HeaderError;
pub use self::types::Composite;
pub use self::types::Enumerator;
pub use self::types::IntEncoding;
pub use self::types::Kind;
pub use self::types::Member;
pub use self::types::Param;
pub use self::types::Type;
pub use self::types::TypeId;
pub use self::writer::BtfWriter;

pub(crate) use self::header::Sections;
pub(crate) use self::header::assemble;
pub(crate) use self::heads::Heads;
pub(crate) use self::plain::Below;
pub(crate) use self::plain::for_libbpf;
pub(crate) use self::plain::known;
pub(crate) use self::type_layout::KINDS;
pub(crate) use self::type_layout::Lengths;
pub(crate) use self::type_layout::Shape;
pub(crate) use self::type_layout::TYPE_WORDS;
pub(crate) use self::type_layout::is_unknown;
pub(crate) use self::type_layout::kind_number;
pub(crate) use self::type_layout::stand_in;
pub(crate) use self::type_layout::vlen;
pub(crate) use self::type_layout::with_vlen;
pub(crate) use self::types::MAX_PARAMETERS;

/// How many modifiers and typedefs may stand between a type and what it names.
///
/// The kernel's own limit for such a chain is 32 (`MAX_RESOLVE_DEPTH` in `kernel/bpf/btf.c`).
const MAX_MODIFIERS: usize = 32;

/// How long a name in BTF may be, with the NUL behind it (`btf_name_valid_identifier` and its relatives in
/// `kernel/bpf/btf.c`).
pub(crate) const KSYM_NAME_LEN: usize = 512;

/// A name of BTF, of which no more than [`KSYM_NAME_LEN`] bytes were looked at; the replacement character
/// where it is longer than the kernel's are, or no UTF-8.
pub(crate) fn printable_name(name: &[u8]) -> &str {
    match std::str::from_utf8(name) {
        Ok(name) if name.len() < KSYM_NAME_LEN => name,
        _ => NO_NAME,
    }
}

/// How much is looked at of a string that is no name, in bytes: as much as a path may have (`PATH_MAX`).
const MAX_TEXT: usize = 4096;

/// In the place of a name that is none.
pub(crate) const NO_NAME: &str = "\u{fffd}";

/// Why bytes could not be taken for BTF.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BtfError {
    /// The header is not that of a BTF blob.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// libbpf refused the blob: an id or offset is out of bounds, or a kind is unknown to it.
    #[error("libbpf finds it malformed ({0})")]
    Malformed(std::io::Error),
    /// A kind of type that ctxgen does not know, and no layout section says how long it is.
    #[error(
        "its type {id} is of kind {kind}, which this version of ctxgen does not know, and it has no \
         layout section that would tell how to step over it: use a newer ctxgen, or make the BTF \
         with pahole's `layout` feature"
    )]
    UnknownKind {
        /// The type.
        id: TypeId,
        /// Its `BTF_KIND_*` number.
        kind: u32,
    },
    /// A split BTF without its base.
    #[error(
        "it is the BTF of a kernel module, which continues that of its vmlinux and says nothing \
         without: give the vmlinux's as the kernel's, and this one as a module's"
    )]
    Split,
    /// A prototype's result is of a type that is not there, which libbpf does not look at.
    #[error("its type {id} returns type {returns}, and there is none of that number")]
    NoSuchType {
        /// The prototype.
        id: TypeId,
        /// What it returns.
        returns: TypeId,
    },
}

/// A parsed BTF: a kernel's, or a split BTF on top of one.
///
/// `'base` is the lifetime of the base that a split BTF continues; a BTF of its own has none.
pub struct Btf<'base> {
    ptr: NonNull<libbpf_sys::btf>,
    order: ByteOrder,
    string_end: u32,
    /// The length of this blob's types, in words of 32 bits.
    type_words: usize,
    base: Option<&'base Self>,
    /// How long types are, by kind.
    lengths: Lengths,
    /// This blob's types that have more records than libbpf counts.
    wide: Wide,
    walked: Walked,
    namesakes: OnceCell<Vec<TypeId>>,
}

impl Btf<'static> {
    /// Parses a BTF that stands on its own. `bytes` start with the BTF header, in either byte
    /// order, of 24 bytes or longer.
    ///
    /// # Errors
    /// [`BtfError`], where the bytes are no BTF or are malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, BtfError> {
        Self::new(bytes, None)
    }
}

impl<'base> Btf<'base> {
    /// Parses a split BTF, whose type ids and string offsets continue those of `base`.
    ///
    /// # Errors
    /// As [`Btf::parse`].
    pub fn parse_split(bytes: &[u8], base: &'base Self) -> Result<Self, BtfError> {
        Self::new(bytes, Some(base))
    }

    fn new(bytes: &[u8], base: Option<&'base Self>) -> Result<Self, BtfError> {
        let sections = Sections::parse(bytes)?;
        let order = sections.order;
        // Offset 0 is the empty name, which a split BTF has in its base.
        if base.is_none()
            && bytes[sections.strings.clone()]
                .first()
                .is_some_and(|byte| *byte != 0)
        {
            return Err(BtfError::Split);
        }
        let below = base.map(|btf| Below {
            btf,
            first: btf.type_count(),
        });
        let (plain, wide) = digestible(bytes, below)?;
        let type_words = Sections::parse(&plain)?.types.len() / 4;
        let own_strings = u32::try_from(sections.strings.len()).unwrap_or(u32::MAX);
        let string_end = base
            .map_or(0, |base| base.string_end)
            .saturating_add(own_strings);
        let raw_base = base.map_or(ptr::null_mut(), |base| base.ptr.as_ptr());
        let len = u32::try_from(plain.len()).map_err(|_| HeaderError::TooLarge(plain.len()))?;
        // SAFETY: `plain` is valid for `len` bytes, which libbpf copies; `raw_base` is null or a BTF
        // that outlives the new one by `'base`.
        let ptr = unsafe { libbpf_sys::btf__new_split(plain.as_ptr().cast(), len, raw_base) };
        let ptr = NonNull::new(ptr)
            .ok_or_else(|| BtfError::Malformed(std::io::Error::last_os_error()))?;
        let mut btf = Self {
            ptr,
            order,
            string_end,
            type_words,
            base,
            lengths: sections.lengths(bytes, base.map(|base| &base.lengths)),
            wide,
            walked: Walked::default(),
            namesakes: OnceCell::new(),
        };
        btf.walked = Walked::new(btf.words(), btf.first()..btf.type_count())?;
        Ok(btf)
    }

    /// The id of this blob's first type.
    fn first(&self) -> u32 {
        self.base.map_or(1, Self::type_count)
    }

    /// How many bytes of types and strings there are, the base's included.
    pub(crate) fn len(&self) -> usize {
        let base = self
            .base
            .map_or(0, |base| base.len() - base.string_end as usize);
        base + 4 * self.type_words + self.string_end as usize
    }

    /// The types of this blob as words, in host byte order.
    fn words(&self) -> &[u32] {
        let first = self.first();
        if first >= self.type_count() {
            return &[];
        }
        // SAFETY: `ptr` is a live BTF, and it has a type of that id.
        let raw = unsafe { libbpf_sys::btf__type_by_id(self.ptr.as_ptr(), first) };
        // SAFETY: libbpf keeps the types of a blob one behind the other, in the order of their ids and
        // aligned to four bytes: as many words as the blob has of them, which it has found to be whole
        // types. They stay where they are as long as the BTF lives.
        unsafe { std::slice::from_raw_parts(raw.cast::<u32>(), self.type_words) }
    }

    /// The first words of the types of this blob, for looking through all of them.
    pub(crate) fn heads(&self) -> Heads<'_> {
        self.walked.heads(self.first(), self.words())
    }

    /// The number of types, void (id 0) and the base's included: one more than the highest id.
    pub fn type_count(&self) -> u32 {
        // SAFETY: `ptr` is a live BTF.
        unsafe { libbpf_sys::btf__type_cnt(self.ptr.as_ptr()) }
    }

    /// All ids from `first` to the last.
    pub fn ids_from(&self, first: TypeId) -> impl Iterator<Item = TypeId> + use<> {
        (first.0..self.type_count()).map(TypeId)
    }

    /// All types but void, in id order.
    pub fn types(&self) -> impl Iterator<Item = Type<'_>> {
        self.ids_from(TypeId(1)).filter_map(|id| self.get(id))
    }

    /// The byte order of the target, as the blob has it.
    pub fn byte_order(&self) -> ByteOrder {
        self.order
    }

    /// The length of the string table in bytes, the base's included: the offset at which the
    /// strings of a split BTF on top of this one start.
    pub fn string_end(&self) -> u32 {
        self.string_end
    }

    /// The target's pointer size in bytes; 8 where the BTF does not tell, since that is what a BPF
    /// program sees.
    pub fn pointer_size(&self) -> u32 {
        // SAFETY: `ptr` is a live BTF.
        match unsafe { libbpf_sys::btf__pointer_size(self.ptr.as_ptr()) } {
            4 => 4,
            _ => 8,
        }
    }

    /// The type with this id; `None` beyond the last. Id 0 is void.
    pub fn get(&self, id: TypeId) -> Option<Type<'_>> {
        if let Some(words) = self.wide(id) {
            // SAFETY: the words of a whole type, which starts with a `btf_type`; both are made of u32.
            let raw = unsafe { &*words.as_ptr().cast::<libbpf_sys::btf_type>() };
            // SAFETY: `words` are the type and all its records, and live as long as the BTF.
            return Some(unsafe { Type::new(self, id, raw) });
        }
        // SAFETY: `ptr` is a live BTF; libbpf answers NULL for an id that it does not have.
        let raw = unsafe { libbpf_sys::btf__type_by_id(self.ptr.as_ptr(), id.0) };
        // SAFETY: not null, so it points to a type that lives as long as the BTF and that libbpf
        // has checked, its trailing members included.
        let raw = unsafe { raw.as_ref() }?;
        // SAFETY: as above.
        Some(unsafe { Type::new(self, id, raw) })
    }

    /// The words of a type that has more records than libbpf counts.
    fn wide(&self, id: TypeId) -> Option<&[u32]> {
        let mut layer = self;
        while let Some(base) = layer.base.filter(|_| id.0 < layer.first()) {
            layer = base;
        }
        if layer.wide.is_empty() {
            return None;
        }
        let at = layer.wide.binary_search_by_key(&id.0, |wide| wide.0).ok()?;
        Some(&layer.wide[at].1)
    }

    /// How long types are, by kind: as a split BTF has it that does not say.
    pub(crate) fn lengths(&self) -> &Lengths {
        &self.lengths
    }

    /// The first type of this name and kind in id order. `kind` is a `BTF_KIND_*` number.
    pub fn find(&self, name: &CStr, kind: u32) -> Option<Type<'_>> {
        // SAFETY: `ptr` is a live BTF and `name` ends in NUL.
        let id =
            unsafe { libbpf_sys::btf__find_by_name_kind(self.ptr.as_ptr(), name.as_ptr(), kind) };
        u32::try_from(id).ok().and_then(|id| self.get(TypeId(id)))
    }

    /// What remains of a type when modifiers (const, volatile, restrict, type tags) and typedefs
    /// are taken away. `None` where they form a cycle, or a chain longer than any kernel accepts.
    pub fn resolve(&self, id: TypeId) -> Option<Type<'_>> {
        self.strip(id, true)
    }

    /// As [`Btf::resolve`], but typedefs stay.
    pub fn skip_modifiers(&self, id: TypeId) -> Option<Type<'_>> {
        self.strip(id, false)
    }

    fn strip(&self, id: TypeId, typedefs: bool) -> Option<Type<'_>> {
        let mut ty = self.get(id)?;
        for _ in 0..=MAX_MODIFIERS {
            let next = match ty.kind() {
                Kind::Typedef(to) if typedefs => Some(to),
                kind => kind.modified(),
            };
            match next {
                Some(to) => ty = self.get(to)?,
                None => return Some(ty),
            }
        }
        None
    }

    /// A type's size in bytes; `None` where it has none.
    pub(crate) fn size_of(&self, id: TypeId) -> Option<u32> {
        // SAFETY: `ptr` is a live BTF; libbpf answers with an error for an id that it does not have,
        // and follows a bounded number of references.
        let size = unsafe { libbpf_sys::btf__resolve_size(self.ptr.as_ptr(), id.0) };
        u32::try_from(size).ok()
    }

    /// The structs, unions, enums and typedefs that share their name with another one, in id
    /// order; of a split BTF, those of its base.
    pub(crate) fn namesakes(&self) -> &[TypeId] {
        if let Some(base) = self.base {
            return base.namesakes();
        }
        self.namesakes
            .get_or_init(|| duplicate_names::find(self.heads(), self.string_end as usize))
    }

    /// Where in this blob's strings a name stands. Whoever makes a BTF stores each string once, but
    /// could let it be the end of a longer one too.
    pub(crate) fn name_offsets(&self, name: &str) -> Vec<u32> {
        let first = self.base.map_or(0, Self::string_end);
        let mut offsets = Vec::new();
        if name.is_empty() || name.contains('\0') {
            return offsets;
        }
        let mut needle = name.as_bytes().to_vec();
        needle.push(0);
        let strings = self.strings();
        let mut at = 0;
        while at < strings.len() {
            let rest = &strings[at..];
            // SAFETY: both are as long as they say.
            let found = unsafe {
                libc::memmem(
                    rest.as_ptr().cast(),
                    rest.len(),
                    needle.as_ptr().cast(),
                    needle.len(),
                )
            };
            if found.is_null() {
                break;
            }
            let offset = found.addr() - strings.as_ptr().addr();
            offsets.push(first.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX)));
            at = offset + needle.len();
        }
        offsets
    }

    /// This blob's strings, each with a NUL behind it.
    pub(crate) fn strings(&self) -> &[u8] {
        let first = self.base.map_or(0, Self::string_end);
        // SAFETY: `ptr` is a live BTF; libbpf answers NULL for an offset that it does not have.
        let strings = unsafe { libbpf_sys::btf__str_by_offset(self.ptr.as_ptr(), first) };
        if strings.is_null() {
            return &[];
        }
        let len = (self.string_end - first) as usize;
        // SAFETY: libbpf has checked that the blob's strings are `len` bytes in one piece, which stay
        // where they are as long as the BTF lives.
        unsafe { std::slice::from_raw_parts(strings.cast::<u8>(), len) }
    }

    /// The name at an offset of the string table; empty where there is none. A name that is too long for
    /// the kernel, or no UTF-8, is the replacement character: it is in no identifier, so such a name is
    /// refused wherever it would reach generated code.
    ///
    /// Names may be the ends of one string, so that each could be as long as the whole table.
    pub(crate) fn string(&self, offset: u32) -> &str {
        printable_name(self.bytes_at(offset, KSYM_NAME_LEN))
    }

    /// What is no name at an offset of the string table: a path, a line of a source, the path to a member.
    /// No more than [`MAX_TEXT`] bytes of it.
    pub(crate) fn text(&self, offset: u32) -> &str {
        std::str::from_utf8(self.bytes_at(offset, MAX_TEXT)).unwrap_or(NO_NAME)
    }

    /// The first bytes of a string; none where there is none.
    fn bytes_at(&self, offset: u32, most: usize) -> &[u8] {
        // SAFETY: `ptr` is a live BTF; libbpf answers NULL for an offset that it does not have.
        let string = unsafe { libbpf_sys::btf__name_by_offset(self.ptr.as_ptr(), offset) };
        if string.is_null() {
            return &[];
        }
        // SAFETY: not null, so it points into the string table, which libbpf has checked to end
        // in NUL.
        let len = unsafe { libc::strnlen(string, most) };
        // SAFETY: that many bytes are before the NUL, and they live as long as the BTF.
        unsafe { std::slice::from_raw_parts(string.cast::<u8>(), len) }
    }

    /// The bytes of a split BTF when it continues another base, in which libbpf finds what it refers
    /// to by name. Its own base is one that says what it needs (`.BTF.base`).
    ///
    /// # Errors
    /// [`BtfError::Malformed`], where something is not in that base or is there more than once.
    pub(crate) fn relocated(self, onto: &Btf<'_>) -> Result<Vec<u8>, BtfError> {
        // SAFETY: both are live. libbpf changes ids and offsets in its own copy of the bytes, and
        // makes `onto` the base, which lives until this BTF is dropped here.
        let status = unsafe { libbpf_sys::btf__relocate(self.ptr.as_ptr(), onto.ptr.as_ptr()) };
        match status {
            0 => Ok(self.plain_bytes()),
            error => Err(BtfError::Malformed(std::io::Error::from_raw_os_error(
                -error,
            ))),
        }
    }

    /// The bytes of the strings and types, with a 24-byte header, in the target's byte order. Of
    /// a split BTF, its own part. Where a kind was not known when it was parsed, `const void` stands in
    /// for the type.
    pub fn to_bytes(&self) -> Vec<u8> {
        let plain = self.plain_bytes();
        if self.wide.is_empty() {
            return plain;
        }
        let Ok(sections) = Sections::parse(&plain) else {
            return plain;
        };
        let mut types = Vec::new();
        let mut end = 0;
        let heads = self.heads();
        let ends = heads.starts.iter().skip(1).copied();
        let ends = ends.chain([self.type_words as u32]);
        for (index, (&start, next)) in heads.starts.iter().zip(ends).enumerate() {
            if let Some(words) = self.wide(heads.id(index)) {
                let bytes = &plain[sections.types.clone()];
                types.extend_from_slice(&bytes[end..4 * start as usize]);
                for &word in words {
                    self.order.put_u32(&mut types, word);
                }
                end = 4 * next as usize;
            }
        }
        types.extend_from_slice(&plain[sections.types.clone()][end..]);
        assemble(self.order, &types, &plain[sections.strings])
    }

    /// The bytes as libbpf has them.
    fn plain_bytes(&self) -> Vec<u8> {
        let mut len = 0;
        // SAFETY: `ptr` is a live BTF. The call may build a cache inside it, for which libbpf
        // takes no lock: `Btf` is not `Sync`.
        let data = unsafe { libbpf_sys::btf__raw_data(self.ptr.as_ptr(), &mut len) };
        if data.is_null() {
            return Vec::new();
        }
        // SAFETY: libbpf's buffer of `len` bytes, which lives until the BTF is changed or freed.
        unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len as usize) }.to_vec()
    }
}

impl Drop for Btf<'_> {
    fn drop(&mut self) {
        // SAFETY: `ptr` is ours and is not used again.
        unsafe { libbpf_sys::btf__free(self.ptr.as_ptr()) }
    }
}

impl fmt::Debug for Btf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Btf")
            .field("types", &self.type_count())
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}
