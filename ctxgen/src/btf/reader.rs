//! The reader: types and strings of a blob where they stand, owned or borrowed.
//!
//! A blob is gone through once, to find where its types start; what is in them is looked at when it is asked
//! for. Types are words of 32 bits. Where they are in the host's byte order, they are read in place.

use std::borrow::Cow;
use std::fmt;
use std::sync::Mutex;
use std::sync::OnceLock;

use super::BtfError;
use super::ByteOrder;
use super::KSYM_NAME_LEN;
use super::Kind;
use super::Lengths;
use super::NO_NAME;
use super::Sections;
use super::Type;
use super::TypeId;
use super::blob::Blob;
use super::blob::Bytes;
use super::blob::Held;
use super::blob::in_order;
use super::header::assemble;
use super::libbpf::Libbpf;
use super::name::MAX_TEXT;
use super::places::Keep;
use super::places::Places;
use super::printable_name;
use super::unknown::Unknown;
use super::validate;

/// How many modifiers and typedefs may stand between a type and what it names.
///
/// The kernel's own limit for such a chain is 32 (`MAX_RESOLVE_DEPTH` in `kernel/bpf/btf.c`).
pub(super) const MAX_MODIFIERS: usize = 32;

/// A parsed BTF: a kernel's, or a split BTF on top of one.
///
/// `'b` is the lifetime of the bytes, where it borrows them, and of the base that a split BTF continues.
pub struct Btf<'b> {
    order: ByteOrder,
    blob: Blob<'b>,
    /// How long types are, by kind.
    pub(super) lengths: Lengths,
    pub(super) base: Option<&'b Self>,
    /// The id of this blob's first type, and where its strings start.
    pub(super) first: u32,
    first_string: u32,
    pub(super) places: Places,
    /// Where there are types of unknown kinds, what is nothing without them.
    pub(super) unknown: Option<Unknown>,
    pub(super) pointer_size: OnceLock<Option<u32>>,
    pub(super) namesakes: OnceLock<Vec<TypeId>>,
    /// The numbers that this blob's types have behind their names in C, in id order.
    pub(super) name_numbers: OnceLock<Vec<(TypeId, u32)>>,
    pub(super) libbpf: OnceLock<Mutex<Libbpf>>,
}

/// What a split BTF continues: so many of a BTF's types, void included, and bytes of its strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Below<'b> {
    pub(crate) btf: &'b Btf<'b>,
    pub(crate) types: u32,
    pub(crate) strings: u32,
}

impl<'b> Below<'b> {
    fn all(btf: &'b Btf<'_>) -> Self {
        Self {
            btf,
            types: btf.type_count(),
            strings: btf.string_end(),
        }
    }
}

impl Btf<'static> {
    /// Parses a BTF that stands on its own. `bytes` start with the BTF header, in either byte
    /// order, of 24 bytes or longer.
    ///
    /// # Errors
    /// [`BtfError`], where the bytes are no BTF or are malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, BtfError> {
        Self::owned(bytes.to_vec(), None)
    }

    /// As [`Btf::parse`], of bytes that are not needed for anything else.
    ///
    /// # Errors
    /// As [`Btf::parse`].
    pub(crate) fn from_vec(bytes: Vec<u8>) -> Result<Self, BtfError> {
        Self::owned(bytes, None)
    }

    /// As [`Btf::scan`], of a blob that stands on its own and keeps its bytes. The kinds of all types are
    /// kept.
    ///
    /// # Errors
    /// As [`Btf::scan`].
    pub(crate) fn held(bytes: Box<dyn Held>) -> Result<Self, BtfError> {
        let sections = Sections::parse(bytes.bytes())?;
        let mut btf = Self::open(Bytes::Held(bytes), &sections, None)?;
        btf.places = btf.walk(Keep::Kinds)?;
        btf.find_unknown();
        Ok(btf)
    }
}

impl<'b> Btf<'b> {
    /// Parses a split BTF, whose type ids and string offsets continue those of `base`.
    ///
    /// # Errors
    /// As [`Btf::parse`].
    pub fn parse_split(bytes: &[u8], base: &'b Btf<'_>) -> Result<Self, BtfError> {
        Self::owned(bytes.to_vec(), Some(Below::all(base)))
    }

    fn owned(bytes: Vec<u8>, below: Option<Below<'b>>) -> Result<Self, BtfError> {
        let sections = Sections::parse(&bytes)?;
        let mut btf = Self::open(Bytes::Plain(Cow::Owned(bytes)), &sections, below)?;
        validate::sections(&sections, btf.strings(), below.is_some())?;
        btf.places = btf.walk(Keep::All)?;
        btf.find_unknown();
        validate::types(&btf)?;
        Ok(btf)
    }

    /// Reads a blob in place, and checks no more of it than that its types are whole. Of most types, the
    /// place is found when it is asked for: all places would take more memory than what is needed of a
    /// kernel's types when a program is loaded.
    ///
    /// # Errors
    /// [`BtfError`], where the bytes are no BTF, or the types are not whole.
    pub(crate) fn scan(bytes: &'b [u8], base: Option<&'b Btf<'_>>) -> Result<Self, BtfError> {
        Self::borrowed(bytes, base.map(Below::all), Keep::Few)
    }

    /// As [`Btf::scan`], with the places of all types.
    ///
    /// # Errors
    /// As [`Btf::scan`].
    pub(crate) fn outline(bytes: &'b [u8], below: Option<Below<'b>>) -> Result<Self, BtfError> {
        let mut btf = Self::borrowed(bytes, below, Keep::All)?;
        btf.find_unknown();
        Ok(btf)
    }

    fn borrowed(bytes: &'b [u8], below: Option<Below<'b>>, keep: Keep) -> Result<Self, BtfError> {
        let sections = Sections::parse(bytes)?;
        let mut btf = Self::open(Bytes::Plain(Cow::Borrowed(bytes)), &sections, below)?;
        btf.places = btf.walk(keep)?;
        Ok(btf)
    }

    fn open(
        bytes: Bytes<'b>,
        sections: &Sections,
        below: Option<Below<'b>>,
    ) -> Result<Self, BtfError> {
        let lengths = sections.lengths(&bytes, below.map(|below| &below.btf.lengths));
        let blob = Blob::new(bytes, sections);
        // Offset 0 is the empty name, which a split BTF has in its base.
        if below.is_none() && blob.strings().first().is_some_and(|byte| *byte != 0) {
            return Err(BtfError::Split);
        }
        let btf = Self {
            order: sections.order,
            blob,
            lengths,
            base: below.map(|below| below.btf),
            first: below.map_or(1, |below| below.types),
            first_string: below.map_or(0, |below| below.strings),
            places: Places::default(),
            unknown: None,
            pointer_size: OnceLock::new(),
            namesakes: OnceLock::new(),
            name_numbers: OnceLock::new(),
            libbpf: OnceLock::new(),
        };
        match sections.types.len().is_multiple_of(4) {
            true => Ok(btf),
            // Types are whole words.
            false => Err(BtfError::Truncated(btf.walk(Keep::Few)?.next(btf.first))),
        }
    }

    fn walk(&self, keep: Keep) -> Result<Places, BtfError> {
        Places::find(self.words(), &self.lengths, self.first, keep)
    }

    fn find_unknown(&mut self) {
        if self.places.unknown || self.base.is_some_and(|base| base.unknown.is_some()) {
            let unknown = Unknown::find(self);
            self.places.kinds = unknown.kinds(self);
            self.unknown = Some(unknown);
        }
    }

    /// How many bytes of types and strings there are, the base's included.
    pub(crate) fn len(&self) -> usize {
        let base = self.base.map_or(0, Self::len);
        base + 4 * self.words().len() + self.strings().len()
    }

    /// The number of types, void (id 0) and the base's included: one more than the highest id.
    pub fn type_count(&self) -> u32 {
        self.first.saturating_add(self.places.count)
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
        let own = u32::try_from(self.strings().len()).unwrap_or(u32::MAX);
        self.first_string.saturating_add(own)
    }

    /// The type with this id; `None` beyond the last. Id 0 is void.
    pub fn get(&self, id: TypeId) -> Option<Type<'_>> {
        if id == TypeId::VOID {
            return Some(Type::void(self));
        }
        let (layer, index) = self.layer(id)?;
        let words = layer.words_at(index)?;
        Some(Type::new(self, id, layer.places.kind(index, words), words))
    }

    /// The blob that has a type, and its index there.
    fn layer(&self, id: TypeId) -> Option<(&Self, u32)> {
        let mut layer = self;
        while id.0 < layer.first {
            layer = layer.base?;
        }
        Some((layer, id.0 - layer.first))
    }

    /// The types of this blob, in host byte order.
    #[inline(always)]
    pub(super) fn words(&self) -> &[u32] {
        self.blob.words()
    }

    /// The words of one of this blob's types.
    pub(super) fn words_at(&self, index: u32) -> Option<&[u32]> {
        let (start, end) = self.places.range(index, self.words(), &self.lengths)?;
        self.words().get(start..end)
    }

    /// The unknown kind that a type is of behind typedefs, modifiers and arrays; 0 where it is none.
    pub(super) fn unknown_behind(&self, id: TypeId) -> u32 {
        let behind = |(layer, index): (&Self, u32)| layer.unknown.as_ref()?.behind(index);
        self.layer(id).and_then(behind).unwrap_or(0)
    }

    /// The place of a type among this blob's own.
    pub(super) fn own_index(&self, id: TypeId) -> Option<usize> {
        let index = id.0.checked_sub(self.first)?;
        (index < self.places.count).then_some(index as usize)
    }

    /// Where one of this blob's types starts, in bytes from where the types do.
    pub(crate) fn offset_of(&self, id: TypeId) -> Option<usize> {
        let index = id.0.checked_sub(self.first)?;
        let (start, _) = self.places.range(index, self.words(), &self.lengths)?;
        Some(4 * start)
    }

    /// Whether there are types of kinds that are not known.
    pub(super) fn has_unknown(&self) -> bool {
        self.places.unknown || self.unknown.is_some()
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

    /// This blob's strings, each with a NUL behind it.
    pub(crate) fn strings(&self) -> &[u8] {
        self.blob.strings()
    }

    /// Where the first of them starts.
    pub(super) fn first_string(&self) -> u32 {
        self.first_string
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
    pub(super) fn bytes_at(&self, offset: u32, most: usize) -> &[u8] {
        let rest = self.strings_at(offset);
        let most = rest.len().min(most);
        // SAFETY: that many bytes are there.
        let len = unsafe { libc::strnlen(rest.as_ptr().cast(), most) };
        match len == rest.len() {
            // A blob whose last string has no end, of which only that is looked at.
            true => &[],
            false => &rest[..len],
        }
    }

    /// All that is at an offset of the string table and behind it, in the blob which that is of.
    pub(crate) fn strings_at(&self, offset: u32) -> &[u8] {
        let mut layer = self;
        loop {
            let own = offset.checked_sub(layer.first_string);
            match (own, layer.base) {
                (Some(own), _) => return layer.strings().get(own as usize..).unwrap_or_default(),
                (None, Some(base)) => layer = base,
                (None, None) => return &[],
            }
        }
    }

    /// The bytes of the strings and types, with a 24-byte header, in the target's byte order. Of
    /// a split BTF, its own part. Where a kind was not known when it was parsed, `const void` stands in
    /// for the type.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.plain_bytes().into_owned()
    }

    /// As [`Btf::to_bytes`], where they are if nothing is to be changed.
    pub(super) fn plain_bytes(&self) -> Cow<'_, [u8]> {
        match self.has_unknown() {
            false => self.blob.plain(self.order),
            true => Cow::Owned(self.rewritten(|ty| ty.words())),
        }
    }

    /// The blob with other words for its types.
    pub(super) fn rewritten(&self, words_of: impl Fn(Type<'_>) -> Vec<u32>) -> Vec<u8> {
        let own = self.ids_from(TypeId(self.first));
        let types = own.filter_map(|id| self.get(id));
        let words: Vec<u32> = types.flat_map(words_of).collect();
        assemble(self.order, &in_order(&words, self.order), self.strings())
    }

    /// Whether one of this blob's types has more records than libbpf 1.7 can count.
    pub(super) fn is_wide(&self) -> bool {
        self.places.wide
    }

    /// The first types of this blob and of its strings as a blob of their own.
    pub(crate) fn first_parts(&self, end: Below<'_>) -> Vec<u8> {
        let index = end.types.saturating_sub(self.first);
        let range = self.places.range(index, self.words(), &self.lengths);
        let len = range.map_or(self.words().len(), |(start, _)| start);
        let strings = &self.strings()[..self.strings().len().min(end.strings as usize)];
        let types = in_order(&self.words()[..len], self.order);
        assemble(self.order, &types, strings)
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
