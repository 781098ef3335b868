//! Lists in pages: keyset cursors, never offsets.

use crate::{Problem, ProblemCode};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

/// How many items a page holds: 1 to 1000, 100 unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The most a page may hold.
    pub const MOST: u16 = 1000;

    /// `limit` if it is in range.
    ///
    /// # Errors
    /// [`ProblemCode::InvalidParameter`] outside 1..=1000.
    pub fn new(limit: Option<u16>) -> Result<Self, Problem> {
        match limit.unwrap_or(100) {
            limit @ 1..=Self::MOST => Ok(Self(limit)),
            _ => Err(Problem::parameter("limit", crate::Reason::OutOfRange)),
        }
    }

    /// The number of items wanted.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }

    /// The number of rows to ask for: one more than wanted, to learn whether there is a next page.
    pub fn to_fetch(self) -> i64 {
        i64::from(self.0) + 1
    }
}

/// The place after which the next page starts. Opaque to clients; tied to the list's filter and sort, so that a cursor
/// of one list is refused by another.
pub struct Cursor;

impl Cursor {
    /// The cursor after the item with the sort key `key`, in the list that `scope` describes.
    pub fn encode<K: Serialize>(scope: &str, key: &K) -> String {
        let key = serde_json::to_string(key).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(format!("{:08x}{key}", fingerprint(scope)))
    }

    /// The sort key inside `cursor`.
    ///
    /// # Errors
    /// [`ProblemCode::InvalidCursor`] if it is not a cursor of the list that `scope` describes.
    pub fn decode<K: DeserializeOwned>(scope: &str, cursor: &str) -> Result<K, Problem> {
        let parse = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
            let (mark, key) = text.split_at_checked(8)?;
            (mark == format!("{:08x}", fingerprint(scope))).then(|| serde_json::from_str(key).ok())?
        };
        parse().ok_or_else(|| ProblemCode::InvalidCursor.into())
    }
}

/// FNV-1a: not a secret, only a guard against a cursor in the wrong list; the same in every build.
fn fingerprint(scope: &str) -> u32 {
    scope.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A page of a list and the cursor of the next one; no cursor on the last page.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Where the next page starts.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page from up to [`Limit::to_fetch`] `rows`; `key` gives the sort key of an item.
    pub fn cut<K: Serialize>(mut rows: Vec<T>, limit: Limit, scope: &str, key: impl Fn(&T) -> K) -> Self {
        let more = rows.len() > limit.get();
        rows.truncate(limit.get());
        let next = rows.last().filter(|_| more).map(|last| Cursor::encode(scope, &key(last)));
        Self { items: rows, next }
    }

    /// The same page with every item changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_page_has_no_next() {
        let limit = Limit::new(Some(2)).unwrap();
        assert!(Page::cut(vec![1, 2], limit, "x", |i| *i).next.is_none());
        let page = Page::cut(vec![1, 2, 3], limit, "x", |i| *i);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(Cursor::decode::<i32>("x", &page.next.unwrap()), Ok(2));
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = Cursor::encode("schools?kind=lyceum", &("а", 1));
        assert!(Cursor::decode::<(String, i64)>("schools?kind=primary", &cursor).is_err());
    }

    proptest! {
        #[test]
        fn keys_survive_the_trip(name in ".*", id in any::<i64>(), scope in ".*") {
            prop_assert_eq!(Cursor::decode::<(String, i64)>(&scope, &Cursor::encode(&scope, &(&name, id))), Ok((name, id)));
        }

        #[test]
        fn nothing_makes_it_panic(cursor in ".*") {
            let _ = Cursor::decode::<(String, i64)>("x", &cursor);
        }
    }
}
