//! Has the BPF programs in it.

mod forks {
    ctxgen::include_bpf!("forks");
}

mod opens {
    ctxgen::include_bpf!("opens");
}

fn main() {
    println!("{} {}", forks::OBJECT.len(), opens::OBJECT.len());
}
