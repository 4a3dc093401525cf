//! What has become of each type, in definitions that are written one after the other.

use crate::btf::TypeId;

/// What there has to be of a type before another one is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Declaration,
    Definition,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Ahead,
    Underway,
    Done,
}

impl Stage {
    fn of_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Ahead,
            1 => Self::Underway,
            _ => Self::Done,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    /// Whether it has its place among the definitions.
    pub(super) ordered: Stage,
    /// Whether it is written.
    pub(super) written: Stage,
    /// Whether it is declared before it is defined; a typedef, whether it is defined before what it names.
    pub(super) declared: bool,
}

impl State {
    const DONE: Self = Self {
        ordered: Stage::Done,
        written: Stage::Done,
        declared: false,
    };

    fn bits(self) -> u8 {
        self.ordered as u8 | (self.written as u8) << 2 | u8::from(self.declared) << 4
    }

    fn of_bits(bits: u8) -> Self {
        Self {
            ordered: Stage::of_bits(bits),
            written: Stage::of_bits(bits >> 2),
            declared: bits >> 4 != 0,
        }
    }
}

/// What has become of the types of a BTF. What an attempt has changed can be taken back.
#[derive(Debug)]
pub(super) struct States {
    type_count: u32,
    /// By id; none before the first definition.
    bits: Vec<u8>,
    changed: Vec<(TypeId, u8)>,
}

impl States {
    pub(super) fn new(type_count: u32) -> Self {
        Self {
            type_count,
            bits: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// With what is not there, and with `void`, there is nothing to do.
    pub(super) fn of(&self, id: TypeId) -> State {
        if id == TypeId::VOID || id.0 >= self.type_count {
            return State::DONE;
        }
        let bits = self.bits.get(id.0 as usize).copied();
        State::of_bits(bits.unwrap_or_default())
    }

    pub(super) fn set(&mut self, id: TypeId, state: State) {
        if self.bits.is_empty() {
            self.bits = vec![0; self.type_count as usize];
        }
        if let Some(bits) = self.bits.get_mut(id.0 as usize) {
            self.changed.push((id, *bits));
            *bits = state.bits();
        }
    }

    pub(super) fn keep(&mut self) {
        self.changed.clear();
    }

    pub(super) fn take_back(&mut self) {
        while let Some((id, bits)) = self.changed.pop() {
            self.bits[id.0 as usize] = bits;
        }
    }
}
