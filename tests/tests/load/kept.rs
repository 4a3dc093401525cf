//! Objects that their owners keep after a load that failed.

use ctxgen::Loader;
use libbpf_rs::AsRawLibbpf;
use libbpf_rs::Object;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::OpenObject;
use libbpf_rs::libbpf_sys as sys;
use libbpf_rs::skel::OpenSkel;
use libbpf_rs::skel::Skel;

use crate::object::compile;
use crate::running::can_load;

/// A skeleton that does not own its object, and declines to load it.
struct Borrowing<'a>(&'a mut OpenObject);

enum Never {}

impl<'o> Skel<'o> for Never {
    fn object(&self) -> &Object {
        match *self {}
    }

    fn object_mut(&mut self) -> &mut Object {
        match *self {}
    }
}

impl<'o, 'a: 'o> OpenSkel<'o> for Borrowing<'a> {
    type Output = Never;

    fn load(self) -> libbpf_rs::Result<Never> {
        Err(std::io::Error::other("declined").into())
    }

    fn open_object(&self) -> &OpenObject {
        self.0
    }

    fn open_object_mut(&mut self) -> &mut OpenObject {
        self.0
    }
}

/// The program may read what the kernel lacks, so the loader gives it a log of its own.
const PROGRAM: &str = r#"
struct btf_trace_sched_switch_ctx { u64 gone; } RELOCATED;
u64 out;
SEC("tp_btf/sched_switch")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
	out = ctx->gone;
	return 0;
}
"#;

#[test]
fn the_verifiers_log_goes_to_memory_that_is_there() {
    if !can_load("an object that is kept") {
        return;
    }
    let bytes = compile(PROGRAM);
    let loader = Loader::new(&bytes).unwrap();
    let mut object = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    assert!(loader.load(Borrowing(&mut object)).is_err());
    drop(loader);
    // What is allocated now would take the place of what was given back.
    let filler: Vec<Vec<u8>> = (0..64).map(|_| vec![0xa5; 1 << 20]).collect();

    let program = object.progs_mut().next().unwrap();
    let mut len = 0;
    // SAFETY: a live program.
    let log = unsafe { sys::bpf_program__log_buf(program.as_libbpf_object().as_ptr(), &mut len) };
    let protection = protection_of(log.addr());
    assert!(
        log.is_null() || protection.as_deref() == Some("r--p"),
        "{protection:?}"
    );
    // The kernel has no place for its log, and that is all that happens.
    assert!(object.load().is_err());
    assert!(filler.iter().flatten().all(|byte| *byte == 0xa5));
}

/// How the memory at an address is mapped, as `/proc/self/maps` says.
fn protection_of(address: usize) -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().find_map(|line| {
        let mut words = line.split(' ');
        let (start, end) = words.next()?.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).unwrap();
        (number(start)..number(end))
            .contains(&address)
            .then(|| words.next().map(str::to_owned))?
    })
}
