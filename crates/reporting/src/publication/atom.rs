//! Accepted reports as an Atom feed (RFC 4287). Pure.

use crate::reports::Report;
use opora_primitives::Moment;

/// An entry names the report, not its contents: whoever may read those fetches them with a token of their own.
pub struct Feed<'a> {
    /// The address of this installation, without a slash at its end.
    pub base: &'a str,
    /// Accepted reports, the one accepted last first.
    pub reports: &'a [Report],
    /// When the feed was made: what it is updated at while it has no entry.
    pub since: Moment,
}

/// The formats an entry links to, with their media types.
const FORMATS: [(&str, &str); 3] = [
    ("html", "text/html"),
    ("pdf", "application/pdf"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
];

impl Feed<'_> {
    /// The feed as text.
    pub fn write(&self) -> String {
        let base = escaped(self.base);
        let updated = self.reports.iter().filter_map(|report| report.decided_at).max().unwrap_or(self.since);
        let entries: String = self.reports.iter().map(|report| entry(&base, report)).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"ru\">\n\
             <id>{base}/feeds/reports</id>\n<title>Принятые отчёты и аналитические записки</title>\n\
             <updated>{updated}</updated>\n<author><name>Opora</name></author>\n{entries}</feed>\n"
        )
    }
}

fn entry(base: &str, report: &Report) -> String {
    let address = format!("{base}/api/v1/reports/{}/{}", report.kind, report.period);
    let title = escaped(&format!("{} {}", report.kind.ru(), report.period.ru()));
    let updated = report.decided_at.unwrap_or(report.created_at);
    let digest = escaped(report.sha256.as_deref().unwrap_or_default());
    let link = |(format, media_type): &(&str, &str)| {
        format!("<link rel=\"related\" type=\"{media_type}\" href=\"{address}?format={format}\"/>\n")
    };
    let links: String = FORMATS.iter().map(link).collect();
    format!(
        "<entry>\n<id>{address}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n\
         <link rel=\"alternate\" type=\"application/json\" href=\"{address}\"/>\n{links}\
         <summary>SHA-256: {digest}</summary>\n</entry>\n"
    )
}

/// Text as it may stand in an element or in an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            control if control.is_control() => escaped.push(' '),
            plain => escaped.push(plain),
        }
    }
    escaped
}
