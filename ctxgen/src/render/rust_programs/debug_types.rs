//! Types of several kernels' BTF as the debug information of a module, which LLVM makes the object's BTF of.
//!
//! Structs behind pointers are declared, since CO-RE and [`agreement`](crate::btf::compat) tell them by name.
//! What is held by value is defined.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use super::metadata::Metadata;
use super::metadata::Node;
use super::metadata::quoted;
use crate::btf::Btf;
use crate::btf::Composite;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::Member;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::text::ident::FLAVOR;

/// How many types may be nested in one another: what is deeper is written as `void`.
const MAX_DEPTH: u32 = 64;

/// A type of one of the kernels: whose, and its id there.
pub(super) type Of = (usize, TypeId);

/// Whether a struct has to be defined where a type is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Held {
    ByValue,
    ByPointer,
}

/// The debug information of a module.
#[derive(Debug)]
pub(super) struct DebugTypes<'b> {
    /// That of the contexts, which is on top of the first kernel's, and those of the other kernels.
    btfs: Vec<&'b Btf<'b>>,
    pub(super) metadata: Metadata,
    pub(super) unit: Node,
    file: Node,
    known: HashMap<(Of, Held), Option<Node>>,
    /// Structs that are written with a name of their own, or with a part of their members: which.
    own: HashMap<Of, (Node, Vec<usize>)>,
}

impl<'b> DebugTypes<'b> {
    pub(super) fn new(btfs: Vec<&'b Btf<'b>>) -> Self {
        let mut metadata = Metadata::default();
        let unit = metadata.reserve();
        let file = metadata.add("!DIFile(filename: \"ctx.h\", directory: \"\")".to_owned());
        metadata.set(
            unit,
            format!(
                "distinct !DICompileUnit(language: DW_LANG_C11, file: !{file}, producer: \"ctxgen\", \
                 isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug)"
            ),
        );
        Self {
            btfs,
            metadata,
            unit,
            file,
            known: HashMap::new(),
            own: HashMap::new(),
        }
    }

    /// The BTF of a kernel.
    pub(super) fn btf(&self, kernel: usize) -> &'b Btf<'b> {
        self.btfs[kernel]
    }

    /// A type of a kernel.
    pub(super) fn get(&self, (kernel, id): Of) -> Option<Type<'b>> {
        self.btf(kernel).get(id)
    }

    /// A struct of another name than its own.
    pub(super) fn structure(&mut self, id: Of, name: &str, members: usize) {
        self.own_node(id, (0..members).collect());
        self.define_own(id, name);
    }

    /// Structs and unions with a part of their members, by the numbers of these.
    pub(super) fn parts(&mut self, parts: &BTreeMap<Of, BTreeSet<usize>>) {
        // They may be in one another.
        for (id, members) in parts {
            self.own_node(*id, members.iter().copied().collect());
        }
        for id in parts.keys() {
            let name = self.get(*id).map_or("", |ty| ty.name());
            match (id.0, name) {
                (0, name) | (_, name @ "") => self.define_own(*id, name),
                // CO-RE does not look at the flavour.
                (kernel, name) => self.define_own(*id, &format!("{name}{FLAVOR}kernel_{kernel}")),
            }
        }
    }

    /// Which of the members that are written of a struct one is, by its number.
    pub(super) fn index(&self, of: Of, member: usize) -> usize {
        let own = self.own.get(&of);
        let index = own.and_then(|(_, members)| members.binary_search(&member).ok());
        index.unwrap_or(member)
    }

    fn own_node(&mut self, id: Of, members: Vec<usize>) {
        if !self.own.contains_key(&id) {
            let node = self.metadata.reserve();
            self.own.insert(id, (node, members));
        }
    }

    fn define_own(&mut self, id: Of, name: &str) {
        let composite = match self.get(id).map(|ty| ty.kind()) {
            Some(Kind::Struct(composite) | Kind::Union(composite)) => composite,
            _ => return,
        };
        let Some((node, members)) = self.own.get(&id) else {
            return;
        };
        let (node, mut all) = (*node, composite.members().enumerate());
        let is_own = |number: &usize| members.binary_search(number).is_ok();
        let members: Vec<Member<'_>> = all
            .by_ref()
            .filter(|(number, _)| is_own(number))
            .map(|(_, member)| member)
            .collect();
        self.define(node, id, name, composite, &members, MAX_DEPTH);
    }

    /// A type of a value; `None` for `void` and for what is nothing without a type that is not known.
    pub(super) fn value(&mut self, id: Of) -> Option<Node> {
        self.node(id, Held::ByValue, MAX_DEPTH)
    }

    fn node(&mut self, id: Of, held: Held, depth: u32) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        if let (Some((node, _)), Held::ByValue) = (self.own.get(&id), held) {
            return Some(*node);
        }
        if let Some(node) = self.known.get(&(id, held)) {
            return *node;
        }
        let ty = self.get(id)?;
        let node = match ty.kind() {
            // Of these alone a part may be a pointer to the whole.
            Kind::Struct(composite) | Kind::Union(composite)
                if held == Held::ByValue || ty.name().is_empty() =>
            {
                let node = self.metadata.reserve();
                self.known.insert((id, held), Some(node));
                let members: Vec<Member<'_>> = composite.members().collect();
                self.define(node, id, ty.name(), composite, &members, depth);
                return Some(node);
            }
            _ => self.plain(id.0, &ty, held, depth),
        };
        self.known.insert((id, held), node);
        node
    }

    /// What is no definition of a struct.
    fn plain(&mut self, kernel: usize, ty: &Type<'_>, held: Held, depth: u32) -> Option<Node> {
        let text = match ty.kind() {
            Kind::Int { size, encoding } => basic(ty.name(), size, int(size, encoding)),
            Kind::Float { size } => basic(ty.name(), size, "float"),
            Kind::Struct(_) => self.declared(ty.name(), false),
            Kind::Union(_) => self.declared(ty.name(), true),
            Kind::Fwd { is_union } => self.declared(ty.name(), is_union),
            Kind::Ptr(to) => {
                let base = base(self.node((kernel, to), Held::ByPointer, depth));
                let size = 8 * self.btf(kernel).pointer_size();
                format!("!DIDerivedType(tag: DW_TAG_pointer_type{base}, size: {size})")
            }
            Kind::FuncProto { .. } => {
                // No signature of one is compared, and none is called.
                let types = self.metadata.add("!{null}".to_owned());
                format!("!DISubroutineType(types: !{types})")
            }
            Kind::Array { element, len, .. } => {
                let element = self.node((kernel, element), Held::ByValue, depth)?;
                let size = self.bits((kernel, ty.id()));
                let range = self.metadata.add(format!("!DISubrange(count: {len})"));
                let elements = self.metadata.tuple(&[range]);
                format!(
                    "!DICompositeType(tag: DW_TAG_array_type, baseType: !{element}, size: {size}, \
                     elements: !{elements})"
                )
            }
            Kind::Enum { size } | Kind::Enum64 { size } => self.enumeration(ty, size),
            Kind::Typedef(to) => {
                let base = base(self.node((kernel, to), held, depth));
                let name = quoted(ty.name());
                format!("!DIDerivedType(tag: DW_TAG_typedef, name: {name}{base})")
            }
            Kind::Const(to) => self.modified("const", (kernel, to), held, depth),
            Kind::Volatile(to) => self.modified("volatile", (kernel, to), held, depth),
            Kind::Restrict(to) | Kind::TypeTag(to) => return self.node((kernel, to), held, depth),
            _ => return None,
        };
        Some(self.metadata.add(text))
    }

    fn modified(&mut self, how: &str, to: Of, held: Held, depth: u32) -> String {
        let base = base(self.node(to, held, depth));
        format!("!DIDerivedType(tag: DW_TAG_{how}_type{base})")
    }

    fn declared(&mut self, name: &str, is_union: bool) -> String {
        let (tag, name, file) = (tag(is_union), quoted(name), self.file);
        format!("!DICompositeType(tag: {tag}, name: {name}, file: !{file}, flags: DIFlagFwdDecl)")
    }

    fn enumeration(&mut self, ty: &Type<'_>, size: u32) -> String {
        let signed = ty.kind_flag();
        let mut values = Vec::new();
        for enumerator in ty.enumerators() {
            let name = quoted(enumerator.name);
            let value = match (signed, ty.kind()) {
                (true, Kind::Enum { .. }) => {
                    format!("value: {}", enumerator.value as u32 as i32)
                }
                (true, _) => format!("value: {}", enumerator.value as i64),
                (false, _) => format!("value: {}, isUnsigned: true", enumerator.value),
            };
            let value = format!("!DIEnumerator(name: {name}, {value})");
            values.push(self.metadata.add(value));
        }
        let encoding = match signed {
            true => IntEncoding::Signed,
            false => IntEncoding::Unsigned,
        };
        let number = basic("", size, int(size, encoding));
        let (number, values) = (self.metadata.add(number), self.metadata.tuple(&values));
        let (name, file, size) = (named(ty.name()), self.file, 8 * size);
        format!(
            "!DICompositeType(tag: DW_TAG_enumeration_type{name}, file: !{file}, baseType: !{number}, \
             size: {size}, elements: !{values})"
        )
    }

    fn define(
        &mut self,
        node: Node,
        id: Of,
        name: &str,
        composite: Composite<'_>,
        members: &[Member<'_>],
        depth: u32,
    ) {
        let elements: Vec<Node> = members
            .iter()
            .map(|member| self.member(id.0, member, depth))
            .collect();
        let elements = self.metadata.tuple(&elements);
        let is_union = matches!(self.get(id).map(|ty| ty.kind()), Some(Kind::Union(_)));
        let (tag, name, file) = (tag(is_union), named(name), self.file);
        let size = 8 * u64::from(composite.size);
        let text = format!(
            "distinct !DICompositeType(tag: {tag}{name}, file: !{file}, size: {size}, elements: !{elements})"
        );
        self.metadata.set(node, text);
    }

    fn member(&mut self, kernel: usize, member: &Member<'_>, depth: u32) -> Node {
        let base = base(self.node((kernel, member.type_id), Held::ByValue, depth));
        let name = named(member.name);
        let offset = member.bit_offset;
        let (size, bits) = match member.bits {
            0 => (self.bits((kernel, member.type_id)), String::new()),
            bits => {
                let storage = offset
                    - offset
                        % u32::try_from(self.bits((kernel, member.type_id)).max(8)).unwrap_or(8);
                let bits_of = format!(", flags: DIFlagBitField, extraData: i64 {storage}");
                (u64::from(bits), bits_of)
            }
        };
        self.metadata.add(format!(
            "!DIDerivedType(tag: DW_TAG_member{name}{base}, size: {size}, offset: {offset}{bits})"
        ))
    }

    fn bits(&self, (kernel, id): Of) -> u64 {
        8 * u64::from(self.btf(kernel).size_of(id).unwrap_or(0))
    }
}

fn basic(name: &str, size: u32, encoding: &str) -> String {
    let name = match name {
        "" => String::new(),
        name => format!("name: {}, ", quoted(name)),
    };
    let size = 8 * u64::from(size);
    format!("!DIBasicType({name}size: {size}, encoding: DW_ATE_{encoding})")
}

fn int(size: u32, encoding: IntEncoding) -> &'static str {
    match (encoding, size) {
        (IntEncoding::Bool, _) => "boolean",
        (IntEncoding::Signed, 1) | (IntEncoding::Char, _) => "signed_char",
        (IntEncoding::Signed, _) => "signed",
        (IntEncoding::Unsigned, 1) => "unsigned_char",
        (IntEncoding::Unsigned, _) => "unsigned",
    }
}

fn tag(is_union: bool) -> &'static str {
    match is_union {
        true => "DW_TAG_union_type",
        false => "DW_TAG_structure_type",
    }
}

fn named(name: &str) -> String {
    match name {
        "" => String::new(),
        name => format!(", name: {}", quoted(name)),
    }
}

fn base(node: Option<Node>) -> String {
    match node {
        Some(node) => format!(", baseType: !{node}"),
        None => ", baseType: null".to_owned(),
    }
}
