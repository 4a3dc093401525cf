//! From kernel BTF to context structs: what is in them, and what libbpf, bpftool and compilers make
//! of them.

mod accessor;
mod bad_names;
mod bpf;
mod ctx_btf;
mod drift;
mod expressions;
mod facts;
mod fixtures;
mod full;
mod golden;
mod hooks;
mod hostile;
mod layouts;
mod names;
mod refusals;
mod static_offsets;
mod struct_ops;
mod tools;
