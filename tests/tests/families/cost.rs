//! What `ctx_get` does to keep loads apart costs no instruction.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::object::ObjectFile;
use ctxgen_build::Builder;
use ctxgen_tests::Clang;
use ctxgen_tests::clangs;
use ctxgen_tests::families;
use ctxgen_tests::families::Built;
use ctxgen_tests::families::Contexts;
use ctxgen_tests::running;
use ctxgen_tests::workspace;
use object::Object as _;
use object::ObjectSection as _;
use object::SectionKind;

/// Takes the assembly out of `ctx_keep`. That of other headers is spelt `asm`.
const WITHOUT: &str = "-D__asm__(...)=";

/// `BPF_JMP | BPF_JA`. The compiler puts blocks in another order where one is no longer empty, and has
/// to jump to another one.
const JUMP: u8 = 0x05;

/// How many instructions an object has that are no mere jumps, by section, and the fields that are
/// relocated.
#[derive(Debug)]
struct Code {
    instructions: BTreeMap<String, usize>,
    relocations: Vec<String>,
}

impl Code {
    fn of(bytes: &[u8]) -> Self {
        let elf = object::File::parse(bytes).unwrap();
        let code = elf
            .sections()
            .filter(|section| section.kind() == SectionKind::Text);
        let own = ObjectFile::parse(bytes).unwrap();
        let relocations = own.relocations().iter().map(|relocation| {
            let ty = own.btf().get(relocation.type_id).unwrap();
            format!(
                "{}: {:?} {} {}",
                relocation.section,
                relocation.kind,
                ty.name(),
                relocation.access
            )
        });
        let mut relocations: Vec<String> = relocations.collect();
        relocations.sort();
        // Two loads of one field may have one relocation between them.
        relocations.dedup();
        Self {
            instructions: code
                .map(|section| {
                    let opcodes = section.data().unwrap().iter().step_by(8);
                    let count = opcodes.filter(|opcode| **opcode != JUMP).count();
                    (section.name().unwrap().to_owned(), count)
                })
                .collect(),
            relocations,
        }
    }
}

/// What has more instructions than it needs, and than `most` above that.
fn compare(what: &str, most: usize, kept: &[Built], without: &[Built]) -> Vec<String> {
    let mut more = Vec::new();
    assert_eq!(kept.len(), without.len(), "{what}");
    for (kept, without) in kept.iter().zip(without) {
        let name = &kept.name;
        assert_eq!(*name, without.name, "{what}");
        let (kept, without) = (Code::of(&kept.bytes), Code::of(&without.bytes));
        for (section, count) in &kept.instructions {
            let without = without.instructions[section];
            more.extend((*count > without + most).then(|| {
                format!("{what}: {name}: {section} has {count} instructions, not {without}")
            }));
        }
        assert_eq!(kept.relocations, without.relocations, "{what}: {name}");
    }
    more
}

fn samples() -> Vec<PathBuf> {
    let folder = workspace().join("example-bpf/src/bpf");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".bpf.c"));
    paths.sort();
    paths
}

/// The samples, with relocatable contexts.
fn built_samples(btf: &Path, clang: &Clang, args: &[&str]) -> Vec<Built> {
    let out = tempfile::tempdir().unwrap();
    let built = Builder::new()
        .sources(samples())
        .btf(btf)
        .target(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .relocatable(true)
        .clang(&clang.path)
        .clang_args(args)
        .out_dir(out.path())
        .generate()
        .unwrap_or_else(|error| panic!("{clang}: {error}"));
    let objects = built.objects.into_iter().map(|object| Built {
        name: object.name,
        bytes: std::fs::read(object.object).unwrap(),
    });
    objects.collect()
}

#[test]
fn no_instruction_more() {
    const WHAT: &str = "instructions with and without ctx_get's barrier";
    let Some(kernel) = running(WHAT) else {
        return;
    };
    let release = crate::running_release();
    let mut sources = families::sources();
    sources.extend(families::values());
    sources.retain(|source| {
        let text = std::fs::read_to_string(&source.path).unwrap();
        text.contains("ctx_get(") || text.contains("ctx_data(")
    });
    let mut more = Vec::new();
    for clang in clangs(WHAT) {
        // Behind each, what is in memory is loaded anew.
        let most = if clang.keeps_static_offsets() { 0 } else { 1 };
        let [kept, without] = [&[][..], &[WITHOUT]].map(|args| {
            let (name, btf, contexts) = (&kernel.name, &kernel.btf, Contexts::Fixed);
            families::build_with(&sources, name, &release, btf, contexts, clang, args)
        });
        more.extend(compare(&format!("{clang}, fixed"), 0, &kept, &without));
        let [kept, without] =
            [&[][..], &[WITHOUT]].map(|args| built_samples(&kernel.btf, clang, args));
        more.extend(compare(
            &format!("{clang}, relocatable"),
            most,
            &kept,
            &without,
        ));
    }
    assert!(more.is_empty(), "{}", more.join("\n"));
}
