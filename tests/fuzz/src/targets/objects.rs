//! BPF objects: what is said of them, and what libbpf is given of them. Nothing is loaded.

use ctxgen::CustomBtf;
use ctxgen::KernelBtf;
use ctxgen::Loader;
use ctxgen::check;
use ctxgen::libbpf_rs::ObjectBuilder;
use ctxgen::matrix::Candidate;
use ctxgen::matrix::Examination;
use ctxgen::matrix::Found;
use ctxgen::matrix::Held;
use ctxgen::matrix::Matrix;
use ctxgen::object;
use ctxgen::object::ObjectFile;
use ctxgen::object::accesses;
use ctxgen::object::reads::Examined;
use ctxgen::reads;
use ctxgen::render::matrix;

use super::sound;

pub(super) fn run(data: &[u8]) {
    // What libbpf has to say is in the errors.
    ctxgen::libbpf_rs::set_print(None);
    for place in object::embedded(data) {
        assert!(place.end <= data.len());
    }
    let object = match ObjectFile::parse(data) {
        Ok(object) => object,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(check::check(data, &sound(ctxgen::ByteOrder::HOST)).is_err());
            return;
        }
    };
    let kernel = sound(object.btf().byte_order());
    let _ = object::unlicensed(data);
    checked(data, &object, &kernel);
    examined(data, &kernel);
    opened(data, &kernel);
}

fn checked(data: &[u8], object: &ObjectFile, kernel: &KernelBtf) {
    for found in accesses::accesses(object, data).into_iter().flatten() {
        assert!(found.program < object.programs().len());
        for access in &found.accesses {
            let _ = access.offsets();
        }
    }
    for relocation in object.relocations() {
        let _ = (object.steps(relocation), object.program_of(relocation));
    }
    match check::check_object(object, kernel) {
        Ok(all) => all
            .iter()
            .for_each(|one| assert!(!one.to_string().is_empty())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Held against kernels as `ctxgen matrix` does, in all formats.
fn examined(data: &[u8], kernel: &KernelBtf) {
    let Ok(examined) = Examined::parse(data) else {
        return;
    };
    for judged in reads::judge(&examined, kernel, None) {
        let _ = judged.lines();
    }
    let candidates = [Candidate {
        file: "a.bpf.o".to_owned(),
        name: "a.bpf.o".to_owned(),
        examined,
    }];
    let held = Held {
        label: None,
        names: vec!["6.1".to_owned()],
        found: Found::Examined(Examination::of(&candidates, kernel, None)),
    };
    let found = Matrix::new(&candidates, vec![held]);
    for format in matrix::FORMATS {
        assert!(!(format.write)(&found).is_empty(), "{}", format.name);
    }
}

/// Relocated for a kernel, and opened by libbpf.
fn opened(data: &[u8], kernel: &KernelBtf) {
    let _ = CustomBtf::for_kernel(&[data], kernel);
    match Loader::for_kernel(data, kernel) {
        Ok(loader) => match loader.open_object(&mut ObjectBuilder::default()) {
            Ok(object) => drop(object),
            Err(error) => assert!(!error.to_string().is_empty()),
        },
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
