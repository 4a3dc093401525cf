//! Equal neighbours, as ranges.

use super::Cell;
use super::Column;
use super::Run;

/// The neighbouring kernels of one architecture with equal cells.
pub(super) fn runs(kernels: &[Column], cells: &[Cell]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (place, cell) in cells.iter().enumerate() {
        let is_same = |run: &&mut Run| {
            run.status == cell.status
                && run.sentence == cell.sentence
                && kernels[run.first].arch == kernels[place].arch
        };
        match runs.last_mut().filter(is_same) {
            Some(run) => run.last = place,
            None => runs.push(Run {
                first: place,
                last: place,
                status: cell.status,
                sentence: cell.sentence.clone(),
            }),
        }
    }
    runs
}

/// Kernels for people: `6.19 →`, `5.10 – 6.1, 6.12`, `all kernels`. The places are in ascending order.
pub fn ranges(kernels: &[Column], places: &[usize]) -> String {
    if places.len() == kernels.len() && places.len() > 1 {
        return "all kernels".to_owned();
    }
    let arch = |place: usize| kernels.get(place).map(|kernel| &kernel.arch);
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &place in places {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == place && arch(*last) == arch(place) => *last = place,
            _ => ranges.push((place, place)),
        }
    }
    let label = |place: usize| kernels.get(place).map_or("", |kernel| &*kernel.label);
    let of = ranges.iter().map(|&(first, last)| {
        let is_open = arch(last) != arch(last + 1);
        match (first == last, is_open) {
            (true, _) => label(first).to_owned(),
            (false, true) => format!("{} →", label(first)),
            (false, false) => format!("{} – {}", label(first), label(last)),
        }
    });
    of.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    /// Kernels with their architectures, places among them, and the text.
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [usize], &'a str);

    fn kernels(all: &[(&str, &str)]) -> Vec<Column> {
        let column = |(label, arch): &(&str, &str)| Column {
            label: (*label).to_owned(),
            arch: Some((*arch).to_owned()),
            ..Column::default()
        };
        all.iter().map(column).collect()
    }

    #[test]
    fn for_people() {
        let five = ["5.10", "6.1", "6.12", "7.2", "7.3"].map(|label| (label, "x86_64"));
        let two = [
            ("6.1", "aarch64"),
            ("6.12", "aarch64"),
            ("6.12 x", "x86_64"),
        ];
        let rows: [Row<'_>; 8] = [
            (&five, &[0, 1, 2, 3, 4], "all kernels"),
            (&five, &[3, 4], "7.2 →"),
            (&five, &[0, 1], "5.10 – 6.1"),
            (&five, &[0, 1, 3], "5.10 – 6.1, 7.2"),
            (&five, &[4], "7.3"),
            (&five, &[], ""),
            (&two, &[0, 1], "6.1 →"),
            (&two, &[1, 2], "6.12, 6.12 x"),
        ];
        for (all, places, expected) in rows {
            assert_eq!(ranges(&kernels(all), places), expected);
        }
    }

    #[test]
    fn one_is_no_range() {
        let one = kernels(&[("6.1", "x86_64")]);
        assert_eq!(ranges(&one, &[0]), "6.1");
    }

    #[test]
    fn other_sentences_are_other_runs() {
        let cells = ["a", "a", "b", "b"].map(|sentence| Cell {
            status: Status::Wrong,
            sentence: sentence.to_owned(),
            found: None,
            moved_to: None,
        });
        let all = kernels(&[("1", "a"), ("2", "b"), ("3", "b"), ("4", "b")]);
        let runs: Vec<_> = runs(&all, &cells)
            .iter()
            .map(|run| (run.first, run.last))
            .collect();
        assert_eq!(runs, [(0, 0), (1, 1), (2, 3)]);
    }
}
