//! Builds for other architectures than this machine's: objects, skeletons and bindings.
//!
//! The kernels are `kernel.c` in the target's byte order, once with the register in `struct pt_regs`
//! by which the architecture is told, once with nothing that tells it, and for arm64 and s390x real
//! ones too. There is no real one for riscv64 and ppc64le here: what is proven for those is that a
//! kernel of their name, byte order and registers is built for, not that theirs have such registers.

use std::path::Path;

use ctxgen_build::Artifacts;
use object::BinaryFormat;
use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel_with;

/// A target, and how it is to be built for.
struct Target {
    triple: &'static str,
    order: Order,
    /// What is defined for libbpf's headers.
    arch: &'static str,
    /// What only this architecture's registers have; `None` where they are not in `struct pt_regs`.
    register: Option<&'static str>,
}

const TARGETS: [Target; 6] = [
    Target {
        triple: "x86_64-unknown-linux-musl",
        order: Order::Little,
        arch: "x86",
        register: Some("orig_ax"),
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        order: Order::Little,
        arch: "arm64",
        register: None,
    },
    Target {
        triple: "riscv64gc-unknown-linux-gnu",
        order: Order::Little,
        arch: "riscv",
        register: Some("orig_a0"),
    },
    Target {
        triple: "powerpc64le-unknown-linux-gnu",
        order: Order::Little,
        arch: "powerpc",
        register: Some("nip"),
    },
    Target {
        triple: "powerpc64-unknown-linux-gnu",
        order: Order::Big,
        arch: "powerpc",
        register: Some("nip"),
    },
    Target {
        triple: "s390x-unknown-linux-gnu",
        order: Order::Big,
        arch: "s390",
        register: Some("psw"),
    },
];

/// A map and a global for the skeleton, a pointer, a narrow value and a whole slot for the contexts.
/// It compiles for one architecture only, and has its marks in its data.
const PROGRAM: &str = r#"
#if ARCH != 1
#error "libbpf's headers are for another architecture"
#endif

const volatile unsigned int wanted = 0x01020304;
unsigned long long seen = 0;

struct {
	__uint(type, 2 /* array */);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} counts SEC(".maps");

SEC("tp_btf/sched_switch")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
	if (ctx_arg(ctx, preempt) && ctx->next->pid == wanted)
		seen++;
	return 0;
}
"#;

fn build(target: &Target, btf: &Path) -> (Project, Artifacts) {
    // `ctx_arg` is the header's accessor, which is the same for every byte order.
    let accessor = "ctx_arg(ctx, preempt)";
    let field = match target.order {
        Order::Little => "ctx->preempt",
        Order::Big => "(bool)ctx->preempt",
    };
    let project = Project::with(&PROGRAM.replace(accessor, field));
    let artifacts = ctxgen_build::Builder::new()
        .source(project.path("src/prog.bpf.c"))
        .out_dir(project.path("out"))
        .target(target.triple)
        .btf(btf)
        .clang_args([format!("-DARCH=__TARGET_ARCH_{}", target.arch)])
        .generate()
        .unwrap_or_else(|error| panic!("{}: {error}", target.triple));
    (project, artifacts)
}

fn check(target: &Target, btf: &Path) {
    let (project, artifacts) = build(target, btf);
    let triple = target.triple;
    assert_eq!(artifacts.warnings, [""; 0], "{triple}");
    let bytes = std::fs::read(&artifacts.objects[0].object).unwrap();
    object_file(target, &bytes);
    // The ctx BTF has the kernel's byte order too.
    let magic = std::fs::read(&artifacts.ctx_btf).unwrap()[..2].to_vec();
    assert_eq!(magic, btf_magic(target.order), "{triple}");

    let skeleton = project.made("prog.skel.rs");
    for part in ["switched", "counts", "wanted", "seen"] {
        assert!(skeleton.contains(part), "{triple}: no {part} in {skeleton}");
    }
    assert!(carries(&skeleton, &bytes), "{triple}");

    #[cfg(feature = "bindgen")]
    bindings(target, &project.made("prog.ctx.rs"));
}

fn object_file(target: &Target, bytes: &[u8]) {
    let triple = target.triple;
    let elf = object::File::parse(bytes).unwrap();
    assert_eq!(elf.format(), BinaryFormat::Elf, "{triple}");
    assert_eq!(elf.architecture(), object::Architecture::Bpf, "{triple}");
    assert!(elf.is_64(), "{triple}");
    let little = target.order == Order::Little;
    assert_eq!(elf.is_little_endian(), little, "{triple}");
    let section = |name: &str| {
        let section = elf.section_by_name(name);
        let section = section.unwrap_or_else(|| panic!("{triple}: no {name}"));
        section.data().unwrap().to_vec()
    };
    let wanted = match little {
        true => [4, 3, 2, 1],
        false => [1, 2, 3, 4],
    };
    assert_eq!(section(".rodata")[..4], wanted, "{triple}");
    for name in [".BTF", ".BTF.ext"] {
        assert_eq!(section(name)[..2], btf_magic(target.order), "{triple}");
    }
    // The first instruction is a load from the context, which the compiler may do in any order; but
    // the last is `exit` in every program.
    let code = section("tp_btf/sched_switch");
    assert_eq!(
        code[code.len() - 8..],
        [0x95, 0, 0, 0, 0, 0, 0, 0],
        "{triple}"
    );
    assert!(elf.symbols().any(|symbol| symbol.name() == Ok("switched")));
}

fn btf_magic(order: Order) -> [u8; 2] {
    match order {
        Order::Little => [0x9f, 0xeb],
        Order::Big => [0xeb, 0x9f],
    }
}

/// Whether the skeleton holds these very bytes.
fn carries(skeleton: &str, bytes: &[u8]) -> bool {
    let plain: String = skeleton.split_whitespace().collect();
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    plain.contains(&list.join(","))
}

/// Fields of the width that programs of that byte order may load.
#[cfg(feature = "bindgen")]
fn bindings(target: &Target, text: &str) {
    let triple = target.triple;
    let preempt = match target.order {
        Order::Little => "pub preempt: bool,",
        Order::Big => "pub preempt: ::core::ffi::c_ulonglong,",
    };
    for line in [
        "pub struct btf_trace_sched_switch_ctx {",
        preempt,
        "pub prev: *mut task_struct,",
        "offset_of!(btf_trace_sched_switch_ctx, prev) - 8usize",
    ] {
        assert!(text.contains(line), "{triple}: no {line} in {text}");
    }
}

#[test]
fn each_architecture() {
    for target in &TARGETS {
        let arch = target.arch;
        let order = target.order;
        let told = target
            .register
            .map(|register| kernel_with(arch, order, &[&format!("-DARCH_REGISTER={register}")]));
        // The triple tells it where the kernel does not.
        let untold = kernel_with("any", order, &["-DANY_ARCH"]);
        for btf in told.into_iter().chain([untold]) {
            check(target, &btf);
        }
    }
}

#[test]
fn real_kernels_of_other_architectures() {
    for (arch, file) in [("arm64", "aarch64.btf"), ("s390", "s390x.btf")] {
        let target = TARGETS.iter().find(|target| target.arch == arch).unwrap();
        // What comes with the sample programs is cut from real kernels.
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../example-bpf/btf");
        check(target, &samples.join(file));
    }
}
