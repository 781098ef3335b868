//! Small cells. A table of counts with its totals is published without the counts under five, and without as many others
//! as it takes that no small one can be worked out from what is left. Pure.
//!
//! Rows and columns, the totals with them, are the nodes of a graph; each count joins its row to its column. Raising a
//! count by one and keeping every published sum means walking along withheld counts, up and down in turn, back to where
//! one began; a count may go down only if it is not zero. A small count that lies on no such walk has one possible value:
//! whoever adds and subtracts finds it. So each small count gets the cheapest walk there is, and all of it is withheld.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

/// Counts below it are withheld (`decisions.md`, "Personal data").
pub const LEAST: i64 = 5;

/// A table as it may be published: rows of counts, the last of each row and the last row being totals. `None` is
/// withheld.
pub type Published = Vec<Vec<Option<i64>>>;

/// Withholds what must be withheld of `counts`, rows of equal length without totals, none negative. The total of all is
/// published unless it is small itself.
pub fn suppress(counts: &[Vec<i64>]) -> Published {
    let mut table = Table::of(counts);
    let small: Vec<Place> = table.places().filter(|place| table.at(*place) < LEAST).collect();
    for place in small {
        // What is withheld stays so: a count that could change goes on to.
        let walk = table.cheapest_walk(place).unwrap_or_else(|| table.places().collect());
        for (row, column) in walk {
            table.withheld[row][column] = true;
        }
    }
    table.published()
}

/// A place in a table: row and column.
type Place = (usize, usize);

/// What withholding costs: totals, which are dear, then what the counts add up to.
type Cost = (usize, i64);

struct Table {
    /// With totals.
    values: Vec<Vec<i64>>,
    withheld: Vec<Vec<bool>>,
}

impl Table {
    fn of(counts: &[Vec<i64>]) -> Self {
        let columns = counts.first().map_or(0, Vec::len);
        let mut values: Vec<Vec<i64>> =
            counts.iter().map(|row| row.iter().copied().chain([row.iter().sum()]).collect()).collect();
        let total = |column: usize| values.iter().map(|row| row[column]).sum();
        values.push((0..=columns).map(total).collect());
        let withheld = values.iter().map(|row| row.iter().map(|n| *n < LEAST).collect()).collect();
        Self { values, withheld }
    }

    fn at(&self, (row, column): Place) -> i64 {
        self.values[row][column]
    }

    fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let (rows, columns) = (self.values.len(), self.values[0].len());
        (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
    }

    /// Whether it is the total of a row or of a column; the total of all weighs like a count.
    fn is_total(&self, (row, column): Place) -> bool {
        (row + 1 == self.values.len()) != (column + 1 == self.values[0].len())
    }

    /// Whether the count at `place` may weigh more (`up`) or less in its sums. A total weighs with the opposite sign: it
    /// weighs more when it is less.
    fn may(&self, place: Place, up: bool) -> bool {
        let grows = up != self.is_total(place);
        grows || self.at(place) > 0
    }

    /// What it costs to withhold a count; `None` for the total of all, which is not given up.
    fn cost(&self, place: Place) -> Option<Cost> {
        let of_all = (self.values.len() - 1, self.values[0].len() - 1);
        match self.withheld[place.0][place.1] {
            true => Some((0, 0)),
            false => (place != of_all).then(|| (usize::from(self.is_total(place)), self.at(place))),
        }
    }

    /// The cheapest counts to withhold besides the one at `place`, so that it could be one more or one less with
    /// everything published the same; none cost anything if they are withheld already.
    fn cheapest_walk(&self, place: Place) -> Option<Vec<Place>> {
        let (row, column) = (Node::Row(place.0), Node::Column(place.1));
        let up = self.may(place, true).then(|| self.walk(column, row, place)).flatten();
        let down = self.may(place, false).then(|| self.walk(row, column, place)).flatten();
        up.into_iter().chain(down).min().map(|(_, walk)| walk)
    }

    /// The cheapest walk from `start` to `end`, but not along `without`: from a row to a column by raising a count, from
    /// a column to a row by lowering one.
    fn walk(&self, start: Node, end: Node, without: Place) -> Option<(Cost, Vec<Place>)> {
        let mut seen = BTreeSet::new();
        let mut ahead = BinaryHeap::from([Reverse(((0, 0), Vec::new(), start))]);
        while let Some(Reverse((so_far, walk, node))) = ahead.pop() {
            if node == end {
                return Some((so_far, walk));
            }
            if !seen.insert(node) {
                continue;
            }
            for place in self.places().filter(|place| *place != without) {
                let (Some(next), Some(cost)) = (self.step(node, place), self.cost(place)) else { continue };
                let longer = walk.iter().copied().chain([place]).collect();
                ahead.push(Reverse(((so_far.0 + cost.0, so_far.1 + cost.1), longer, next)));
            }
        }
        None
    }

    /// Where the count at `place` leads from `node`, if it leads from there.
    fn step(&self, node: Node, place: Place) -> Option<Node> {
        match node {
            Node::Row(row) => (row == place.0 && self.may(place, true)).then_some(Node::Column(place.1)),
            Node::Column(column) => {
                (column == place.1 && self.may(place, false)).then_some(Node::Row(place.0))
            }
        }
    }

    fn published(&self) -> Published {
        let show = |place: Place| (!self.withheld[place.0][place.1]).then(|| self.at(place));
        let columns = self.values[0].len();
        (0..self.values.len()).map(|row| (0..columns).map(|column| show((row, column))).collect()).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Row(usize),
    Column(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_small_count_takes_three_others_with_it() {
        // 3 is small; alone it would be 20 - 17 in its row and 13 - 10 in its column.
        let published = suppress(&[vec![3, 17], vec![10, 30]]);
        assert_eq!(
            published,
            [vec![None, None, Some(20)], vec![None, None, Some(40)], vec![Some(13), Some(47), Some(60)],]
        );
    }

    #[test]
    fn nothing_small_is_all_published() {
        let published = suppress(&[vec![5, 6], vec![7, 8]]);
        assert!(published.iter().flatten().all(Option::is_some));
    }

    #[test]
    fn a_zero_that_nothing_can_balance_is_not_hidden_by_company() {
        // Both counts of the first row are zero and so is its total: all of it stays open to doubt, which takes a column
        // with it.
        let published = suppress(&[vec![0, 0], vec![9, 9], vec![9, 9]]);
        assert_eq!(published[0], [None, None, None]);
    }

    /// Every table of two columns and counts up to `most` that agrees with what is published, row after row.
    fn agreeing(published: &Published, most: i64) -> Vec<Vec<[i64; 2]>> {
        let agrees = |sum: i64, total: Option<i64>| total.is_none_or(|total| total == sum);
        let (totals, rows) = published.split_last().unwrap();
        let mut found: Vec<Vec<[i64; 2]>> = vec![vec![]];
        for row in rows {
            let values = |known: Option<i64>| known.map_or(0..=most, |n| n..=n);
            let pairs = values(row[0]).flat_map(|a| values(row[1]).map(move |b| [a, b]));
            let fitting: Vec<[i64; 2]> = pairs.filter(|[a, b]| agrees(a + b, row[2])).collect();
            let extend = |table: &Vec<[i64; 2]>| {
                fitting.iter().map(|row| table.iter().copied().chain([*row]).collect()).collect::<Vec<_>>()
            };
            found = found.iter().flat_map(extend).collect();
        }
        found.retain(|table| {
            let column = |c: usize| table.iter().map(|row| row[c]).sum::<i64>();
            agrees(column(0), totals[0])
                && agrees(column(1), totals[1])
                && agrees(column(0) + column(1), totals[2])
        });
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn no_small_count_can_be_worked_out(counts in prop::collection::vec(prop::collection::vec(0..8i64, 2), 1..4)) {
            let total: i64 = counts.iter().flatten().sum();
            prop_assume!(total >= LEAST);
            let published = suppress(&counts);
            prop_assert!(published[counts.len()][2].is_some());
            let possible = agreeing(&published, 8);
            let row_totals = counts.iter().map(|row| row.iter().sum::<i64>());
            for (r, (row, total)) in counts.iter().zip(row_totals).enumerate() {
                for (c, value) in row.iter().enumerate().filter(|(_, value)| **value < LEAST) {
                    prop_assert!(possible.iter().any(|table| table[r][c] != *value), "{published:?} tells {r}, {c}");
                }
                let open = possible.iter().any(|table| table[r].iter().sum::<i64>() != total);
                prop_assert!(total >= LEAST || open, "{published:?} tells the total of {r}");
            }
            for c in [0, 1] {
                let column = |table: &[[i64; 2]]| table.iter().map(|row| row[c]).sum::<i64>();
                let total: i64 = counts.iter().map(|row| row[c]).sum();
                let open = possible.iter().any(|table| column(table) != total);
                prop_assert!(total >= LEAST || open, "{published:?} tells the total of column {c}");
            }
        }

        #[test]
        fn what_is_published_is_true(counts in prop::collection::vec(prop::collection::vec(0..30i64, 3), 1..6)) {
            let published = suppress(&counts);
            for (row, shown) in counts.iter().zip(&published) {
                for (value, shown) in row.iter().zip(shown) {
                    prop_assert!(shown.is_none_or(|n| n == *value && n >= LEAST));
                }
            }
        }
    }
}
