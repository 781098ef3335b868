//! Runs and paragraphs.

use crate::model::Text;
use crate::text::{Escaped, Piece, clean, pieces};
use std::fmt::Write;

/// A paragraph being written.
pub(super) struct Paragraph {
    properties: String,
    content: String,
}

impl Paragraph {
    /// One of a style of `styles.xml`.
    pub(super) fn styled(style: &str) -> Self {
        Self { properties: format!(r#"<w:pStyle w:val="{style}"/>"#), content: String::new() }
    }

    /// With more properties, in the order the schema demands.
    pub(super) fn with(mut self, properties: &str) -> Self {
        self.properties.push_str(properties);
        self
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        push_run(&mut self.content, text, "");
        self
    }

    pub(super) fn bold(mut self, text: &str) -> Self {
        push_run(&mut self.content, text, "<w:b/>");
        self
    }

    pub(super) fn runs(self, text: &Text) -> Self {
        text.0.iter().fold(
            self,
            |paragraph, run| {
                if run.bold { paragraph.bold(&run.text) } else { paragraph.text(&run.text) }
            },
        )
    }

    pub(super) fn tab(mut self) -> Self {
        self.content.push_str("<w:r><w:tab/></w:r>");
        self
    }

    /// A value that the editor computes; `shown` until it does.
    pub(super) fn field(mut self, instruction: &str, shown: &str) -> Self {
        let (instruction, shown) = (Escaped(instruction), Escaped(shown));
        // Writing to a string does not fail.
        let _ = write!(
            self.content,
            r#"<w:fldSimple w:instr=" {instruction} "><w:r><w:t>{shown}</w:t></w:r></w:fldSimple>"#
        );
        self
    }

    /// What has no function of its own here.
    pub(super) fn raw(mut self, xml: &str) -> Self {
        self.content.push_str(xml);
        self
    }

    pub(super) fn finish(self) -> String {
        format!("<w:p><w:pPr>{}</w:pPr>{}</w:p>", self.properties, self.content)
    }
}

/// How a link looks.
const LINK: &str = r#"<w:color w:val="0563C1"/><w:u w:val="single"/>"#;

/// Text in runs, with its addresses as links: fields, which need no part of the package beside the text.
fn push_run(out: &mut String, text: &str, properties: &str) {
    for piece in pieces(&clean(text)) {
        match piece {
            Piece::Plain(text) => push_plain(out, text, properties),
            Piece::Address(address) => {
                let _ =
                    write!(out, r#"<w:fldSimple w:instr=" HYPERLINK &quot;{}&quot; ">"#, Escaped(address));
                push_plain(out, address, &format!("{properties}{LINK}"));
                out.push_str("</w:fldSimple>");
            }
        }
    }
}

/// A run; line feeds are line breaks.
fn push_plain(out: &mut String, text: &str, properties: &str) {
    out.push_str("<w:r>");
    if !properties.is_empty() {
        let _ = write!(out, "<w:rPr>{properties}</w:rPr>");
    }
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push_str("<w:br/>");
        }
        for (at, piece) in line.split('\t').enumerate() {
            if at > 0 {
                out.push_str("<w:tab/>");
            }
            if !piece.is_empty() {
                let _ = write!(out, r#"<w:t xml:space="preserve">{}</w:t>"#, Escaped(piece));
            }
        }
    }
    out.push_str("</w:r>");
}
