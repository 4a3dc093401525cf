//! `ctx_get` reads every argument: with its own type, through loads that verifiers allow, and the
//! right value whatever else is in the slot.

use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

use ctxgen::ByteOrder;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Passing;
use ctxgen::Shape;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::IntEncoding;
use ctxgen::btf::Kind;
use ctxgen::layout::Access;
use ctxgen::layout::Field;
use ctxgen::layout::Form;
use ctxgen::layout::SLOT;
use ctxgen::merge::merge;
use ctxgen::render;
use ctxgen_tests::prng::Prng;
use object::Object;
use object::ObjectSection;
use object::ObjectSymbol;

use crate::bpf::Function;
use crate::hooks::contexts;
use crate::hooks::open_fixture;
use crate::tools::clang;
use crate::tools::run;
use crate::tools::write;

/// How often a function is called, each time with other slots.
const CALLS: usize = 4;

#[test]
fn arguments_are_read() {
    for name in ["6.12-s390x", "6.12-x86_64-clang", "7.2-x86_64"] {
        let start = Instant::now();
        let kernel = open_fixture(name);
        // A fentry context is the beginning of a fexit one.
        let families = Family::all().filter(|family| family.name() != "fentry");
        let all = contexts(&kernel, families);
        let ctx = CtxBtf::new(&kernel, all).unwrap();
        let Checked { read, skipped } = check(&ctx, &render::vmlinux(&kernel).unwrap());
        assert!(read > 500, "{name}: {read} arguments");
        println!(
            "{name}, {}: {read} arguments read {CALLS} times each, {skipped} skipped, {:.1?}",
            kernel.byte_order(),
            start.elapsed()
        );
    }
}

/// The same of contexts that are relocated when a program is loaded: before that, the offsets are
/// those of the kernel that they were made for.
#[test]
fn relocatable_arguments_are_read() {
    for name in ["6.12-s390x", "7.2-x86_64"] {
        let start = Instant::now();
        let kernels = [open_fixture(name)];
        let families = Family::all().filter(|family| family.name() != "fentry");
        let all = contexts(&kernels[0], families);
        let hooks: Vec<&Hook> = all.iter().filter_map(|all| all.hooks.first()).collect();
        let merged = hooks.iter().map(|hook| merge(&kernels, hook).unwrap());
        let ctx = CtxBtf::relocatable(&kernels, merged).unwrap();
        let Checked { read, skipped } = check(&ctx, &render::vmlinux(&kernels[0]).unwrap());
        assert!(read > 500, "{name}: {read} arguments");
        println!(
            "{name}, relocatable: {read} arguments read, {skipped} skipped, {:.1?}",
            start.elapsed()
        );
    }
}

/// How many arguments were read.
#[derive(Debug)]
pub(crate) struct Checked {
    /// These were.
    pub(crate) read: usize,
    /// Their types have no names, so that nothing can be declared with them.
    pub(crate) skipped: usize,
}

/// An argument, and the number of the function that reads it.
struct Getter<'c> {
    number: usize,
    struct_name: &'c str,
    struct_size: u32,
    /// Whether it is an argument in a slot.
    in_slot: bool,
    field: &'c Field,
}

/// Whether a field is one of those that `ctx_get` has nothing to do with.
pub(crate) fn is_array(btf: &Btf<'_>, field: &Field) -> bool {
    let ty = btf.resolve(field.type_id);
    ty.is_some_and(|ty| matches!(ty.kind(), Kind::Array { .. }))
}

/// Compiles a function for each argument of these contexts that reads it through `ctx_get`, and
/// calls it.
pub(crate) fn check(ctx: &CtxBtf<'_>, vmlinux: &str) -> Checked {
    let kernel = ctx.kernel();
    let (getters, source, skipped) = getters(ctx);
    let folder = tempfile::tempdir().unwrap();
    let object = compile(ctx, vmlinux, &source, folder.path());
    let bytes = std::fs::read(&object).unwrap();
    let elf = object::File::parse(&*bytes).unwrap();
    let text = elf.section_by_name(".text").expect("code").data().unwrap();
    let mut codes = vec![None; getters.len()];
    for symbol in elf.symbols() {
        let number = symbol.name().unwrap().strip_prefix("get_");
        if let Some(number) = number.and_then(|number| number.parse::<usize>().ok()) {
            let start = usize::try_from(symbol.address()).unwrap();
            let len = usize::try_from(symbol.size()).unwrap();
            codes[number] = Some(&text[start..start + len]);
        }
    }
    let mut prng = Prng::new(1);
    for getter in &getters {
        let function = Function {
            order: kernel.byte_order(),
            code: codes[getter.number].expect("a function"),
        };
        for _ in 0..CALLS {
            getter.call(kernel, function, &mut prng);
        }
    }
    Checked {
        read: getters.len(),
        skipped,
    }
}

/// The arguments, what reads them in C, and how many cannot be declared.
fn getters<'c>(ctx: &'c CtxBtf<'_>) -> (Vec<Getter<'c>>, String, usize) {
    let printer = CPrinter::new(ctx.btf());
    let mut source = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\n".to_owned();
    let mut getters = Vec::new();
    let mut skipped = 0;
    for ctx_struct in ctx.structs() {
        let Shape::Generated { layout, .. } = &ctx_struct.context.shape else {
            continue;
        };
        let name = &ctx_struct.context.struct_name;
        for field in &layout.fields {
            let declaration = printer.declare(field.type_id, "value").unwrap();
            let own = printer.declare(field.type_id, "").unwrap();
            // An array is no value in C: it is read in its place.
            if is_array(ctx.btf(), field) {
                continue;
            }
            // What it points to is the header's own, and has no other type to be held against.
            if field.form == Form::SystemCall {
                continue;
            }
            if declaration.contains('{') || matches!(field.access, Access::Never(_)) {
                skipped += 1;
                continue;
            }
            let number = getters.len();
            let field_name = &field.name;
            let _ = write!(
                source,
                "void get_{number}(struct {name} *ctx, void *out);\n\
                 void get_{number}(struct {name} *ctx, void *out)\n{{\n\
                 \t{declaration} = ctx_get(ctx, {field_name});\n\n\
                 \t_Static_assert(__builtin_types_compatible_p(__typeof__(ctx_get(ctx, \
                 {field_name})), __typeof__({own})), \"{name}.{field_name}\");\n\
                 \t__builtin_memcpy(out, (const void *)&value, sizeof(value));\n}}\n\n"
            );
            getters.push(Getter {
                number,
                struct_name: name,
                struct_size: layout.size,
                in_slot: layout.passing == Passing::Slots,
                field,
            });
        }
    }
    (getters, source, skipped)
}

/// Compiles that source with a header of the contexts; the object.
fn compile(ctx: &CtxBtf<'_>, vmlinux: &str, source: &str, folder: &Path) -> PathBuf {
    write(folder, "ctx.h", render::header(ctx).unwrap());
    let system_headers = folder.join("system");
    write(&system_headers, "vmlinux.h", vmlinux);
    let source = write(folder, "get.c", source);
    let object = folder.join("get.o");
    let mut clang = clang(ctx.kernel().byte_order(), &system_headers);
    if !ctx.is_relocatable() {
        // Nothing here is relocated, and without debug info it takes a third of the time.
        clang.arg("-g0");
    }
    run(clang
        .arg("-I")
        .arg(folder)
        .arg("-c")
        .arg(source)
        .arg("-o")
        .arg(&object));
    object
}

impl Getter<'_> {
    fn call(&self, kernel: &KernelBtf, function: Function<'_>, prng: &mut Prng) {
        let Self { field, .. } = self;
        let what = format!("{}.{}", self.struct_name, field.name);
        let (size, is_bool, by_value) = own(kernel, field);
        let mut context: Vec<u8> = (0..self.struct_size)
            .map(|_| u8::try_from(prng.below(256)).unwrap())
            .collect();
        let slot = field.offset as usize;
        // Where in the slot, or the slots, the value is.
        let start = match kernel.byte_order() {
            ByteOrder::Big if !self.in_slot => slot,
            ByteOrder::Little => slot,
            ByteOrder::Big => slot + (SLOT as usize).saturating_sub(size),
        };
        if is_bool {
            context[start] &= 1;
        }
        let mut out = vec![0; size];
        let loads = function.call(&context, &mut out);
        assert_eq!(out, context[start..start + size], "{what}: {context:?}");

        assert!(!loads.is_empty(), "{what}");
        // What is in a place of its own is loaded there.
        if !self.in_slot {
            return;
        }
        for (offset, len) in loads {
            assert_eq!(offset % 8, 0, "{what}: a load inside a slot");
            let whole = by_value || kernel.byte_order() == ByteOrder::Big;
            let allowed = if whole { 8 } else { size };
            assert_eq!(len, allowed, "{what}: a load of that many bytes");
        }
    }
}

/// The size of an argument's own type, and whether it is a boolean, or a struct or union.
fn own(kernel: &KernelBtf, field: &Field) -> (usize, bool, bool) {
    let ty = kernel.btf().resolve(field.type_id).expect("a type");
    let size = match ty.kind() {
        Kind::Ptr(_) => SLOT,
        Kind::Int { size, .. } | Kind::Enum { size } | Kind::Enum64 { size } => size,
        Kind::Struct(composite) | Kind::Union(composite) => composite.size,
        kind => panic!("{}: {kind:?}", field.name),
    };
    let is_bool = matches!(
        ty.kind(),
        Kind::Int {
            encoding: IntEncoding::Bool,
            ..
        }
    );
    let by_value = matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_));
    (size as usize, is_bool, by_value)
}
