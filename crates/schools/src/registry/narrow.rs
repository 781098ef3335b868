//! What the lists of the registry share: narrowed to the reader's area, to the filters that are set and to a part of the
//! whole; in pages by one column. Macros, because the types of the queries have no common name.

/// Narrows a boxed query: `narrow!(query; area in column; part in column as Id; filter => column, ...)`. A filter is an
/// `Option`; one that is not set narrows nothing.
macro_rules! narrow {
    ($query:expr; $area:expr => $school:expr; $part:expr => $id:expr, $of:path; $($wanted:expr => $column:expr),* $(,)?) => {{
        let mut query = $query;
        if let Some((municipality, school)) = $crate::registry::bounds($area) {
            query = query.filter($school.eq_any($crate::registry::visible_schools(municipality, school)));
        }
        $(
            if let Some(wanted) = $wanted {
                query = query.filter($column.eq(wanted));
            }
        )*
        if let Some($crate::registry::partitions::Partition(after, to)) = $part {
            query = query.filter($id.gt($of(after))).filter($id.le($of(to)));
        }
        query
    }};
}
pub(super) use narrow;

/// A page of a boxed query whose rows are told apart and ordered by one column: `page_by!(db, query, column as Key, list,
/// key of a row)`, where `list` is (scope, limit, cursor).
macro_rules! page_by {
    ($db:expr, $query:expr, $column:expr, $key:ty, $list:expr, $of:expr) => {{
        let (scope, limit, cursor): (String, opora_primitives::Limit, Option<&str>) = $list;
        let mut query = $query;
        if let Some(cursor) = cursor {
            query = query.filter($column.gt(opora_primitives::Cursor::decode::<$key>(&scope, cursor)?));
        }
        let rows = query.order($column).limit(limit.to_fetch()).load($db)?;
        Ok(opora_primitives::Page::cut(rows, limit, &scope, $of))
    }};
}
pub(super) use page_by;
