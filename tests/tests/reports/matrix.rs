//! A small matrix of this project's own fixtures.

use ctxgen::KernelBtf;
use ctxgen::matrix::Candidate;
use ctxgen::matrix::Examination;
use ctxgen::matrix::Found;
use ctxgen::matrix::Held;
use ctxgen::matrix::Matrix;
use ctxgen::matrix::Status;
use ctxgen::object::reads::Examined;
use ctxgen::render::matrix::relative_to;
use ctxgen_tests::Clang;
use ctxgen_tests::fixture;
use ctxgen_tests::foreign_object;
use ctxgen_tests::workspace;

/// The kernels of which it is.
const KERNELS: [&str; 4] = ["5.10-x86_64", "6.1-x86_64", "6.12-aarch64", "7.2-x86_64"];

/// What `tests/reads/report.bpf.c` reads, as it fails for what is wrong and for what does not load.
pub(crate) fn matrix(clang: &Clang) -> Matrix {
    matrix_of(clang, "build/report.bpf.o", "")
}

/// The same, of an object with this name and of kernels whose names end so.
pub(crate) fn matrix_of(clang: &Clang, object_name: &str, end: &str) -> Matrix {
    let objects = [Candidate {
        file: object_name.to_owned(),
        name: object_name.to_owned(),
        examined: Examined::parse(
            &foreign_object(&clang.path, "tests/reads/report.bpf.c").unwrap(),
        )
        .unwrap(),
    }];
    let kernels = KERNELS.map(|name| {
        let kernel = KernelBtf::from_path(fixture(name).btf).unwrap();
        Held {
            label: Some(format!("{name}{end}")),
            names: kernel.names(),
            found: Found::Examined(Examination::of(&objects, &kernel, None)),
        }
    });
    let mut matrix = Matrix::new(&objects, kernels.into());
    matrix.fail_on(&[Status::Wrong, Status::DoesNotLoad], None);
    relative_to(&mut matrix, workspace().to_str().unwrap());
    matrix
}
