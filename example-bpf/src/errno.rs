//! Error numbers of the kernel by name.

use std::borrow::Cow;
use std::error::Error as _;

/// `ENOTSUPP`, which the kernel's BPF code returns although no header for user space has it.
pub(crate) const ENOTSUPP: i32 = 524;

macro_rules! names {
    ($($name:ident),+ $(,)?) => {
        fn known(errno: i32) -> Option<&'static str> {
            match errno {
                ENOTSUPP => Some("ENOTSUPP"),
                $(libc::$name => Some(stringify!($name)),)+
                _ => None,
            }
        }
    };
}

names! {
    E2BIG, EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EBADF, EBUSY, ECANCELED,
    ECONNREFUSED, ECONNRESET, EDQUOT, EEXIST, EFAULT, EFBIG, EHOSTUNREACH, EINPROGRESS, EINTR, EINVAL,
    EIO, EISCONN, EISDIR, ELOOP, EMFILE, EMLINK, ENAMETOOLONG, ENETUNREACH, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSPC,
    ENOSYS, ENOTDIR, ENOTEMPTY, EOPNOTSUPP, EPERM, EPIPE, ERANGE, EROFS, ESRCH, ESTALE, ETIMEDOUT,
    ETXTBSY, EXDEV,
}

/// The symbolic name of an error number, or the number in words.
pub fn errno_name(errno: i32) -> Cow<'static, str> {
    known(errno).map_or_else(|| format!("errno {errno}").into(), Cow::Borrowed)
}

/// The error number at the root of what libbpf reported, if there is one.
///
/// libbpf-rs keeps the number to itself; only the text of its innermost error, which is an
/// [`std::io::Error`]'s, bears it.
pub fn errno_of(error: &libbpf_rs::Error) -> Option<i32> {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    let (_, number) = text.strip_suffix(')')?.rsplit_once("(os error ")?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    use libbpf_rs::ErrorExt as _;

    #[test]
    fn numbers_survive_their_context() {
        for errno in [libc::EPERM, libc::ENOMEM, ENOTSUPP] {
            let error = libbpf_rs::Error::from_raw_os_error(errno);
            assert_eq!(errno_of(&error), Some(errno));
            assert_eq!(
                errno_of(&error.context("inner").context("outer")),
                Some(errno)
            );
        }
    }

    #[test]
    fn names_are_those_of_the_manual() {
        assert_eq!(errno_name(libc::EPERM), "EPERM");
        assert_eq!(errno_name(524), "ENOTSUPP");
        assert_eq!(errno_name(4000), "errno 4000");
    }
}
