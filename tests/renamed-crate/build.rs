//! Builds objects whose names, and names in which, Rust does not take as they are.

fn main() -> Result<(), builder::Error> {
    builder::Builder::new()
        .sources([
            "src/bpf/accept-latency.bpf.c",
            "src/bpf/my__tool.bpf.c",
            "src/bpf/tool_.bpf.c",
            "src/bpf/__x.bpf.c",
            "src/bpf/9p.bpf.c",
            "src/bpf/type.bpf.c",
        ])
        .source_as(
            "a_name_of_more_than_fifteen_characters",
            "src/bpf/__x.bpf.c",
        )
        .object("whole", ["src/bpf/main.bpf.c", "src/bpf/lib.bpf.c"])
        .build()
}
