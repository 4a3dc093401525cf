//! Accessor by accessor, the module's CO-RE relocations and loads are those of the same access in C.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use ctxgen::ByteOrder;
use ctxgen::KernelBtf;
use ctxgen::object::ObjectFile;
use ctxgen::object::Step;
use ctxgen::render;
use ctxgen_tests::Clang;
use object::Object;
use object::ObjectSymbol;

use crate::cases::CASES;
use crate::cases::Case;
use crate::llvm;
use crate::llvm::run;

/// What each function has: the struct, the way through it, the kind, and the instruction's opcode.
type Relocations = BTreeMap<String, Vec<String>>;

#[test]
fn as_in_c() {
    let versions = llvm::versions("relocations of accessors");
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let made = case.made(false);
        let module = folder.join("ctx.ll");
        std::fs::write(&module, with_functions(&made.ir, |_| true)).unwrap();
        let kernels = case.open();
        let accessors = accessors(&made.ir);
        assert!(accessors.len() > 10, "{}: {accessors:?}", case.name);
        let in_c = compiled_c(case, &kernels, &accessors, folder);
        for version in &versions {
            let object = llvm::object(*version, &module, folder);
            let found = relocations(&object);
            for accessor in &accessors {
                let name = &accessor.symbol;
                let (ours, theirs) = (&found[name], &in_c[&accessor.c_name()]);
                assert_eq!(ours, theirs, "{}, LLVM {version}: {name}", case.name);
                // The arguments of system calls are where they are in all kernels.
                let is_fixed = accessor.of.0.starts_with("btf_syscall_");
                assert_eq!(
                    ours.is_empty(),
                    is_fixed,
                    "{}, LLVM {version}: {name}",
                    case.name
                );
            }
        }
    }
}

/// A program with accesses that LLVM would merge: two fields in two branches, and one of them again behind
/// these.
const BRANCHES: &str = "
define i64 @\"branches\"(ptr %context, i64 %number) #2 {
  %odd = icmp eq i64 %number, 1
  br i1 %odd, label %one, label %other
one:
  %a = call ptr @\"ctxgen.btf_trace_sched_switch_ctx.prev\"(ptr %context)
  br label %both
other:
  %b = call ptr @\"ctxgen.btf_trace_sched_switch_ctx.next\"(ptr %context)
  br label %both
both:
  %task = phi ptr [ %a, %one ], [ %b, %other ]
  %again = call ptr @\"ctxgen.btf_trace_sched_switch_ctx.prev\"(ptr %context)
  %first = ptrtoint ptr %task to i64
  %second = ptrtoint ptr %again to i64
  %sum = add i64 %first, %second
  ret i64 %sum
}

attributes #2 = { nounwind }
";

/// Each access to a context is one instruction with the context's own pointer.
#[test]
fn accesses_in_branches() {
    const LDX_DW: u8 = 0x79;
    let case = &CASES[0];
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ir = case.made(false).ir;
    let (types, functions) = ir.split_once("\ndefine ").unwrap();
    let module = folder.join("ctx.ll");
    // They are gone where they have been inlined, as in a program.
    let functions = functions.replace("\ndefine ", "\ndefine internal ");
    let text = format!("{types}{BRANCHES}\ndefine internal {functions}");
    std::fs::write(&module, with_functions(&text, |name| name == "branches")).unwrap();
    for version in llvm::versions("accesses in branches") {
        let found = relocations(&llvm::object(version, &module, folder));
        let accesses = &found["branches"];
        assert_eq!(accesses.len(), 3, "LLVM {version}: {accesses:?}");
        for access in accesses {
            let loads = format!("FieldByteOffset, Some({LDX_DW:x})");
            assert!(access.ends_with(&loads), "LLVM {version}: {access}");
        }
    }
}

/// The module with debug information of its functions, as Rust's functions have where they are inlined: without
/// it, relocations name no section. `is_one` tells which functions.
fn with_functions(ir: &str, is_one: impl Fn(&str) -> bool) -> String {
    let last = ir
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix('!')?.split(' ').next()?.parse().ok());
    let ty: usize = last.map(|last: usize| last + 1).unwrap();
    let mut next = ty;
    let mut nodes = format!("!{ty} = !DISubroutineType(types: !{{null}})\n");
    let mut text = String::new();
    for line in ir.lines() {
        let name = line
            .strip_prefix("define ")
            .and_then(|rest| rest.split('"').nth(1));
        match name.filter(|name| is_one(name)) {
            Some(name) => {
                next += 1;
                text.push_str(&line.replace(" {", &format!(" !dbg !{next} {{")));
                let _ = writeln!(
                    nodes,
                    "!{next} = distinct !DISubprogram(name: \"{name}\", scope: !1, file: !1, line: 1, \
                     type: !{ty}, spFlags: DISPFlagDefinition, unit: !0)"
                );
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text + &nodes
}

/// A function of the module.
#[derive(Debug)]
struct Accessor {
    symbol: String,
    /// The context and its field.
    of: (String, String),
    /// What is behind the field's name.
    part: String,
    loads: bool,
}

impl Accessor {
    fn c_name(&self) -> String {
        self.symbol.replace('.', "__dot__")
    }

    /// The same in C.
    fn c(&self) -> String {
        let (of, field) = &self.of;
        let at = format!("(({of} *)ctx)->{field}", of = format_args!("struct {of}"));
        let value = match (&*self.part, self.loads) {
            ("exists" | "data.exists", _) => format!("__builtin_preserve_field_info({at}, 2)"),
            ("data.offset", _) => format!("__builtin_preserve_field_info({at}, 0)"),
            ("" | "data", true) => format!("ctx_keep({at})"),
            ("", false) => format!("&{at}"),
            (slot, _) => format!("ctx_keep({at}[{slot}])"),
        };
        format!(
            "U64 {}(void *ctx)\n{{\n\treturn (U64)({value});\n}}\n",
            self.c_name()
        )
    }
}

fn accessors(ir: &str) -> Vec<Accessor> {
    let functions = ir.split("\ndefine ").skip(1);
    let functions = functions.map(|text| {
        let symbol = text.split('"').nth(1).unwrap().to_owned();
        let mut parts = symbol.splitn(4, '.').skip(1).map(str::to_owned);
        let of = (parts.next().unwrap(), parts.next().unwrap());
        let (body, _) = text.split_once("\n}").unwrap();
        Accessor {
            of,
            part: parts.next().unwrap_or_default(),
            loads: body.contains(" = load "),
            symbol,
        }
    });
    functions.collect()
}

/// The relocations of a C source with a function for each accessor.
fn compiled_c(
    case: &Case,
    kernels: &[KernelBtf],
    accessors: &[Accessor],
    folder: &Path,
) -> Relocations {
    let ctx = case.contexts(kernels);
    let header = render::header(&ctx).unwrap();
    std::fs::write(
        folder.join("vmlinux.h"),
        render::vmlinux(&kernels[0]).unwrap(),
    )
    .unwrap();
    std::fs::write(folder.join("ctx.h"), header).unwrap();
    let mut text =
        "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\ntypedef unsigned long long U64;\n\n"
            .to_owned();
    for accessor in accessors {
        let _ = writeln!(text, "{}", accessor.c());
    }
    let source = folder.join("all.bpf.c");
    std::fs::write(&source, text).unwrap();
    let target = match kernels[0].byte_order() {
        ByteOrder::Little => "bpfel",
        ByteOrder::Big => "bpfeb",
    };
    let object = folder.join("c.o");
    let clang = &Clang::of_builds().path;
    run(Command::new(clang)
        .args([
            "-target",
            target,
            "-g",
            "-O2",
            "-mcpu=v1",
            "-fms-extensions",
            "-w",
            "-c",
        ])
        .arg(&source)
        .arg("-o")
        .arg(&object));
    relocations(&object)
}

fn relocations(path: &Path) -> Relocations {
    let bytes = std::fs::read(path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let mut functions: Relocations = BTreeMap::new();
    let mut ranges = Vec::new();
    for symbol in file.symbols().filter(ObjectSymbol::is_definition) {
        if symbol.kind() == object::SymbolKind::Text {
            let name = symbol.name().unwrap().to_owned();
            functions.insert(name.clone(), Vec::new());
            ranges.push((symbol.address()..symbol.address() + symbol.size(), name));
        }
    }
    let object = ObjectFile::parse(&bytes).unwrap();
    for relocation in object.relocations() {
        let at = u64::from(relocation.instruction_offset);
        let (_, name) = ranges
            .iter()
            .find(|(range, _)| range.contains(&at))
            .unwrap();
        let root = object.btf().get(relocation.type_id).unwrap().name();
        let steps = object.steps(relocation).unwrap();
        let steps: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Step::Member { name, .. } => (*name).to_owned(),
                Step::Element(number) => number.to_string(),
            })
            .collect();
        let (kind, opcode) = (relocation.kind, relocation.opcode);
        let text = format!("{root} {}: {kind:?}, {opcode:x?}", steps.join("."));
        functions.get_mut(name).unwrap().push(text);
    }
    functions
}
