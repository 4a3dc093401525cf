//! The BTF of programs in user space, for the functions that uprobes are set on.

use std::path::Path;
use std::path::PathBuf;

use super::KernelBtf;
use super::Origin;
use super::source;
use crate::Error;
use crate::btf::Btf;
use crate::btf::ByteOrder;

/// A program or library whose functions' prototypes are known.
#[derive(Debug)]
pub(crate) struct UserBtf {
    pub(crate) btf: Btf<'static>,
    path: PathBuf,
}

/// Whose types a prototype consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Types {
    /// The kernel's and its modules'.
    #[default]
    Kernel,
    /// Those of a program in user space, by its number among those that were added.
    User(usize),
}

impl KernelBtf {
    /// This kernel, with the functions of a program or library in user space for uprobes: an ELF file
    /// with a section `.BTF`, as `gcc -gbtf` and `pahole -J` make it, or raw BTF. Several can be added.
    ///
    /// # Errors
    /// As [`KernelBtf::from_path`], and [`Error::UserByteOrder`] where it is for another machine.
    pub fn with_user_file(mut self, path: impl AsRef<Path>) -> Result<Self, Error> {
        self.add_user_file(path)?;
        Ok(self)
    }

    /// As [`KernelBtf::with_user_file`]; after an error, the kernel is what it was.
    ///
    /// # Errors
    /// As [`KernelBtf::with_user_file`].
    pub fn add_user_file(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let found = source::read_btf(path)?;
        let origin = || Origin::File(path.to_owned());
        let btf = Btf::parse(&found.btf).map_err(|error| Error::BadBtf {
            origin: origin(),
            error,
        })?;
        let (user, kernel): (ByteOrder, ByteOrder) = (btf.byte_order(), self.byte_order());
        if user != kernel {
            return Err(Error::UserByteOrder {
                path: path.to_owned(),
                user,
                kernel,
                origin: self.origin.clone(),
            });
        }
        self.users.push(UserBtf {
            btf,
            path: path.to_owned(),
        });
        Ok(())
    }

    /// The programs in user space, in the order in which they were added.
    pub(crate) fn users(&self) -> &[UserBtf] {
        &self.users
    }

    /// The BTF that a prototype's types are in.
    pub fn types(&self, types: Types) -> &Btf<'static> {
        match types {
            Types::Kernel => &self.btf,
            Types::User(number) => self.users.get(number).map_or(&self.btf, |user| &user.btf),
        }
    }
}

impl UserBtf {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
