//! Scratch.
#[path = "../verify/values.rs"]
mod values;
fn main() {
    libbpf_rs::set_print(None);
    let a: Vec<String> = std::env::args().skip(1).collect();
    let cases = values::value_cases(a[1].as_ref()).unwrap();
    if a[0] == "plan" {
        std::fs::write(&a[2], values::value_plan(&cases)).unwrap();
        println!("{} cases", cases.len());
    } else {
        let t = std::fs::read_to_string(&a[2]).unwrap();
        let r = values::compare_values(&cases, t.lines());
        println!("{} right, {} wrong", r.right, r.wrong.len());
        for w in r.wrong.iter().take(10) { println!("{w}"); }
    }
}
