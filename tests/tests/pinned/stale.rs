//! A pinned BTF that no longer covers the sources.
