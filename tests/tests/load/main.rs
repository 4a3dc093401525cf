//! Objects with relocatable contexts: what becomes of them on kernels like and unlike those that they
//! were built for.

mod absent;
mod headers;
mod instructions;
mod kept;
mod license;
mod object;
mod picked;
mod renamed;
mod running;
mod struct_ops;
