//! Tables for people.

use std::fmt;

/// A table with columns as wide as their widest cell.
#[derive(Clone, Debug)]
pub struct Table {
    columns: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a line of headings.
    pub fn new(headings: &[&str]) -> Self {
        Self {
            columns: headings.len(),
            rows: vec![headings.iter().map(ToString::to_string).collect()],
        }
    }

    /// Adds a line; cells that are missing stay empty, cells that are too many are left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().take(self.columns).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = vec![0; self.columns];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(&format!("{cell:width$}  "));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_without_trailing_space() {
        let mut table = Table::new(&["A", "LONGER", "C"]);
        table.row(["wide cell", "x", "y"].map(String::from));
        table.row(["z".to_string()]);
        assert_eq!(
            table.to_string(),
            "A          LONGER  C\nwide cell  x       y\nz\n"
        );
    }
}
