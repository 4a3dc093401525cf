//! Names that Rust does not take as they are, in skeletons of objects of either byte order. That these
//! compile and find what they name is shown by a crate that has more of them (`renamed-crate`).

use crate::support::Order;
use crate::support::Project;

const SOURCE: &str = "
u64 type = 1, self, prog_;
u64 lru SEC(\".bss.lru-1\");
struct type { int fn; } of_type;
enum move { trait = 1 } of_move;
struct {
	__uint(type, 2);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} use SEC(\".maps\"), bss SEC(\".maps\");

SEC(\"tp_btf/sched_switch\")
int prog(struct btf_trace_sched_switch_ctx *ctx)
{
	u32 key = 0;

	type += self + lru + prog_ + of_type.fn;
	of_move = trait;
	return bpf_map_lookup_elem(&use, &key) || bpf_map_lookup_elem(&bss, &key);
}
";

#[test]
fn are_escaped() {
    for order in Order::BOTH {
        let project = Project::with(SOURCE);
        let source = project.path("src/prog.bpf.c");
        let artifacts = project
            .builder_for(order)
            .source(source)
            .generate()
            .unwrap();
        let skeleton = project.made("prog.skel.rs");
        for part in [
            ".map(\"use\", false)",
            ".map(\"bss\", false)",
            ".map(\".bss.lru-1\", true)",
            "\".bss.lru_1\" => ",
            ".prog(\"prog\")",
            "pub r#use: libbpf_rs::MapMut<'obj>,",
            "pub bss_: libbpf_rs::MapMut<'obj>,",
            "pub bss: libbpf_rs::MapMut<'obj>,",
            "pub prog: libbpf_rs::ProgramMut<'obj>,",
            "pub bss_lru_1_data: Option<&'obj mut types::bss_lru_1>,",
            "pub struct bss_lru_1 {",
            "pub r#type: u64,",
            "pub self_: u64,",
            "pub struct r#type {",
            "pub r#fn: i32,",
            "pub struct r#move(pub u32);",
            "pub const r#trait: Self = Self(1);",
        ] {
            assert!(skeleton.contains(part), "{order:?}: {part}");
        }
        // What is loaded is the object as it was compiled.
        let object = std::fs::read(&artifacts.objects[0].object).unwrap();
        let data = format!("static DATA: [u8; {}] = {object:?};", object.len());
        assert!(skeleton.contains(&data), "{order:?}");
    }
}

#[test]
fn that_libbpf_cannot_tell_apart() {
    let project = Project::with(
        "u64 one SEC(\".bss.lru-1\"); u64 two SEC(\".bss.lru_1\");\n\
         SEC(\"tp_btf/sched_switch\") int prog(void *ctx) { return one + two; }\n",
    );
    let error = project.error();
    for part in [
        "cannot make the skeleton of ",
        "SEC(\".bss.lru-1\") and SEC(\".bss.lru_1\")",
        "Give one section another name",
    ] {
        assert!(error.contains(part), "{error}");
    }
}
