//! What a register or a place on the stack may hold.

use std::rc::Rc;

use super::origin::Change;
use super::origin::MANY_SITES;
use super::origin::Origin;
use super::result::Offsets;
use crate::object::code::Place;

/// How many numbers are told apart.
const MANY: usize = 8;
/// How many bits of a mask are, so that no more than [`MANY`] numbers come of them.
const MASK_BITS: u32 = 3;

/// The numbers that there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    One(i64),
    /// Sorted. `per_path`: on each way through the program it is a certain one of them, which a verifier
    /// knows.
    Few {
        values: Rc<[i64]>,
        per_path: bool,
    },
    Any,
}

impl Numbers {
    fn of(mut values: Vec<i64>, per_path: bool) -> Self {
        values.sort_unstable();
        values.dedup();
        match values[..] {
            [] => Self::Any,
            [one] => Self::One(one),
            _ if values.len() <= MANY => Self::Few {
                values: values.into(),
                per_path,
            },
            _ => Self::Any,
        }
    }

    /// Them; `None` where it can be any.
    fn values(&self) -> Option<&[i64]> {
        match self {
            Self::One(one) => Some(std::slice::from_ref(one)),
            Self::Few { values, .. } => Some(values),
            Self::Any => None,
        }
    }

    fn is_per_path(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Few { per_path, .. } => *per_path,
            Self::Any => false,
        }
    }

    pub(super) fn join(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        match (self.values(), other.values()) {
            (Some(a), Some(b)) => {
                let per_path = self.is_per_path() && other.is_per_path();
                Self::of([a, b].concat(), per_path)
            }
            _ => Self::Any,
        }
    }

    /// What an operation makes of each with each of the others.
    pub(super) fn combine(
        &self,
        other: &Self,
        operation: impl Fn(i64, i64) -> Option<i64>,
    ) -> Self {
        let (Some(a), Some(b)) = (self.values(), other.values()) else {
            return Self::Any;
        };
        let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (*a, *b)));
        let results: Option<Vec<i64>> = pairs.map(|(a, b)| operation(a, b)).collect();
        let per_path = self.is_per_path() && other.is_per_path();
        results.map_or(Self::Any, |results| Self::of(results, per_path))
    }

    /// What is left of any number behind a mask of a few bits.
    pub(super) fn masked(mask: i64) -> Self {
        if mask.count_ones() > MASK_BITS {
            return Self::Any;
        }
        let mut values = vec![0_i64];
        for bit in (0..i64::BITS).map(|bit| 1_i64 << bit) {
            if mask & bit != 0 {
                let with: Vec<i64> = values.iter().map(|value| value | bit).collect();
                values.extend(with);
            }
        }
        Self::of(values, false)
    }

    pub(super) fn offsets(&self) -> Offsets {
        match self {
            Self::One(one) => Offsets::At(*one),
            Self::Few { values, per_path } => Offsets::OneOf {
                offsets: values.to_vec(),
                is_per_path: *per_path,
            },
            Self::Any => Offsets::Unknown,
        }
    }
}

/// What a register or a place on the stack may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Number(Numbers),
    /// The context's address and so many bytes.
    Context(Numbers),
    /// That on one way through the program, and something else on another.
    Perhaps(Numbers),
    /// An address in the stack of the caller of that depth, so many bytes from its upper end.
    Stack {
        depth: usize,
        at: Option<i64>,
    },
    /// A function's address.
    Function(Place),
    /// A value that was read from the context.
    Read(Origin),
    /// A number that CO-RE decides: the relocated instruction, and the number in the object.
    Field(Place, i64),
    /// The address of a variable whose value is known before the program is verified, or into it.
    Variable(u32),
    /// What was loaded from there.
    Constant(u32),
    /// What that instruction has loaded from elsewhere, or the helper has returned that it calls.
    From(Place),
    Other,
}

impl Value {
    /// The same for those that do not ask where a value is from.
    pub(super) fn plain(&self) -> Self {
        match self {
            Self::Read(origin) if origin.is_number() => Self::ANY,
            Self::Read(_) => Self::Other,
            Self::Field(_, number) => Self::number(*number),
            Self::Constant(_) => Self::ANY,
            Self::Variable(_) => Self::Other,
            value => value.settled(),
        }
    }

    /// The same for those that do not ask which instruction a value is from that is not from the context.
    pub(super) fn settled(&self) -> Self {
        match self {
            Self::From(_) => Self::ANY,
            value => value.clone(),
        }
    }

    /// Whether it is a number, or may be one for all that is known.
    pub(super) fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Number(_) | Self::Read(_) | Self::Field(..) | Self::Constant(_) | Self::From(_)
        )
    }

    pub(super) const CONTEXT: Self = Self::Context(Numbers::One(0));
    pub(super) const ANY: Self = Self::Number(Numbers::Any);

    pub(super) fn number(number: i64) -> Self {
        Self::Number(Numbers::One(number))
    }

    /// How far from the context's start it may point, and whether it certainly is that.
    pub(super) fn context(&self) -> Option<(&Numbers, bool)> {
        match self {
            Self::Context(offset) => Some((offset, true)),
            Self::Perhaps(offset) => Some((offset, false)),
            _ => None,
        }
    }

    pub(super) fn join(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        let (this, other) = (&self.settled(), &other.settled());
        if let Some(origin) = Origin::joined(this, other) {
            return Self::Read(origin);
        }
        let (this, other) = (&this.plain(), &other.plain());
        if let (Self::Context(a), Self::Context(b)) = (this, other) {
            return Self::Context(a.join(b));
        }
        match (this.context(), other.context()) {
            (Some((a, _)), Some((b, _))) => Self::Perhaps(a.join(b)),
            (Some((a, _)), None) | (None, Some((a, _))) => Self::Perhaps(a.clone()),
            (None, None) => match (this, other) {
                (Self::Number(a), Self::Number(b)) => Self::Number(a.join(b)),
                (Self::Stack { depth: a, .. }, Self::Stack { depth: b, .. }) if a == b => {
                    Self::Stack {
                        depth: *a,
                        at: None,
                    }
                }
                (this, other) if this == other => this.clone(),
                _ => Self::Other,
            },
        }
    }

    /// What it is with so much added to it.
    pub(super) fn moved(&self, by: &Self) -> Self {
        let (this, by) = (&self.settled(), &by.settled());
        if let Some(origin) = Origin::moved(this, by) {
            return Self::Read(origin);
        }
        if let (Self::Variable(_), Self::Number(_)) = (this, by) {
            return this.clone();
        }
        let (this, by) = (&this.plain(), &by.plain());
        let add = |a: &Numbers, b: &Numbers| a.combine(b, |a, b| Some(a.wrapping_add(b)));
        match (this, by) {
            (Self::Context(offset), Self::Number(by))
            | (Self::Number(by), Self::Context(offset)) => Self::Context(add(offset, by)),
            (Self::Perhaps(offset), Self::Number(by))
            | (Self::Number(by), Self::Perhaps(offset)) => Self::Perhaps(add(offset, by)),
            // It may have been a number on this way.
            (Self::Context(_) | Self::Perhaps(_), Self::Other)
            | (Self::Other, Self::Context(_) | Self::Perhaps(_)) => Self::Perhaps(Numbers::Any),
            (Self::Number(a), Self::Number(b)) => Self::Number(add(a, b)),
            (Self::Stack { depth, at }, Self::Number(by))
            | (Self::Number(by), Self::Stack { depth, at }) => Self::Stack {
                depth: *depth,
                at: match (at, by) {
                    (Some(at), Numbers::One(by)) => Some(at.wrapping_add(*by)),
                    _ => None,
                },
            },
            _ => Self::Other,
        }
    }
}

impl Origin {
    /// Where both values may come together; `None` where neither is from the context, or one may be the
    /// context itself.
    fn joined(one: &Value, other: &Value) -> Option<Self> {
        let is_plain = |value: &Value| matches!(value, Value::Number(_) | Value::Field(..));
        Some(match (one, other) {
            (Value::Read(one), Value::Read(other)) => {
                let mut sites = [&*one.sites, &*other.sites].concat();
                sites.sort_unstable();
                sites.dedup();
                sites.truncate(MANY_SITES);
                Self {
                    sites: sites.into(),
                    state: one.state.max(other.state),
                    is_number: one.is_number && other.is_number,
                }
            }
            (Value::Read(origin), value) | (value, Value::Read(origin)) if is_plain(value) => {
                origin.clone()
            }
            (Value::Read(origin), Value::Other) | (Value::Other, Value::Read(origin)) => Self {
                is_number: false,
                ..origin.clone()
            },
            _ => return None,
        })
    }

    /// With something added.
    fn moved(one: &Value, other: &Value) -> Option<Self> {
        let (origin, by) = match (one, other) {
            (Value::Read(_), Value::Read(_)) => return None,
            (Value::Read(origin), by) | (by, Value::Read(origin)) => (origin, by),
            _ => return None,
        };
        if by.context().is_some() || matches!(by, Value::Stack { .. }) {
            return None;
        }
        // What may be any number may as well be the address, and this an index.
        let is_offset = matches!(
            by,
            Value::Number(Numbers::One(_) | Numbers::Few { .. }) | Value::Field(..)
        );
        let change = match is_offset {
            true => Change::Added,
            false => Change::Calculated,
        };
        Some(Self {
            state: origin.state.max(change),
            ..origin.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn few(values: &[i64], per_path: bool) -> Numbers {
        Numbers::of(values.to_vec(), per_path)
    }

    #[test]
    fn joins_are_bounded() {
        let mut joined = Numbers::One(0);
        for number in 1..i64::try_from(MANY).unwrap() {
            joined = joined.join(&Numbers::One(number));
        }
        assert_eq!(joined, few(&[0, 1, 2, 3, 4, 5, 6, 7], true));
        assert_eq!(joined.join(&Numbers::One(8)), Numbers::Any);
    }

    #[test]
    fn masks() {
        assert_eq!(Numbers::masked(8), few(&[0, 8], false));
        assert_eq!(Numbers::masked(0x18), few(&[0, 8, 16, 24], false));
        assert_eq!(Numbers::masked(0xff), Numbers::Any);
        assert_eq!(Numbers::masked(0), Numbers::One(0));
    }

    #[test]
    fn from_an_instruction() {
        let at = |index| Place { section: 0, index };
        let (one, other) = (Value::From(at(1)), Value::From(at(2)));
        assert_eq!(one.join(&one.clone()), one);
        assert_eq!(one.join(&other), Value::ANY);
        assert_eq!(one.join(&Value::number(0)), Value::ANY);
        assert_eq!(one.moved(&Value::number(8)), Value::ANY);
        let read = Value::Read(Origin::of(at(3)));
        assert_eq!(read.join(&one), read.join(&Value::ANY));
        assert_eq!(Value::CONTEXT.moved(&one), Value::Context(Numbers::Any));
    }

    #[test]
    fn a_context_on_one_way_only() {
        let context = Value::CONTEXT;
        let perhaps = context.join(&Value::number(1));
        assert_eq!(perhaps, Value::Perhaps(Numbers::One(0)));
        assert_eq!(perhaps.join(&Value::Other), perhaps);
        assert_eq!(
            perhaps.moved(&Value::number(8)),
            Value::Perhaps(Numbers::One(8))
        );
        assert_eq!(context.moved(&Value::CONTEXT), Value::Other);
        assert_eq!(
            context.moved(&Value::Number(few(&[8, 16], true))),
            Value::Context(few(&[8, 16], true))
        );
    }
}
