//! The words that formats add, in the language of the document.

use crate::model::Language;

/// The words of one language.
pub(crate) struct Words {
    /// The tag of the language, as HTML, PDF and DOCX write it.
    pub tag: &'static str,
    pub table: &'static str,
    pub figure: &'static str,
    pub attachments: &'static str,
    pub total: &'static str,
    pub no_rows: &'static str,
    pub no_data: &'static str,
    pub number: &'static str,
    pub period: &'static str,
    pub date: &'static str,
    pub addressee: &'static str,
    pub group: &'static str,
    pub page: &'static str,
    pub of: &'static str,
    pub fingerprint: &'static str,
    pub contents: &'static str,
    pub text: &'static str,
    pub name: &'static str,
    pub rows: &'static str,
    pub today: &'static str,
    pub below_target: &'static str,
    pub months: [&'static str; 12],
    /// Months inside a date.
    pub months_of: [&'static str; 12],
}

impl Language {
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::Ru => &RU,
            Self::En => &EN,
        }
    }
}

const RU: Words = Words {
    tag: "ru",
    table: "Таблица",
    figure: "Рисунок",
    attachments: "Приложения",
    total: "Итого",
    no_rows: "Нет данных",
    no_data: "нет данных",
    number: "№",
    period: "Период",
    date: "Дата",
    addressee: "Кому",
    group: "Раздел",
    page: "стр.",
    of: "из",
    fingerprint: "SHA-256",
    contents: "Сводка",
    text: "Текст",
    name: "Название",
    rows: "Строк",
    today: "на",
    below_target: "ниже цели",
    months: ["янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"],
    months_of: [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
};

const EN: Words = Words {
    tag: "en",
    table: "Table",
    figure: "Figure",
    attachments: "Attachments",
    total: "Total",
    no_rows: "No data",
    no_data: "no data",
    number: "No.",
    period: "Period",
    date: "Date",
    addressee: "To",
    group: "Section",
    page: "page",
    of: "of",
    fingerprint: "SHA-256",
    contents: "Summary",
    text: "Text",
    name: "Name",
    rows: "Rows",
    today: "as of",
    below_target: "below the target",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    months_of: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};
