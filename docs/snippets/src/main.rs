//! Code that the documentation quotes.

use std::error::Error;
use std::mem::MaybeUninit;

use libbpf_rs::skel::Skel;

mod builders;

mod unlinks {
    ctxgen::include_bpf!("unlinks");
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("build") {
        return Ok(builders::all()?);
    }
    let mut object = MaybeUninit::uninit();
    let loader = ctxgen::Loader::new(unlinks::OBJECT)?;
    let skeleton = loader.open(unlinks::UnlinksSkelBuilder::default(), &mut object)?;
    let mut skeleton = loader.load(skeleton)?;
    skeleton.attach()?;
    Ok(())
}
