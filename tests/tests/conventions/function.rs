//! Functions with arguments of all kinds, in C and in BTF.

use std::fmt::Write;

use ctxgen::btf::BtfWriter;
use ctxgen::btf::IntEncoding;
use ctxgen::btf::TypeId;
use ctxgen_tests::prng::Prng;

/// A type.
#[derive(Clone, Debug)]
pub(crate) enum Ty {
    /// An integer, by its name in C and its bytes.
    Int(&'static str, u32),
    Pointer,
    /// `__int128`.
    Wide,
    Double,
    Struct {
        /// Which of the function's it is.
        number: usize,
        members: Vec<Self>,
        packed: bool,
    },
}

const INTS: [Ty; 4] = [
    Ty::Int("unsigned char", 1),
    Ty::Int("short", 2),
    Ty::Int("int", 4),
    Ty::Int("long", 8),
];

impl Ty {
    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self, Self::Int(..) | Self::Pointer)
    }

    fn random(number: usize, wide: bool, prng: &mut Prng) -> Self {
        match prng.below(12) {
            0..=6 => prng.pick(&INTS).clone(),
            7 => Self::Pointer,
            8 if wide => Self::Wide,
            8 => Self::Pointer,
            9 => Self::Double,
            _ => {
                let count = 1 + prng.below(5);
                let members = (0..count).map(|_| match prng.below(30) {
                    0 => Self::Double,
                    1 => Self::Wide,
                    2..=5 => Self::Pointer,
                    _ => prng.pick(&INTS).clone(),
                });
                Self::Struct {
                    number,
                    members: members.collect(),
                    packed: prng.once_in(4),
                }
            }
        }
    }

    fn size(&self) -> u32 {
        match self {
            Self::Int(_, size) => *size,
            Self::Pointer | Self::Double => 8,
            Self::Wide => 16,
            Self::Struct { .. } => self.layout().0,
        }
    }

    fn align(&self) -> u32 {
        match self {
            Self::Struct { packed: true, .. } => 1,
            Self::Struct { members, .. } => members.iter().map(Self::align).max().unwrap_or(1),
            other => other.size(),
        }
    }

    /// A struct's size, and where its members are.
    fn layout(&self) -> (u32, Vec<u32>) {
        let Self::Struct {
            members, packed, ..
        } = self
        else {
            return (self.size(), Vec::new());
        };
        let mut end = 0u32;
        let mut offsets = Vec::new();
        for member in members {
            if !packed {
                end = end.next_multiple_of(member.align());
            }
            offsets.push(end);
            end += member.size();
        }
        (end.next_multiple_of(self.align()), offsets)
    }

    fn c(&self, function: &str) -> String {
        match self {
            Self::Int(name, _) => (*name).to_owned(),
            Self::Pointer => "void *".to_owned(),
            Self::Wide => "__int128".to_owned(),
            Self::Double => "double".to_owned(),
            Self::Struct { number, .. } => format!("struct {function}_s{number}"),
        }
    }

    /// As [`Ty::c`], but with all integers as wide as a register: a narrow one is in the same, and a
    /// compiler would extend it into another before it names it.
    fn argument(&self, function: &str) -> String {
        match self {
            Self::Int(..) => "long".to_owned(),
            other => other.c(function),
        }
    }

    fn write(&self, writer: &mut BtfWriter, function: &str) -> TypeId {
        match self {
            Self::Int(name, size) => writer.int(name, *size, IntEncoding::Signed),
            Self::Pointer => writer.pointer(TypeId::VOID),
            Self::Wide => writer.int("__int128", 16, IntEncoding::Signed),
            Self::Double => writer.float("double", 8),
            Self::Struct {
                number, members, ..
            } => {
                let (size, offsets) = self.layout();
                let types: Vec<TypeId> = members
                    .iter()
                    .map(|member| member.write(writer, function))
                    .collect();
                let names: Vec<String> = (0..members.len()).map(|at| format!("m{at}")).collect();
                let members: Vec<_> = names
                    .iter()
                    .zip(types)
                    .zip(offsets)
                    .map(|((name, ty), offset)| (name.as_str(), ty, offset))
                    .collect();
                writer.structure(&format!("{function}_s{number}"), size, &members)
            }
        }
    }
}

/// A function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    ret: Option<Ty>,
    pub(crate) args: Vec<Ty>,
}

impl Function {
    /// The function of that number; with `wide`, integers of 16 bytes may be among its arguments.
    pub(crate) fn random(number: usize, wide: bool, prng: &mut Prng) -> Self {
        let count = prng.below(11);
        Self {
            name: format!("fn{number}"),
            ret: (!prng.once_in(3)).then(|| Ty::random(99, true, prng)),
            args: (0..count)
                .map(|number| Ty::random(number, wide, prng))
                .collect(),
        }
    }

    /// The structs that it takes and returns, in C.
    pub(crate) fn types(&self) -> String {
        let mut text = String::new();
        for ty in self.args.iter().chain(&self.ret) {
            let Ty::Struct {
                members, packed, ..
            } = ty
            else {
                continue;
            };
            let _ = write!(text, "{} {{", ty.c(&self.name));
            for (at, member) in members.iter().enumerate() {
                let _ = write!(text, " {} m{at};", member.c(&self.name));
            }
            text.push_str(match packed {
                true => " } __attribute__((packed));\n",
                false => " };\n",
            });
        }
        text
    }

    /// In C, with `suffix` behind its name.
    fn head(&self, suffix: &str) -> String {
        let ret = self.ret.as_ref().map(|ret| ret.c(&self.name));
        let args: Vec<_> = (0..)
            .zip(&self.args)
            .map(|(number, arg): (usize, _)| format!("{} a{number}", arg.argument(&self.name)))
            .collect();
        let args = match args.is_empty() {
            true => "void".to_owned(),
            false => args.join(", "),
        };
        format!(
            "{} {}{suffix}({args})",
            ret.as_deref().unwrap_or("void"),
            self.name
        )
    }

    pub(crate) fn declaration(&self) -> String {
        let types = self.types().replace('\n', " ");
        format!("{}; {types}", self.head(""))
    }

    /// A function like it that names the register of an argument. It does not return: what it returned
    /// would be in its register by then.
    pub(crate) fn definition(&self, number: usize) -> String {
        format!(
            "{} {{ __asm__ volatile(\"@ARG %0\" : : \"r\"(a{number})); __builtin_unreachable(); }}",
            self.head(&format!("_{number}"))
        )
    }

    pub(crate) fn write(&self, writer: &mut BtfWriter) {
        let ret = match &self.ret {
            Some(ret) => ret.write(writer, &self.name),
            None => TypeId::VOID,
        };
        let names: Vec<String> = (0..self.args.len())
            .map(|number| format!("a{number}"))
            .collect();
        let types: Vec<TypeId> = self
            .args
            .iter()
            .map(|arg| arg.write(writer, &self.name))
            .collect();
        let params: Vec<_> = names.iter().map(String::as_str).zip(types).collect();
        let prototype = writer.prototype(&params, ret);
        writer.function(&self.name, prototype);
    }
}
