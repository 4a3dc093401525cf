//! Opens, and with the argument `load` loads, what the build script made, and prints what is in it.

use std::env;
use std::error::Error;
use std::mem::MaybeUninit;

use libbpf_rs::OpenObject;
use libbpf_rs::skel::OpenSkel;
use libbpf_rs::skel::SkelBuilder;

mod types {
    ctxgen::include_bpf!("types");
}
mod x {
    ctxgen::include_bpf!("__x");
}
mod my_tool {
    ctxgen::include_bpf!("my_tool");
}
mod whole {
    ctxgen::include_bpf!("whole");
}

/// Opens and loads an object, as far as wanted, and prints the names of its programs.
fn show<'obj, B: SkelBuilder<'obj>>(
    name: &str,
    builder: B,
    storage: &'obj mut MaybeUninit<OpenObject>,
) -> Result<(), Box<dyn Error>> {
    let open = builder.open(storage)?;
    let programs = open.open_object().progs();
    let mut programs: Vec<String> = programs
        .map(|program| program.name().to_string_lossy().into_owned())
        .collect();
    programs.sort();
    println!("{name}: {}", programs.join(" "));
    if env::args().nth(1).as_deref() == Some("load") {
        let _ = open.load()?;
        println!("{name} loaded");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let storage = || MaybeUninit::uninit();
    show("types", types::TypesSkelBuilder::default(), &mut storage())?;
    show("x", x::XSkelBuilder::default(), &mut storage())?;
    show(
        "tool",
        my_tool::MyToolSkelBuilder::default(),
        &mut storage(),
    )?;
    show("whole", whole::WholeSkelBuilder::default(), &mut storage())
}
