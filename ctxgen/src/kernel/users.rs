//! Programs in user space beside a kernel, for uprobes.

use std::path::Path;
use std::path::PathBuf;

use super::KernelBtf;
use super::error::KernelError;
use crate::btf::Btf;
use crate::user::DEBUG_ROOT;
use crate::user::Types;
use crate::user::UserBtf;

impl KernelBtf {
    /// This kernel, with the functions of a program or library in user space for uprobes: an ELF file
    /// with debug information, in it or in a file of its own, or with a section `.BTF`, as `gcc -gbtf` and
    /// `pahole -J` make it; or raw BTF. Several can be added.
    ///
    /// Debug information (DWARF 4 and 5) takes the feature `dwarf`. A file of its own is found by build
    /// id below `/usr/lib/debug/.build-id`, and by the program's `.gnu_debuglink`.
    ///
    /// # Errors
    /// As [`KernelBtf::from_path`], [`KernelError::UserByteOrder`] where it is for another machine, and
    /// [`UserError::NoTypes`](crate::UserError::NoTypes) where nothing tells prototypes.
    pub fn with_user_file(mut self, path: impl AsRef<Path>) -> Result<Self, KernelError> {
        self.add_user_file(path)?;
        Ok(self)
    }

    /// As [`KernelBtf::with_user_file`]; after an error, the kernel is what it was.
    ///
    /// # Errors
    /// As [`KernelBtf::with_user_file`].
    pub fn add_user_file(&mut self, path: impl AsRef<Path>) -> Result<(), KernelError> {
        self.add_user_file_with(path, &[DEBUG_ROOT.into()])
    }

    /// As [`KernelBtf::add_user_file`], with other folders than `/usr/lib/debug` for debug information.
    ///
    /// # Errors
    /// As [`KernelBtf::with_user_file`].
    pub fn add_user_file_with(
        &mut self,
        path: impl AsRef<Path>,
        debug_roots: &[PathBuf],
    ) -> Result<(), KernelError> {
        let path = path.as_ref();
        let program = UserBtf::read(path, debug_roots)?;
        let (user, kernel) = (program.btf.byte_order(), self.byte_order());
        if user != kernel {
            return Err(KernelError::UserByteOrder {
                path: path.to_owned(),
                user,
                kernel,
                origin: self.origin.clone(),
            });
        }
        self.users.push(program);
        Ok(())
    }

    /// The files with debug information of programs in user space that were read beside the programs' own.
    pub fn user_debug_files(&self) -> impl Iterator<Item = &Path> {
        self.users.iter().flat_map(UserBtf::debug_files)
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
