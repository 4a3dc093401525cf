//! What a build has to tell of sources, programs and kernels: values, which errors carry.

mod mismatch;
mod misread;
mod place;
mod refused;
mod site;

pub use self::mismatch::Mismatch;
pub use self::misread::Misread;
pub use self::place::Place;
pub use self::refused::Refused;
pub use self::site::Site;
