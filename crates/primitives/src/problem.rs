//! What can go wrong, as the caller sees it: one table of problem codes and one of the reasons a field or a row was
//! refused. The page `/docs/errors` is made from it.

use crate::text;
use serde::Serialize;

macro_rules! problem_codes {
    ($($(#[$meta:meta])* $variant:ident = $word:literal, $status:literal, $en:literal, $ru:literal;)+) => {
        /// The stable name of a problem. A client may rely on it; titles and details may change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemCode { $($(#[$meta])* #[doc = $en] $variant,)+ }

        impl ProblemCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ProblemCode] = &[$(ProblemCode::$variant),+];

            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(ProblemCode::$variant => $word,)+ }
            }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(ProblemCode::$variant => $status,)+ }
            }

            /// Its title in English and in Russian.
            pub const fn titles(self) -> (&'static str, &'static str) {
                match self { $(ProblemCode::$variant => ($en, $ru),)+ }
            }
        }
    };
}

problem_codes! {
    BadRequest = "bad_request", 400, "The request cannot be read", "Запрос не читается";
    InvalidJson = "invalid_json", 400, "The body is not the JSON this operation expects", "Тело запроса не является ожидаемым JSON";
    UnknownParameter = "unknown_parameter", 400, "There is no such query parameter", "Неизвестный параметр запроса";
    InvalidParameter = "invalid_parameter", 400, "A query parameter has a wrong value, stands twice, or is missing", "Параметр запроса имеет неверное значение, повторяется или отсутствует";
    InvalidCursor = "invalid_cursor", 400, "The cursor does not belong to this list", "Курсор не относится к этому списку";
    MissingToken = "missing_token", 401, "An access token is needed", "Нужен токен доступа";
    InvalidToken = "invalid_token", 401, "The access token is not valid", "Токен доступа недействителен";
    ExpiredToken = "expired_token", 401, "The access token has expired", "Срок действия токена истёк";
    WrongCredentials = "wrong_credentials", 401, "Login or password is wrong", "Неверный логин или пароль";
    InvalidRefreshToken = "invalid_refresh_token", 401, "The refresh token is not valid", "Токен обновления недействителен";
    ReusedRefreshToken = "reused_refresh_token", 401, "The refresh token was used before; the session is ended", "Токен обновления уже использован; сеанс закрыт";
    Forbidden = "forbidden", 403, "Your rights do not allow this", "Ваши права этого не позволяют";
    NotAdmitted = "not_admitted", 403, "Your identity provider vouches for you, but you have no access here", "Ваш поставщик удостоверений подтвердил вас, но доступа сюда у вас нет";
    NotFound = "not_found", 404, "There is no such thing, or it is outside your area", "Не найдено или вне вашей области доступа";
    MethodNotAllowed = "method_not_allowed", 405, "This address does not take this method", "Метод здесь не поддерживается";
    NotAcceptable = "not_acceptable", 406, "None of the accepted formats can be given", "Нет ни одного из запрошенных форматов";
    TooManyRows = "too_many_rows", 406, "There are more rows than this format holds; ask for CSV or for fewer", "Строк больше, чем вмещает этот формат; запросите CSV или сузьте выборку";
    RequestTimeout = "request_timeout", 408, "The request did not come in time", "Запрос не пришёл вовремя";
    Conflict = "conflict", 409, "It clashes with what is there", "Противоречит имеющимся данным";
    AlreadyExists = "already_exists", 409, "There is one with this key already", "Запись с таким ключом уже есть";
    StillReferenced = "still_referenced", 409, "Other records refer to it", "На запись ссылаются другие";
    WrongState = "wrong_state", 409, "Its state does not allow this", "Состояние этого не допускает";
    MethodologyFrozen = "methodology_frozen", 409, "A published methodology does not change", "Опубликованная методика не изменяется";
    ProposalDecided = "proposal_decided", 409, "The proposal has been decided already", "Решение по предложению уже принято";
    FactDecided = "fact_decided", 409, "The fact has been decided and does not change", "Решение по факту уже принято, он не изменяется";
    ModelExcluded = "model_excluded", 409, "Another model excludes this one", "Модель исключена другой моделью";
    NotEligible = "not_eligible", 409, "The rules of the model do not hold this subject", "По правилам модели участник не подходит";
    PeriodNotOver = "period_not_over", 409, "The period has not ended", "Отчётный период ещё не закончился";
    OwnReport = "own_report", 409, "Who wrote a report does not decide on it", "Автор отчёта не принимает по нему решение";
    PositionLost = "position_lost", 410, "The feed has not been at this place; begin anew", "Такого места в ленте изменений нет; начните заново";
    PreconditionFailed = "precondition_failed", 412, "It has changed since you read it", "Запись изменилась после чтения";
    BodyTooLarge = "body_too_large", 413, "The body is larger than allowed", "Тело запроса больше допустимого";
    UriTooLong = "uri_too_long", 414, "The address is longer than allowed", "Адрес запроса длиннее допустимого";
    UnsupportedMediaType = "unsupported_media_type", 415, "This media type is not accepted here", "Такой тип данных не принимается";
    RangeNotSatisfiable = "range_not_satisfiable", 416, "The file has no such part", "В файле нет такой части";
    InvalidFields = "invalid_fields", 422, "Some fields are not valid", "Некоторые поля заполнены неверно";
    MissingReference = "missing_reference", 422, "It refers to something that does not exist", "Ссылка на несуществующую запись";
    IdempotencyMismatch = "idempotency_mismatch", 422, "This idempotency key was used with another request", "Ключ идемпотентности использован с другим запросом";
    InvalidFile = "invalid_file", 422, "The file cannot be imported", "Файл нельзя загрузить";
    EvidenceMismatch = "evidence_mismatch", 422, "The file is not what it says it is", "Содержимое файла не соответствует заявленному";
    PreconditionRequired = "precondition_required", 428, "Say which version you change: send If-Match", "Укажите версию: нужен If-Match";
    HeadersTooLarge = "headers_too_large", 431, "The headers are more or longer than allowed", "Заголовков больше допустимого, или они слишком длинные";
    TooManyAttempts = "too_many_attempts", 429, "Too many attempts; wait", "Слишком много попыток; подождите";
    TooManyRequests = "too_many_requests", 429, "Too many requests; wait", "Слишком много запросов; подождите";
    Internal = "internal", 500, "Something failed on our side; the request id finds it in the log", "Внутренняя ошибка; по номеру запроса её найдут в журнале";
    Unavailable = "unavailable", 503, "The database or the store of files does not answer; try again", "База данных или хранилище файлов не отвечает; повторите позже";
    IssuerUnavailable = "issuer_unavailable", 503, "The keys of your identity provider cannot be had now; try again", "Ключи вашего поставщика удостоверений сейчас недоступны; повторите позже";
    StorageFull = "storage_full", 507, "There is no space left to store this", "Нет места для записи";
}

macro_rules! reasons {
    ($($variant:ident = $word:literal, $en:literal, $ru:literal;)+) => {
        /// Why a field of a body, a parameter or a cell of a file was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $(#[doc = $en] $variant,)+ }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant),+];

            /// The reason on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Reason::$variant => $word,)+ }
            }

            /// Its wording in English and in Russian.
            pub const fn messages(self) -> (&'static str, &'static str) {
                match self { $(Reason::$variant => ($en, $ru),)+ }
            }
        }

        impl std::str::FromStr for Reason {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> {
                match word { $($word => Ok(Reason::$variant),)+ _ => Err(()) }
            }
        }
    };
}

reasons! {
    Required = "required", "a value is required", "нужно значение";
    WrongFormat = "wrong_format", "not in the expected form", "неверный формат";
    WrongLength = "wrong_length", "too short or too long", "неверная длина";
    WrongCheckDigit = "wrong_check_digit", "the check digit does not match", "не сходится контрольная цифра";
    OutOfRange = "out_of_range", "outside the allowed range", "вне допустимых границ";
    UnknownValue = "unknown_value", "not one of the known values", "нет в списке допустимых значений";
    UnknownField = "unknown_field", "there is no such field", "такого поля нет";
    Repeated = "repeated", "stands more than once", "указано больше одного раза";
    UnknownReference = "unknown_reference", "refers to something that does not exist", "ссылка на несуществующую запись";
    DuplicateKey = "duplicate_key", "the same key stands in an earlier row", "такой же ключ есть в строке выше";
    OutsideTerm = "outside_term", "outside the term of the model", "вне срока модели";
    WithoutResults = "without_results", "there are no results of this year, nor of those before it that are looked at", "нет результатов этого года и лет, на которые смотрит методика";
    OrderOfDates = "order_of_dates", "ends before it starts", "окончание раньше начала";
    MoreThanWhole = "more_than_whole", "a part is greater than the whole", "часть больше целого";
    MarksDoNotAddUp = "marks_do_not_add_up", "the marks do not add up to the participants", "сумма отметок не равна числу участников";
    AlreadyTaken = "already_taken", "taken by another record", "уже занято другой записью";
    Contradiction = "contradiction", "contradicts another field", "противоречит другому полю";
    NotResponsible = "not_responsible", "this organisation does not carry it out", "эта организация не исполнитель";
    ReservedToPeople = "reserved_to_people", "no program may be given this: it is reserved to people", "программе это не выдаётся: право только для людей";
    PrivateKey = "private_key", "a private or shared key: send the public half only", "закрытый ключ: присылайте только открытую часть";
    WrongPassword = "wrong_password", "not the password of this user", "это не пароль пользователя";
    TooWeak = "too_weak", "too easy to guess", "слишком простое значение";
    Formula = "formula", "a formula is not a value", "формула вместо значения";
    ExtraCells = "extra_cells", "more or fewer cells than the header", "число ячеек не совпадает с заголовком";
    ForbiddenCharacter = "forbidden_character", "holds a control character or a mark that turns the text", "содержит управляющий символ или смену направления текста";
    MissingColumn = "missing_column", "a required column is missing", "нет обязательной колонки";
    DuplicateColumn = "duplicate_column", "the column stands twice", "колонка указана дважды";
    UnknownColumn = "unknown_column", "the column is not known and is ignored", "неизвестная колонка, пропущена";
    EmptyFile = "empty_file", "there is no header row", "нет строки заголовка";
    NoRecords = "no_records", "there is no record in it", "нет ни одной записи";
    UnknownEncoding = "unknown_encoding", "neither UTF-8 nor windows-1251", "кодировка не UTF-8 и не windows-1251";
    LineTooLong = "line_too_long", "a line is longer than allowed", "строка длиннее допустимого";
    Truncated = "truncated", "the file ends in the middle", "файл обрывается";
    TooLarge = "too_large", "larger than allowed when unpacked", "слишком велик после распаковки";
    NotATable = "not_a_table", "neither CSV nor XLSX", "это не CSV и не XLSX";
    TooManyRows = "too_many_rows", "more rows than allowed", "строк больше допустимого";
    UnknownSheet = "unknown_sheet", "there is no such sheet", "нет такого листа";
}

/// One refused field: where it stands and why. Never carries the value that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// JSON pointer into the body, or the name of a parameter or column.
    pub pointer: String,
    /// Why.
    #[serde(serialize_with = "reason_as_word")]
    pub reason: Reason,
    /// The known name or word that was probably meant, where one was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

fn reason_as_word<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

impl Flaw {
    /// The field at `pointer` was refused for `reason`.
    pub fn at(pointer: impl Into<String>, reason: Reason) -> Self {
        Self { pointer: pointer.into(), reason, suggestion: None }
    }

    /// The value at `pointer` is a word that is none of `known`; the nearest of them is named, not `word` itself.
    pub fn unknown_word<'a>(
        pointer: impl Into<String>,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let suggestion = text::nearest(word, known).map(str::to_owned);
        Self { suggestion, ..Self::at(pointer, Reason::UnknownValue) }
    }

    /// There is no field or parameter called as `pointer` ends; `known` are those there are.
    pub fn unknown<'a>(pointer: impl Into<String>, known: impl IntoIterator<Item = &'a str>) -> Self {
        let pointer = pointer.into();
        let name = pointer.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
        let suggestion = text::nearest(&name, known).map(str::to_owned);
        Self { pointer, reason: Reason::UnknownField, suggestion }
    }
}

/// Words for people, in both languages. Where nothing has to be translated they are the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Words {
    /// In English.
    pub en: String,
    /// In Russian.
    pub ru: String,
}

impl Words {
    /// The same in both languages: codes and numbers.
    pub fn same(text: impl Into<String>) -> Self {
        let en = text.into();
        Self { ru: en.clone(), en }
    }
}

impl<En: Into<String>, Ru: Into<String>> From<(En, Ru)> for Words {
    fn from((en, ru): (En, Ru)) -> Self {
        Self { en: en.into(), ru: ru.into() }
    }
}

/// A refusal that a caller can act on. Faults of the system itself (a query that fails) are errors of the database
/// crate and reach the caller only as [`ProblemCode::Internal`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .code.as_str(), .detail.as_ref().map(|d| format!(": {}", d.en)).unwrap_or_default())]
pub struct Problem {
    /// Which problem.
    pub code: ProblemCode,
    /// What exactly, in words; without secrets.
    pub detail: Option<Words>,
    /// Every refused field at once.
    pub flaws: Vec<Flaw>,
    /// In how many seconds it is no problem any more, where that is known.
    pub wait: Option<i64>,
    /// The permission that the caller lacks, where it is one that is lacking.
    pub lacking: Option<&'static str>,
}

impl Problem {
    /// The problem `code` with the words `detail`, English first.
    pub fn new(code: ProblemCode, detail: impl Into<Words>) -> Self {
        Self { code, detail: Some(detail.into()), ..code.into() }
    }

    /// A body whose fields were refused.
    pub fn fields(flaws: Vec<Flaw>) -> Self {
        Self { flaws, ..ProblemCode::InvalidFields.into() }
    }

    /// One refused field.
    pub fn field(pointer: impl Into<String>, reason: Reason) -> Self {
        Self::fields(vec![Flaw::at(pointer, reason)])
    }

    /// Query parameters that are known and were refused.
    pub fn parameters(flaws: Vec<Flaw>) -> Self {
        Self { flaws, ..ProblemCode::InvalidParameter.into() }
    }

    /// One refused query parameter.
    pub fn parameter(name: impl Into<String>, reason: Reason) -> Self {
        Self::parameters(vec![Flaw::at(name, reason)])
    }

    /// The caller lacks the permission `word`.
    pub fn lacking(word: &'static str) -> Self {
        let words = (format!("needs the permission {word}"), format!("нужно право {word}"));
        Self { lacking: Some(word), ..Self::new(ProblemCode::Forbidden, words) }
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self { code, detail: None, flaws: Vec::new(), wait: None, lacking: None }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.messages().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_distinct() {
        assert_eq!(
            ProblemCode::ALL.iter().map(|c| c.as_str()).collect::<HashSet<_>>().len(),
            ProblemCode::ALL.len()
        );
        assert_eq!(Reason::ALL.iter().map(|r| r.as_str()).collect::<HashSet<_>>().len(), Reason::ALL.len());
    }
}
