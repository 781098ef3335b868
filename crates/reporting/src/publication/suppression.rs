//! Small cells. A table of counts with its totals is published without the counts under five, and without as many others
//! as it takes that no small one can be told from five by what is left. Pure.
//!
//! Rows and columns, the totals with them, are the nodes of a graph; each count joins its row to its column. Raising a
//! count by one and keeping every published sum means walking along withheld counts, up and down in turn, back to where
//! one began; a count may go down only if it is not zero. So each small count gets the cheapest walks that bring it to
//! five, and all of them are withheld. Every sum of counts that follows from what is published is then five or more:
//! where a small count is in it, the sum is no less than what that count could be. That it merely is open (0 to 2, of
//! withheld counts that make two together) would not do.

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
        // What is withheld stays so: a count that could be five goes on to.
        for (row, column) in table.cover(place).unwrap_or_else(|| table.places().collect()) {
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

    /// Whether a count grows if it weighs more (`up`) or less in its sums. A total weighs with the opposite sign: it
    /// weighs more when it is less.
    fn grows(&self, place: Place, up: bool) -> bool {
        up != self.is_total(place)
    }

    /// What it costs to withhold a count; `None` for the total of all, which is not given up.
    fn cost(&self, place: Place) -> Option<Cost> {
        let of_all = (self.values.len() - 1, self.values[0].len() - 1);
        match self.withheld[place.0][place.1] {
            true => Some((0, 0)),
            false => (place != of_all).then(|| (usize::from(self.is_total(place)), self.at(place))),
        }
    }

    /// The counts to withhold besides the small one at `place`, so that it could be five with everything published the
    /// same; none if there are no such counts. Dear ones only where the cheap ones are not enough.
    fn cover(&self, place: Place) -> Option<BTreeSet<Place>> {
        let (row, column) = (Node::Row(place.0), Node::Column(place.1));
        let (start, end) = if self.grows(place, true) { (column, row) } else { (row, column) };
        let mut supposed = Supposed { table: self, values: self.values.clone(), cover: BTreeSet::new() };
        let mut missing = LEAST - self.at(place);
        while missing > 0 {
            let walk = supposed.walk(start, end, place)?;
            missing -= supposed.change(start, &walk, missing);
        }
        Some(supposed.cover)
    }

    fn published(&self) -> Published {
        let show = |place: Place| (!self.withheld[place.0][place.1]).then(|| self.at(place));
        let columns = self.values[0].len();
        (0..self.values.len()).map(|row| (0..columns).map(|column| show((row, column))).collect()).collect()
    }
}

/// Other values that everything published would agree with, if `cover` is withheld too.
struct Supposed<'a> {
    table: &'a Table,
    values: Vec<Vec<i64>>,
    cover: BTreeSet<Place>,
}

impl Supposed<'_> {
    fn cost(&self, place: Place) -> Option<Cost> {
        if self.cover.contains(&place) { Some((0, 0)) } else { self.table.cost(place) }
    }

    /// By how much the count at `place` may weigh more (`up`) or less.
    fn room(&self, place: Place, up: bool) -> i64 {
        if self.table.grows(place, up) { i64::MAX } else { self.values[place.0][place.1] }
    }

    /// The cheapest walk from `start` to `end`, but not along `without`: from a row to a column by raising a count, from
    /// a column to a row by lowering one.
    fn walk(&self, start: Node, end: Node, without: Place) -> Option<Vec<Place>> {
        let mut seen = BTreeSet::new();
        let mut ahead = BinaryHeap::from([Reverse(((0, 0), Vec::new(), start))]);
        while let Some(Reverse((so_far, walk, node))) = ahead.pop() {
            if node == end {
                return Some(walk);
            }
            if !seen.insert(node) {
                continue;
            }
            for place in self.table.places().filter(|place| *place != without) {
                let (Some(next), Some(cost)) = (self.step(node, place), self.cost(place)) else { continue };
                let longer = walk.iter().copied().chain([place]).collect();
                ahead.push(Reverse(((so_far.0 + cost.0, so_far.1 + cost.1), longer, next)));
            }
        }
        None
    }

    /// Where the count at `place` leads from `node`, if it leads from there.
    fn step(&self, node: Node, place: Place) -> Option<Node> {
        let (leads, next) = match node {
            Node::Row(row) => (row == place.0, Node::Column(place.1)),
            Node::Column(column) => (column == place.1, Node::Row(place.0)),
        };
        (leads && self.room(place, node.is_row()) > 0).then_some(next)
    }

    /// Changes the counts along `walk` by as much as they allow, by `most` at most, and says by how much.
    fn change(&mut self, start: Node, walk: &[Place], most: i64) -> i64 {
        let ups: Vec<bool> = (0..walk.len()).map(|n| start.is_row() == n.is_multiple_of(2)).collect();
        let steps = || walk.iter().copied().zip(ups.iter().copied());
        let by = steps().map(|(place, up)| self.room(place, up)).fold(most, i64::min);
        for (place, up) in steps() {
            self.values[place.0][place.1] += if self.table.grows(place, up) { by } else { -by };
            self.cover.insert(place);
        }
        by
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Row(usize),
    Column(usize),
}

impl Node {
    fn is_row(self) -> bool {
        matches!(self, Self::Row(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

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

    #[test]
    fn withheld_counts_of_a_row_do_not_make_two_together() {
        let urban = vec![81, 0, 41, 1, 372, 1, 0];
        let published = suppress(&[urban.clone(), vec![151, 2, 60, 3, 140, 9, 9]]);
        let withheld = urban.iter().zip(&published[0]).filter(|(_, shown)| shown.is_none());
        assert_eq!(published[0][7], Some(496));
        assert!(withheld.map(|(n, _)| n).sum::<i64>() >= LEAST, "{published:?}");
    }

    /// The most that each count, with totals, can be in a table of two columns that agrees with what is published.
    fn most(published: &Published) -> Vec<Vec<i64>> {
        let agrees = |sum: i64, shown: Option<i64>| shown.is_none_or(|shown| shown == sum);
        let (totals, rows) = published.split_last().unwrap();
        let of_all = totals[2].unwrap();
        // By the sums of both columns so far: the most that each count of the rows so far can be.
        let mut found = BTreeMap::from([([0, 0], Vec::<i64>::new())]);
        for row in rows {
            let values = |known: Option<i64>| known.map_or(0..=of_all, |n| n..=n);
            let pairs = values(row[0]).flat_map(|a| values(row[1]).map(move |b| [a, b]));
            let fitting: Vec<[i64; 2]> =
                pairs.filter(|[a, b]| agrees(a + b, row[2]) && a + b <= of_all).collect();
            let mut next: BTreeMap<[i64; 2], Vec<i64>> = BTreeMap::new();
            for ([x, y], known) in &found {
                for [a, b] in fitting.iter().filter(|[a, b]| x + a + y + b <= of_all) {
                    let counts = known.iter().copied().chain([*a, *b, a + b]);
                    let so_far = next.entry([x + a, y + b]).or_insert_with(|| vec![0; known.len() + 3]);
                    so_far.iter_mut().zip(counts).for_each(|(most, n)| *most = (*most).max(n));
                }
            }
            found = next;
        }
        found.retain(|[x, y], _| agrees(*x, totals[0]) && agrees(*y, totals[1]) && x + y == of_all);
        let largest = |at: usize| found.values().map(|counts| counts[at]).max().unwrap();
        let column = |c: usize| found.keys().map(|sums| sums[c]).max().unwrap();
        let rows = (0..rows.len()).map(|row| (0..3).map(|c| largest(3 * row + c)).collect());
        rows.chain([vec![column(0), column(1), of_all]]).collect()
    }

    /// Each row and each column of a table.
    fn lines(places: &[Vec<(i64, bool)>]) -> Vec<Vec<(i64, bool)>> {
        let columns = (0..places[0].len()).map(|c| places.iter().map(|row| row[c]).collect());
        places.iter().cloned().chain(columns).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_small_count_can_be_told_from_five(counts in prop::collection::vec(prop::collection::vec(0..8i64, 2), 1..4)) {
            let total: i64 = counts.iter().flatten().sum();
            prop_assume!(total >= LEAST);
            let published = suppress(&counts);
            prop_assert!(published[counts.len()][2].is_some());
            for (shown, most) in published.iter().flatten().zip(most(&published).iter().flatten()) {
                prop_assert!(shown.is_some() || *most >= LEAST, "{published:?} tells that one is {most} at most");
            }
        }

        #[test]
        fn what_is_withheld_of_a_row_or_a_column_is_no_small_count(
            counts in prop::collection::vec(prop::collection::vec(prop_oneof![0..3i64, 0..90i64], 7), 1..4),
        ) {
            prop_assume!(counts.iter().flatten().sum::<i64>() >= LEAST);
            let (table, published) = (Table::of(&counts), suppress(&counts));
            let place = |place: Place| (table.at(place), published[place.0][place.1].is_none());
            let rows = 0..table.values.len();
            let places: Vec<Vec<_>> = rows.map(|r| (0..8).map(|c| place((r, c))).collect()).collect();
            for line in lines(&places) {
                let (total, inner) = line.split_last().unwrap();
                let withheld = || inner.iter().filter(|(_, withheld)| *withheld);
                let sum: i64 = withheld().map(|(n, _)| n).sum();
                prop_assert!(total.1 || withheld().count() == 0 || sum >= LEAST, "{published:?}");
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
