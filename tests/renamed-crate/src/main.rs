//! Opens, and with the argument `load` loads, what the build script made, and prints what is in it.

use std::env;
use std::error::Error;
use std::mem::MaybeUninit;

use bpf::OpenObject;
use bpf::skel::OpenSkel;
use bpf::skel::Skel;
use bpf::skel::SkelBuilder;

mod accept_latency {
    contexts::include_bpf!("accept_latency");
}
mod my_tool {
    contexts::include_bpf!("my__tool");
}
mod tool {
    contexts::include_bpf!("tool_");
}
mod x {
    contexts::include_bpf!("__x");
}
mod _9p {
    contexts::include_bpf!("_9p");
}
mod r#type {
    // Who had to help out before may go on to do so.
    #[allow(unused_imports)]
    use bpf as libbpf_rs;
    contexts::include_bpf!("type");
}
mod long {
    contexts::include_bpf!("a_name_of_more_than_fifteen_characters");
}
mod whole {
    contexts::include_bpf!("whole");
}

/// What can go wrong.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Opens and loads an object, as far as wanted, and prints the names of its maps and programs.
fn show<'obj, B>(name: &str, builder: B, storage: &'obj mut MaybeUninit<OpenObject>) -> Result<()>
where
    B: SkelBuilder<'obj>,
    for<'o> <B::Output as OpenSkel<'obj>>::Output: Skel<'obj>,
{
    let open = builder.open(storage)?;
    let mut maps: Vec<String> = open
        .open_object()
        .maps()
        .map(|map| map.name().to_string_lossy().into_owned())
        .collect();
    maps.sort();
    let mut programs: Vec<String> = open
        .open_object()
        .progs()
        .map(|program| program.name().to_string_lossy().into_owned())
        .collect();
    programs.sort();
    println!("{name}: {} | {}", maps.join(" "), programs.join(" "));
    if env::args().nth(1).as_deref() == Some("load") {
        let skel = open.load()?;
        println!("{name}: {} maps loaded", skel.object().maps().count());
    }
    Ok(())
}

fn main() -> Result<()> {
    let storage = || MaybeUninit::uninit();
    show(
        "accept",
        accept_latency::AcceptLatencySkelBuilder::default(),
        &mut storage(),
    )?;
    show("my", my_tool::MyToolSkelBuilder::default(), &mut storage())?;
    show("tool", tool::ToolSkelBuilder::default(), &mut storage())?;
    show("x", x::XSkelBuilder::default(), &mut storage())?;
    show("9p", _9p::_9pSkelBuilder::default(), &mut storage())?;
    show("type", r#type::TypeSkelBuilder::default(), &mut storage())?;
    show(
        "long",
        long::ANameOfMoreThanFifteenCharactersSkelBuilder::default(),
        &mut storage(),
    )?;
    show("whole", whole::WholeSkelBuilder::default(), &mut storage())?;
    names()?;
    one_object()
}

/// Each of the names, as it is documented.
fn names() -> Result<()> {
    let mut storage = MaybeUninit::uninit();
    let open = r#type::TypeSkelBuilder::default().open(&mut storage)?;
    let bss = open.maps.bss_data.as_deref().ok_or("no .bss")?;
    let all = [
        bss.r#type,
        bss.r#match,
        bss.self_,
        bss.Self__,
        bss.super_,
        bss.r#async,
        bss.r#gen,
        bss.r#dyn,
        bss.r#loop,
        bss.ref_,
        bss.r0,
        bss.a_b,
        bss.__,
        bss.data,
        bss.bss,
    ];
    let fields: &r#type::types::r#type = &bss.keyword_fields;
    let _: &r#type::types::Default_ = &bss.of_default;
    let _: i64 = bss.of_u8.x;
    let data = open.maps.data_data.as_deref().ok_or("no .data")?;
    let _: &r#type::types::data_ = &data.of_data;
    let rodata = open.maps.rodata_data.as_deref().ok_or("no .rodata")?;
    println!("{} {} {}", all.len(), fields.r#fn, rodata.crate__);
    println!("{:?}", data.enumerated == r#type::types::r#trait::r#try);
    let lru = open
        .maps
        .bss_lru_1_data
        .as_deref()
        .ok_or("no .bss.lru-1")?;
    let lru_1 = open.maps.bss_of_more_than_15_data.as_deref().ok_or("no .bss.of_more_than_15")?;
    let hot = open.maps.data_my_x_data.as_deref().ok_or("no .data.my.x")?;
    let mistaken = open
        .maps
        .data_rodata_data
        .as_deref()
        .ok_or("no .data.rodata")?;
    println!(
        "{} {} {} {}",
        lru.lru, lru_1.lru_1, hot.hot[0], mistaken.mistaken
    );
    for map in [
        &open.maps.r#use,
        &open.maps.map,
        &open.maps.name,
        &open.maps.object,
        &open.maps.DATA,
    ] {
        print!("{} ", map.name().to_string_lossy());
    }
    for map in [&open.maps.rodata_, &open.maps.bss_data_, &open.maps.crate_] {
        print!("{} ", map.name().to_string_lossy());
    }
    println!("{}", open.progs.prog.name().to_string_lossy());
    println!("{}", open.progs.r#move.name().to_string_lossy());
    Ok(())
}

/// Both sources' part in one.
fn one_object() -> Result<()> {
    let mut storage = MaybeUninit::uninit();
    let open = whole::WholeSkelBuilder::default().open(&mut storage)?;
    let data = open.maps.data_data.as_deref().ok_or("no .data")?;
    let rodata = open.maps.rodata_data.as_deref().ok_or("no .rodata")?;
    let _: whole::types::step = whole::types::step::default();
    let _: whole::ctx::btf_trace_sched_process_fork_ctx;
    println!(
        "{} {} {}",
        data.total,
        rodata.step,
        open.maps.steps.max_entries()
    );
    Ok(())
}
