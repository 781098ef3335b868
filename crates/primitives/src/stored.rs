//! Macros that give a type its wire form and its column form in one place.

/// Declares a row id: a positive 64-bit integer on the wire, `BIGINT` in a table, a type of its own in Rust.
#[macro_export]
macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            $crate::serde::Serialize, $crate::serde::Deserialize,
            $crate::diesel::expression::AsExpression, $crate::diesel::deserialize::FromSqlRow,
            $crate::utoipa::ToSchema,
        )]
        #[serde(crate = "opora_primitives::serde", try_from = "i64", into = "i64")]
        #[diesel(sql_type = $crate::diesel::sql_types::BigInt)]
        #[schema(value_type = i64, minimum = 1, maximum = 9_007_199_254_740_991i64)]
        pub struct $name(pub i64);

        impl TryFrom<i64> for $name {
            type Error = $crate::Reason;
            fn try_from(id: i64) -> std::result::Result<Self, Self::Error> {
                // What a double holds exactly: every client can read the id it was given.
                if (1..=9_007_199_254_740_991).contains(&id) { Ok($name(id)) } else { Err($crate::Reason::OutOfRange) }
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        $crate::stored_as!($name, $crate::diesel::sql_types::BigInt, i64,
            |id| &id.0, |raw| Ok($name(raw)));
    };
}

/// Declares a closed list of words: snake-case text on the wire and in the table, an enum in Rust, with the name a
/// person reads in Russian. The doc comments of the list and of its words are published in the contract.
#[macro_export]
macro_rules! word_type {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal, $ru:literal;)+ }) => {
        $(#[doc = $doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            $crate::serde::Serialize, $crate::serde::Deserialize,
            $crate::diesel::expression::AsExpression, $crate::diesel::deserialize::FromSqlRow,
        )]
        #[serde(crate = "opora_primitives::serde")]
        #[diesel(sql_type = $crate::diesel::sql_types::Text)]
        pub enum $name {
            $($(#[doc = $vdoc])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word on the wire and in the table.
            pub fn as_str(&self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The name a person reads, in Russian.
            pub fn ru(&self) -> &'static str {
                match self { $($name::$variant => $ru,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Reason;
            fn from_str(word: &str) -> std::result::Result<Self, Self::Err> {
                match word { $($word => Ok($name::$variant),)+ _ => Err($crate::Reason::UnknownValue) }
            }
        }

        $crate::word_schema!($name, concat!($($doc, " "),*), [$(concat!($($vdoc, " "),+)),+]);
        $crate::stored_as!($name, $crate::diesel::sql_types::Text, str,
            |value| value.as_str(), |raw: String| raw.parse().map_err(|_| {
                format!(concat!("not a ", stringify!($name), ": {}"), raw).into()
            }));
    };
}

/// The schema of a closed list of words: a string with its allowed values, each explained in English and named in Russian.
/// (The derive does not see through a macro's literals.)
#[macro_export]
macro_rules! word_schema {
    ($name:ident, $doc:expr, [$($meaning:expr),+]) => {
        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::schema::Schema> {
                let words = $name::ALL.iter().zip([$($meaning),+]).map(|(word, meaning): (_, &str)| {
                    let meaning = meaning.trim().trim_end_matches('.').replace("  ", " ");
                    format!("- `{}`: {meaning} ({})", word.as_str(), word.ru())
                });
                let words: Vec<String> = words.collect();
                $crate::utoipa::openapi::ObjectBuilder::new()
                    .schema_type($crate::utoipa::openapi::schema::Type::String)
                    .enum_values(Some($name::ALL.iter().map(|v| v.as_str())))
                    .description(Some(format!("{}\n\n{}", str::trim($doc).replace("  ", " "), words.join("\n"))))
                    .into()
            }
        }

        impl $crate::utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

/// Implements the column form of a type through the column form of a simpler one, for every diesel back end.
#[macro_export]
macro_rules! stored_as {
    ($name:ty, $sql:ty, str, |$value:ident| $out:expr, |$raw:ident $(: String)?| $in:expr) => {
        $crate::stored_as!(@impl $name, $sql, str, String, $value, $out, $raw, $in);
    };
    ($name:ty, $sql:ty, $plain:ty, |$value:ident| $out:expr, |$raw:ident| $in:expr) => {
        $crate::stored_as!(@impl $name, $sql, $plain, $plain, $value, $out, $raw, $in);
    };
    (@impl $name:ty, $sql:ty, $plain:ty, $owned:ty, $value:ident, $out:expr, $raw:ident, $in:expr) => {
        impl<DB> $crate::diesel::serialize::ToSql<$sql, DB> for $name
        where
            DB: $crate::diesel::backend::Backend,
            $plain: $crate::diesel::serialize::ToSql<$sql, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut $crate::diesel::serialize::Output<'b, '_, DB>,
            ) -> $crate::diesel::serialize::Result {
                let $value = self;
                <$plain as $crate::diesel::serialize::ToSql<$sql, DB>>::to_sql($out, out)
            }
        }

        impl<DB> $crate::diesel::deserialize::FromSql<$sql, DB> for $name
        where
            DB: $crate::diesel::backend::Backend,
            $owned: $crate::diesel::deserialize::FromSql<$sql, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> $crate::diesel::deserialize::Result<Self> {
                let $raw = <$owned as $crate::diesel::deserialize::FromSql<$sql, DB>>::from_sql(bytes)?;
                $in
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    crate::word_type!(
        /// Which attempt it was.
        Attempt {
            /// First attempt,
            /// main period.
            Main = "main", "Основной период";
            /// Any later attempt.
            Resit = "resit", "Пересдача";
        }
    );

    #[test]
    fn the_contract_explains_every_word_in_both_languages() {
        let schema = serde_json::to_value(Attempt::schema()).unwrap_or_default();
        assert_eq!(
            schema["description"],
            "Which attempt it was.\n\n- `main`: First attempt, main period (Основной период)\n\
             - `resit`: Any later attempt (Пересдача)"
        );
        assert_eq!(schema["enum"], serde_json::json!(["main", "resit"]));
    }
}
