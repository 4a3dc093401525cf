//! Programs of every section that libbpf knows: they are built for many kernels, and loaded into the
//! running one.

mod builds;
mod choices;
mod cost;
mod guide;
mod running;
mod sections;

/// The release that a kernel's name starts with.
fn release(name: &str) -> &str {
    name.split_once('-').map_or(name, |(release, _)| release)
}

fn running_release() -> String {
    let file = "/proc/sys/kernel/osrelease";
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.trim().to_owned()
}
