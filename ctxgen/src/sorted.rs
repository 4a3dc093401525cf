//! Sorted vectors, in place of the standard library's sets and maps.
//!
//! Those, and sorting itself, are some kilobytes of code for each type that they hold, and a program
//! that loads an object has in memory what it runs through. Everything here is sorted by the same code.

use std::cmp::Ordering;

/// Values in order, equal ones as they came.
pub(crate) fn sorted_by<T>(mut values: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let swaps = swaps(values.len(), &|a, b| compare(&values[a], &values[b]));
    for (a, b) in swaps {
        values.swap(a, b);
    }
    values
}

/// Each value once, in order.
pub(crate) fn set<T: Ord>(values: Vec<T>) -> Vec<T> {
    let mut values = sorted_by(values, T::cmp);
    values.dedup();
    values
}

/// What to swap, one after the other, to put so many values in order. They are compared where they
/// stand at first.
fn swaps(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    // A merge sort, from runs of one to a run of all.
    let mut order: Vec<usize> = (0..len).collect();
    let mut merged = Vec::with_capacity(len);
    let mut run = 1;
    while run < len {
        for pair in order.chunks(2 * run) {
            let (mut left, mut right) = pair.split_at(run.min(pair.len()));
            while let (Some((l, rest_left)), Some((r, rest_right))) =
                (left.split_first(), right.split_first())
            {
                match compare(*l, *r) {
                    Ordering::Greater => {
                        merged.push(*r);
                        right = rest_right;
                    }
                    _ => {
                        merged.push(*l);
                        left = rest_left;
                    }
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut order, &mut merged);
        merged.clear();
        run *= 2;
    }

    // Each circle of places, from one that it goes through.
    let mut swaps = Vec::new();
    for start in 0..len {
        let mut to = start;
        loop {
            let from = std::mem::replace(&mut order[to], to);
            if from == start || from == to {
                break;
            }
            swaps.push((to, from));
            to = from;
        }
    }
    swaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_stay_as_they_came() {
        let values = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        assert_eq!(
            sorted_by(values, |a, b| a.0.cmp(&b.0)),
            [(1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]
        );
    }

    #[test]
    fn as_the_standard_library_does_it() {
        let mut number = 1_u32;
        for len in 0..200 {
            let mut next = || {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                number >> 26
            };
            let values: Vec<(u32, usize)> = (0..len).map(|place| (next(), place)).collect();
            let mut expected = values.clone();
            expected.sort_by_key(|value| value.0);
            assert_eq!(sorted_by(values, |a, b| a.0.cmp(&b.0)), expected);
        }
    }

    #[test]
    fn each_once() {
        assert_eq!(set(vec!["b", "a", "b", "c", "a"]), ["a", "b", "c"]);
        assert_eq!(set(Vec::<u32>::new()), [0; 0]);
    }
}
