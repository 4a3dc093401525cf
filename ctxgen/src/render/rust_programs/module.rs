//! A module of LLVM IR with functions that read members of structs, as clang makes them of
//! `preserve_access_index`.
//!
//! The BPF target's `BPFAbstractMemberAccess` makes CO-RE relocations of the intrinsics, by the debug
//! information of the struct. Types of the language itself matter to nothing but that an access has an offset
//! where it is not relocated.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::debug_types::DebugTypes;
use super::debug_types::Of;
use super::metadata::quoted;
use super::scalar::Own;
use super::scalar::Scalar;
use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::Kind;
use crate::btf::Member;

/// How bytes are laid out, and for which target: those of rustc's `bpfel-unknown-none` and
/// `bpfeb-unknown-none`.
fn target(order: ByteOrder) -> (&'static str, &'static str) {
    match order {
        ByteOrder::Little => ("e-m:e-p:64:64-i64:64-i128:128-n32:64-S128", "bpfel"),
        ByteOrder::Big => ("E-m:e-p:64:64-i64:64-i128:128-n32:64-S128", "bpfeb"),
    }
}

/// One step from a struct to what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A member of a struct or union, by its number.
    Member(Of, usize),
    /// An element of an array.
    Element(Of, u32),
}

/// Where a function reads.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Where the running kernel has it.
    Relocated(Vec<Step>),
    /// At this offset, in bytes.
    Fixed(u32),
}

/// What a function gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The value there, loaded by an instruction of its own.
    Value(Scalar),
    /// Its address.
    Address,
    /// Whether the running kernel has it.
    Exists,
    /// Where it is, in bytes from the start of the struct.
    Offset,
}

/// A module while it is made.
#[derive(Debug)]
pub(super) struct Module<'b> {
    pub(super) types: DebugTypes<'b>,
    /// The structs as bytes: what each is called, and its text.
    structs: BTreeMap<Of, (String, String)>,
    functions: String,
    intrinsics: BTreeMap<&'static str, &'static str>,
}

const STRUCT: (&str, &str) = (
    "llvm.preserve.struct.access.index.p0.p0",
    "declare ptr @llvm.preserve.struct.access.index.p0.p0(ptr, i32 immarg, i32 immarg)",
);
const UNION: (&str, &str) = (
    "llvm.preserve.union.access.index.p0.p0",
    "declare ptr @llvm.preserve.union.access.index.p0.p0(ptr, i32 immarg)",
);
const ARRAY: (&str, &str) = (
    "llvm.preserve.array.access.index.p0.p0",
    "declare ptr @llvm.preserve.array.access.index.p0.p0(ptr, i32 immarg, i32 immarg)",
);
const INFO: (&str, &str) = (
    "llvm.bpf.preserve.field.info.p0",
    "declare i32 @llvm.bpf.preserve.field.info.p0(ptr, i64 immarg)",
);

/// `BPF_FIELD_BYTE_OFFSET` and `BPF_FIELD_EXISTS` of libbpf's `bpf_core_read.h`.
const FIELD_BYTE_OFFSET: u32 = 0;
const FIELD_EXISTS: u32 = 2;

impl<'b> Module<'b> {
    /// Of types of these BTFs: see [`DebugTypes::new`].
    pub(super) fn new(btfs: Vec<&'b Btf<'b>>) -> Self {
        Self {
            types: DebugTypes::new(btfs),
            structs: BTreeMap::new(),
            functions: String::new(),
            intrinsics: BTreeMap::new(),
        }
    }

    /// Adds a function of one pointer.
    pub(super) fn function(&mut self, symbol: &str, place: &Place, what: What) {
        let mut body = String::new();
        let pointer = match place {
            Place::Relocated(steps) => self.steps(&mut body, steps),
            Place::Fixed(offset) => {
                let _ = writeln!(
                    body,
                    "  %at = getelementptr inbounds i8, ptr %from, i64 {offset}"
                );
                "%at".to_owned()
            }
        };
        let result = match what {
            What::Value(scalar) => self.value(&mut body, &pointer, scalar),
            What::Address => {
                let _ = writeln!(body, "  ret ptr {pointer}");
                "ptr"
            }
            What::Exists => {
                self.info(&mut body, &pointer, FIELD_EXISTS);
                body.push_str("  %there = icmp ne i32 %info, 0\n  ret i1 %there\n");
                "zeroext i1"
            }
            What::Offset => {
                self.info(&mut body, &pointer, FIELD_BYTE_OFFSET);
                body.push_str("  ret i32 %info\n");
                "i32"
            }
        };
        let symbol = quoted(symbol);
        let _ = write!(
            self.functions,
            "define {result} @{symbol}(ptr %from) #0 {{\n{body}}}\n\n"
        );
    }

    fn info(&mut self, body: &mut String, pointer: &str, which: u32) {
        let (name, declaration) = INFO;
        self.intrinsics.insert(name, declaration);
        let _ = writeln!(
            body,
            "  %info = call i32 @{name}(ptr {pointer}, i64 {which})"
        );
    }

    /// The way to a member; where it leads to.
    fn steps(&mut self, body: &mut String, steps: &[Step]) -> String {
        let mut from = "%from".to_owned();
        for (number, step) in steps.iter().enumerate() {
            let at = format!("%at{number}");
            let call = match *step {
                Step::Member(of, index) => self.member(&from, of, index),
                Step::Element(of, index) => self.element(&from, of, index),
            };
            let _ = writeln!(body, "  {at} = {call}");
            from = at;
        }
        from
    }

    fn member(&mut self, from: &str, of: Of, index: usize) -> String {
        let node = self.types.value(of).unwrap_or(self.types.unit);
        let written = self.types.index(of, index);
        let is_union = matches!(self.types.get(of).map(|ty| ty.kind()), Some(Kind::Union(_)));
        if is_union {
            let (name, declaration) = UNION;
            self.intrinsics.insert(name, declaration);
            return format!(
                "call ptr @{name}(ptr {from}, i32 {written}), !llvm.preserve.access.index !{node}"
            );
        }
        let (name, declaration) = STRUCT;
        self.intrinsics.insert(name, declaration);
        let (ty, part) = self.parts(of, index);
        format!(
            "call ptr @{name}(ptr elementtype({ty}) {from}, i32 {part}, i32 {written}), \
             !llvm.preserve.access.index !{node}"
        )
    }

    fn element(&mut self, from: &str, of: Of, index: u32) -> String {
        let (name, declaration) = ARRAY;
        self.intrinsics.insert(name, declaration);
        let node = self.types.value(of).unwrap_or(self.types.unit);
        let btf = self.types.btf(of.0);
        let (len, size) = match btf.resolve(of.1).map(|ty| ty.kind()) {
            Some(Kind::Array { element, len, .. }) => (len, btf.size_of(element).unwrap_or(0)),
            _ => (0, 0),
        };
        format!(
            "call ptr @{name}(ptr elementtype([{len} x [{size} x i8]]) {from}, i32 1, i32 {index}), \
             !llvm.preserve.access.index !{node}"
        )
    }

    /// The struct as bytes, and which of its parts a member is.
    fn parts(&mut self, of: Of, index: usize) -> (String, usize) {
        let known = self.structs.get(&of).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| self.struct_name(of));
        let Some(Kind::Struct(composite)) = self.types.get(of).map(|ty| ty.kind()) else {
            return (name, 0);
        };
        let (mut parts, mut at, mut found) = (Vec::new(), 0, 0);
        let add = |parts: &mut Vec<String>, size: u32| {
            if size > 0 {
                parts.push(format!("[{size} x i8]"));
            }
        };
        let members: Vec<Member<'_>> = composite.members().collect();
        for (number, member) in members.iter().enumerate() {
            let (offset, size) = (
                member.bit_offset / 8,
                self.types.btf(of.0).size_of(member.type_id).unwrap_or(0),
            );
            add(&mut parts, offset.saturating_sub(at));
            if number == index {
                found = parts.len();
            }
            if offset >= at {
                parts.push(format!("[{size} x i8]"));
                at = offset + size;
            }
        }
        add(&mut parts, composite.size.saturating_sub(at));
        let text = format!("{name} = type <{{ {} }}>", parts.join(", "));
        self.structs.insert(of, (name.clone(), text));
        (name, found)
    }

    /// A name that no other struct of the module has.
    fn struct_name(&self, of: Of) -> String {
        let own = self.types.get(of).map_or("", |ty| ty.name());
        let name = format!("%{}", quoted(own));
        let is_taken = |name: &str| self.structs.values().any(|(known, _)| known == name);
        match own.is_empty() || is_taken(&name) {
            true => format!("%{}", quoted(&format!("{own}.{}", self.structs.len()))),
            false => name,
        }
    }

    /// A load whose value goes through an instruction that LLVM knows nothing of. Verifiers refuse a context
    /// pointer to which something was added ("dereference of modified ctx ptr"), and LLVM would make such of
    /// two accesses: one load from a computed address, where it sinks the two out of branches; and an offset
    /// in a register, where it has loaded the same relocated offset on one of the ways before. It sinks no
    /// assembly (`canSinkInstructions` of `SimplifyCFG.cpp`), and a load behind what may write to memory is none
    /// that it has done before. The instruction works on 64 bits of which the range tells the rest, so that
    /// nothing is extended again.
    fn value(&mut self, body: &mut String, pointer: &str, scalar: Scalar) -> &'static str {
        let bits = scalar.loaded;
        if scalar.own == Own::Pointer {
            let _ = write!(
                body,
                "  %value = load ptr, ptr {pointer}, align 8\n  \
                 %kept = call ptr asm sideeffect \"\", \"=r,0,~{{memory}}\"(ptr %value) #1\n  ret ptr %kept\n"
            );
            return "ptr";
        }
        let _ = writeln!(
            body,
            "  %value = load i{bits}, ptr {pointer}, align {}",
            bits / 8
        );
        let (wide, range) = match bits {
            64 => ("%value", String::new()),
            _ => {
                let _ = writeln!(body, "  %wide = zext i{bits} %value to i64");
                let end = 1u64 << bits;
                let range = self.types.metadata.add(format!("!{{i64 0, i64 {end}}}"));
                ("%wide", format!(", !range !{range}"))
            }
        };
        let _ = writeln!(
            body,
            "  %kept = call i64 asm sideeffect \"\", \"=r,0,~{{memory}}\"(i64 {wide}) #1{range}"
        );
        match scalar.own {
            Own::Bool => {
                body.push_str("  %byte = trunc i64 %kept to i8\n  %set = icmp ne i8 %byte, 0\n  ret i1 %set\n");
                "zeroext i1"
            }
            Own::Pointer | Own::Int { bits: 64, .. } => {
                body.push_str("  ret i64 %kept\n");
                "i64"
            }
            Own::Int { bits, signed } => {
                let _ = writeln!(
                    body,
                    "  %own = trunc i64 %kept to i{bits}\n  ret i{bits} %own"
                );
                match (bits, signed) {
                    (8, false) => "zeroext i8",
                    (8, true) => "signext i8",
                    (16, false) => "zeroext i16",
                    (16, true) => "signext i16",
                    _ => "i32",
                }
            }
        }
    }

    /// The module's text.
    pub(super) fn finish(mut self) -> String {
        let (layout, triple) = target(self.types.btf(0).byte_order());
        let flag = self
            .types
            .metadata
            .add("!{i32 2, !\"Debug Info Version\", i32 3}".to_owned());
        let mut text = format!(
            // By its first line, bpf-linker knows the text for what it is.
            "source_filename = \"ctx.ll\"\n\
             ; Accessors of contexts, generated by ctxgen from the target kernels' BTF. Do not edit.\n\
             ; bpf-linker links them (with --btf), and LLVM makes CO-RE relocations of them.\n\
             target datalayout = \"{layout}\"\ntarget triple = \"{triple}\"\n\n"
        );
        for (_, line) in self.structs.values() {
            text.push_str(line);
            text.push('\n');
        }
        if !self.structs.is_empty() {
            text.push('\n');
        }
        text.push_str(&self.functions);
        for declaration in self.intrinsics.values() {
            text.push_str(declaration);
            text.push('\n');
        }
        let unit = self.types.unit;
        let _ = write!(
            text,
            "\nattributes #0 = {{ alwaysinline nounwind }}\n\
             attributes #1 = {{ nounwind }}\n\n\
             !llvm.dbg.cu = !{{!{unit}}}\n!llvm.module.flags = !{{!{flag}}}\n\n"
        );
        text.push_str(&self.types.metadata.text());
        text
    }
}
