//! A BTF as libbpf has it, for what only libbpf does.
//!
//! libbpf 1.7 refuses kinds of types that it does not know, and misreads what has more records than 16 bits
//! can count. So it gets stand-ins for the first ([`Btf::to_bytes`]), and the second without their records
//! ([`narrowed`]).

use std::borrow::Cow;
use std::io;
use std::ptr;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::BtfError;
use super::Sections;
use super::Type;
use super::type_layout::narrowed;

/// libbpf's `struct btf`. To free one that is split, libbpf does not look at its base.
#[derive(Debug)]
pub(super) struct Libbpf(NonNull<libbpf_sys::btf>);

// SAFETY: it is ours alone, and libbpf keeps nothing of a BTF for the thread that has made it.
unsafe impl Send for Libbpf {}

impl Libbpf {
    fn new(btf: &Btf<'_>) -> Result<Self, BtfError> {
        let base = btf.base.map(Btf::libbpf).transpose()?;
        let base_raw = base
            .as_ref()
            .map_or(ptr::null_mut(), |base| base.0.as_ptr());
        let bytes = narrow(btf);
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // SAFETY: `bytes` is valid for `len` bytes, which libbpf copies; `base` is null or libbpf's view of
        // a BTF that outlives this one.
        let raw = unsafe { libbpf_sys::btf__new_split(bytes.as_ptr().cast(), len, base_raw) };
        let raw = NonNull::new(raw);
        raw.map(Self)
            .ok_or_else(|| BtfError::Malformed(io::Error::last_os_error()))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut len = 0;
        // SAFETY: a live BTF.
        let data = unsafe { libbpf_sys::btf__raw_data(self.0.as_ptr(), &mut len) };
        if data.is_null() {
            return Vec::new();
        }
        // SAFETY: libbpf's buffer of `len` bytes, which lives until the BTF is changed or freed.
        unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len as usize) }.to_vec()
    }
}

impl Drop for Libbpf {
    fn drop(&mut self) {
        // SAFETY: ours, and not used again.
        unsafe { libbpf_sys::btf__free(self.0.as_ptr()) }
    }
}

impl Btf<'_> {
    /// What libbpf makes of this, which is made when it is asked for first. One thread at a time has it: libbpf
    /// does not say what it changes in a BTF that it only reads.
    pub(super) fn libbpf(&self) -> Result<MutexGuard<'_, Libbpf>, BtfError> {
        let known = match self.libbpf.get() {
            Some(known) => known,
            None => {
                let new = Libbpf::new(self)?;
                self.libbpf.get_or_init(|| Mutex::new(new))
            }
        };
        Ok(known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The bytes of a split BTF when it continues another base, in which libbpf finds what it refers
    /// to by name. Its own base is one that says what it needs (`.BTF.base`).
    ///
    /// # Errors
    /// [`BtfError::Malformed`], where something is not in that base or is there more than once.
    pub(crate) fn relocated(&self, onto: &Btf<'_>) -> Result<Vec<u8>, BtfError> {
        let own = Libbpf::new(self)?;
        let onto = onto.libbpf()?;
        // SAFETY: both are live. libbpf changes ids and offsets in its own copy of the bytes, and
        // makes `onto` the base, which lives until this copy is dropped here.
        let status = unsafe { libbpf_sys::btf__relocate(own.0.as_ptr(), onto.0.as_ptr()) };
        match status {
            0 => Ok(own.bytes()),
            error => Err(BtfError::Malformed(io::Error::from_raw_os_error(-error))),
        }
    }
}

/// A blob as libbpf 1.7 reads it.
fn narrow<'b>(btf: &'b Btf<'_>) -> Cow<'b, [u8]> {
    if !btf.is_wide() {
        return btf.plain_bytes();
    }
    let narrow = |ty: Type<'_>| {
        let own = ty.words();
        narrowed(&own).unwrap_or(own)
    };
    Cow::Owned(btf.rewritten(narrow))
}

/// A blob that is not split, of kinds that are known, with a header of 24 bytes.
///
/// # Errors
/// [`BtfError`], where types are not whole.
pub(crate) fn known(bytes: &[u8]) -> Result<Cow<'_, [u8]>, BtfError> {
    rewritten(bytes, |btf| match btf.has_unknown() {
        true => Some(btf.to_bytes()),
        false => None,
    })
}

/// A whole blob that is not split, as libbpf 1.7 can parse it.
///
/// # Errors
/// As [`known`].
pub(crate) fn for_libbpf(bytes: Vec<u8>) -> Result<Vec<u8>, BtfError> {
    let rewritten = rewritten(&bytes, |btf| match btf.has_unknown() || btf.is_wide() {
        true => Some(narrow(btf).into_owned()),
        false => None,
    });
    let owned = match rewritten? {
        Cow::Borrowed(_) => None,
        Cow::Owned(owned) => Some(owned),
    };
    Ok(owned.unwrap_or(bytes))
}

/// A blob with a header of 24 bytes, of types that are rewritten where that is needed.
fn rewritten(
    bytes: &[u8],
    rewrite: impl Fn(&Btf<'_>) -> Option<Vec<u8>>,
) -> Result<Cow<'_, [u8]>, BtfError> {
    let sections = Sections::parse(bytes)?;
    let scanned = Btf::scan(bytes, None, |_, _| ())?;
    if !scanned.has_unknown() && !scanned.is_wide() {
        return Ok(sections.with_plain_header(bytes));
    }
    let rewritten = rewrite(&Btf::outline(bytes, None)?);
    Ok(match rewritten {
        Some(bytes) => Cow::Owned(bytes),
        None => sections.with_plain_header(bytes),
    })
}

#[cfg(test)]
mod tests;
