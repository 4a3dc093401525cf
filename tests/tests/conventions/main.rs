//! Which register an argument is in, held against what a compiler makes of the same function.
//!
//! Functions with arguments of all kinds are described twice, as BTF and as C. clang compiles the C for
//! each architecture; an `asm` statement that takes an argument where it is names the register. That has
//! to be the one that the argument's field is laid over.

mod function;
mod target;

use std::collections::HashMap;
use std::fmt::Write;
use std::process::Command;

use ctxgen::Context;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::Shape;
use ctxgen::btf::BtfWriter;
use ctxgen_tests::prng::Prng;

use crate::function::Function;
use crate::target::TARGETS;
use crate::target::Target;

/// Functions for each architecture.
const FUNCTIONS: usize = 400;

#[test]
fn registers_are_those_of_the_compiler() {
    for target in TARGETS {
        let mut prng = Prng::new(7);
        let functions: Vec<Function> = (0..FUNCTIONS)
            .map(|number| Function::random(number, target.wide, &mut prng))
            .collect();
        let said = compile(target, &functions);
        let kernel = kernel(target, &functions);
        let mut tally: HashMap<&str, usize> = HashMap::new();
        for function in &functions {
            let hook = format!("kprobe/{}", function.name);
            let context = Context::of_hook(&kernel, &hook.parse().unwrap()).unwrap();
            let Shape::Generated { layout, .. } = context.shape else {
                panic!("{hook}");
            };
            for (number, arg) in function.args.iter().enumerate() {
                let name = format!("a{number}");
                let what = format!("{}: {name} of {}", target.triple, function.declaration());
                let place = &said.get(&(function.name.as_str(), number));
                let field = layout.fields.iter().find(|field| field.name == name);
                let left_out = layout
                    .left_out
                    .iter()
                    .find(|text| text.starts_with(&format!("`{name}`,")));
                let kind = match (field, left_out) {
                    (Some(field), None) => {
                        let place = place.unwrap_or_else(|| panic!("{what}: clang says nothing"));
                        let register = (target.register)(&place.register);
                        assert_eq!(field.remark, register, "{what}: {place:?}");
                        assert!(!place.is_loaded, "{what}: {place:?}");
                        "register"
                    }
                    (None, Some(text)) if text.ends_with("is on the stack") => {
                        assert!(arg.is_scalar(), "{what}");
                        let place = place.unwrap_or_else(|| panic!("{what}: clang says nothing"));
                        assert!(place.is_loaded, "{what}: {place:?}");
                        "stack"
                    }
                    (None, Some(text)) if text.contains("may take any registers") => "unknown",
                    (None, Some(_)) => {
                        assert!(!arg.is_scalar(), "{what}: {left_out:?}");
                        "left out"
                    }
                    _ => panic!("{what}: {field:?}, {left_out:?}"),
                };
                *tally.entry(kind).or_default() += 1;
            }
        }
        println!("{}: {tally:?}", target.triple);
        for kind in ["register", "stack", "left out"] {
            let count = tally.get(kind).copied().unwrap_or(0);
            assert!(count > 50, "{}: {kind} {count}", target.triple);
        }
    }
}

/// The functions' BTF, as the kernel's of that architecture.
fn kernel(target: &Target, functions: &[Function]) -> KernelBtf {
    let mut writer = BtfWriter::new(target.order);
    let long = writer.unsigned("long unsigned int", 8);
    let members: Vec<_> = (0..)
        .zip(target.registers)
        .map(|(number, (name, len))| {
            let ty = match len {
                1 => long,
                len => writer.array(long, long, *len),
            };
            // The places are of no matter here, but for being different.
            (*name, ty, number * 512)
        })
        .collect();
    let size = u32::try_from(members.len()).unwrap() * 512;
    let registers = writer.structure(target.structure, size, &members);
    writer.typedef("bpf_user_pt_regs_t", registers);
    for function in functions {
        function.write(&mut writer);
    }
    let origin = Origin::Memory(target.triple.to_owned());
    KernelBtf::from_bytes(&writer.finish(), origin).unwrap()
}

/// Where clang has an argument.
#[derive(Debug)]
struct Place {
    /// As the assembler calls it.
    register: String,
    /// Whether something is loaded from the stack before.
    is_loaded: bool,
}

/// What clang says about each argument that is no struct, by function and number.
fn compile<'f>(target: &Target, functions: &'f [Function]) -> HashMap<(&'f str, usize), Place> {
    let mut source = String::new();
    for function in functions {
        let _ = writeln!(source, "{}", function.types());
        for number in (0..function.args.len()).filter(|number| function.args[*number].is_scalar()) {
            let _ = writeln!(source, "{}", function.definition(number));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("functions.c");
    std::fs::write(&file, source).unwrap();
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let output = Command::new(clang)
        .args(["-target", target.triple])
        .args(target.arguments)
        .args([
            "-O1",
            "-fomit-frame-pointer",
            "-ffreestanding",
            "-fno-integrated-as",
            "-w",
            "-S",
            "-o",
            "-",
        ])
        .arg(&file)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", target.triple);

    let text = String::from_utf8(output.stdout).unwrap();
    let mut said = HashMap::new();
    let mut name = "";
    let mut is_loaded = false;
    for line in text.lines() {
        if let Some((label, _)) = line
            .split_once(':')
            .filter(|(label, _)| label.starts_with("fn"))
        {
            name = label;
            is_loaded = false;
        }
        if let Some((_, register)) = line.split_once("@ARG ") {
            let (function, number) = name.rsplit_once('_').unwrap();
            let function = functions
                .iter()
                .find(|known| known.name == function)
                .unwrap();
            let place = Place {
                register: register.trim().to_owned(),
                is_loaded,
            };
            said.insert((function.name.as_str(), number.parse().unwrap()), place);
        }
        is_loaded |= (target.is_load)(line);
    }
    said
}
