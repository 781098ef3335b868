//! HTML: one page that needs nothing else, to be read and to be printed.

mod table;

#[cfg(test)]
mod tests;

use crate::charts::{self, Placing};
use crate::model::{
    Attachments, Block, Document, Figure, Language, List, Properties, Signature, Text, TitleBlock,
};
use crate::numbering::{self, captioned, numbered};
use crate::shown;
use crate::text::{Escaped, Piece, pieces};
use std::fmt;
use std::io::{self, Write};

const STYLE: &str = include_str!("style.css");

/// Writes the document as an HTML page with its charts inside.
///
/// # Errors
/// Those of `out`.
pub fn write_html(document: &Document, mut out: impl Write) -> io::Result<()> {
    let (language, title) = (document.language, &document.title);
    let (tag, name) = (language.words().tag, Escaped(&title.title));
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )?;
    write_title(title, language, &mut out)?;
    let mut turned = false;
    for (at, (label, block)) in numbered(document).enumerate() {
        if document.is_turned(at) != turned {
            turned = !turned;
            out.write_all(if turned { b"<div class=\"landscape\">\n" } else { b"</div>\n" })?;
        }
        write_block(&label, block, language, at, &mut out)?;
    }
    if turned {
        out.write_all(b"</div>\n")?;
    }
    if let Some(fingerprint) = &title.fingerprint {
        let word = language.words().fingerprint;
        writeln!(out, "<footer>{word}: <code>{}</code></footer>", Escaped(fingerprint))?;
    }
    out.write_all(b"</main>\n</body>\n</html>\n")
}

fn write_title(title: &TitleBlock, language: Language, out: &mut impl Write) -> io::Result<()> {
    let words = language.words();
    writeln!(out, "<header>")?;
    if let Some(mark) = &title.mark {
        writeln!(out, "<p class=\"mark\"><strong>{}</strong></p>", Escaped(mark))?;
    }
    writeln!(out, "<p class=\"organisation\">{}</p>", Lines(&title.organisation))?;
    let date = title.date.map(|day| shown::long_date(day, language));
    let number = title.number.as_ref().map(|number| format!("{} {number}", words.number));
    let register: Vec<String> = date.into_iter().chain(number).collect();
    if !register.is_empty() {
        writeln!(out, "<p class=\"register\">{}</p>", Escaped(&register.join(" ")))?;
    }
    if let Some(addressee) = &title.addressee {
        writeln!(out, "<p class=\"addressee\">{}</p>", Lines(addressee))?;
    }
    writeln!(out, "<h1>{}</h1>", Lines(&title.title))?;
    for line in [&title.subtitle, &title.period].into_iter().flatten() {
        writeln!(out, "<p class=\"subtitle\">{}</p>", Lines(line))?;
    }
    writeln!(out, "</header>")
}

fn write_block(
    label: &str,
    block: &Block,
    language: Language,
    at: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    match block {
        Block::Heading(heading) => {
            let level = numbering::level(heading.level) + 1;
            writeln!(out, "<h{level}>{label} {}</h{level}>", Lines(&heading.text))
        }
        Block::Paragraph(paragraph) => writeln!(out, "<p>{}</p>", Runs(&paragraph.text)),
        Block::List(list) => write_list(list, out),
        Block::Table(table) => table::write(label, table, language, out),
        Block::Figure(figure) => write_figure(label, figure, language, at, out),
        Block::Properties(properties) => write_properties(properties, language, out),
        Block::Attachments(attachments) => write_attachments(attachments, language, out),
        Block::Signature(signature) => write_signature(signature, language, out),
        Block::Data(_) => Ok(()),
        Block::PageBreak => writeln!(out, "<div class=\"break\"></div>"),
    }
}

fn write_list(list: &List, out: &mut impl Write) -> io::Result<()> {
    let tag = if list.numbered { "ol" } else { "ul" };
    writeln!(out, "<{tag}>")?;
    for item in &list.items {
        writeln!(out, "<li>{}</li>", Runs(item))?;
    }
    writeln!(out, "</{tag}>")
}

fn write_figure(
    label: &str,
    figure: &Figure,
    language: Language,
    at: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let id = format!("b{at}-");
    let svg = charts::drawn(figure, language, &Placing { id: &id, captioned: false }).svg;
    let caption = captioned(label, &figure.caption);
    writeln!(out, "<figure>{svg}<figcaption>{}</figcaption></figure>", Lines(&caption))
}

fn write_properties(properties: &Properties, language: Language, out: &mut impl Write) -> io::Result<()> {
    let class = if properties.are_short(language) { " class=\"short\"" } else { "" };
    writeln!(out, "<dl{class}>")?;
    for item in &properties.items {
        let value = shown::single(&item.value, language);
        writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", Lines(&item.name), Lines(&value))?;
    }
    writeln!(out, "</dl>")
}

fn write_attachments(attachments: &Attachments, language: Language, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<section class=\"attachments\"><h2>{}</h2>\n<ol>", language.words().attachments)?;
    for item in &attachments.items {
        write!(out, "<li>{}", Lines(&item.title))?;
        if let Some(note) = &item.note {
            write!(out, "<br><small>{}</small>", Lines(note))?;
        }
        writeln!(out, "</li>")?;
    }
    writeln!(out, "</ol></section>")
}

fn write_signature(signature: &Signature, language: Language, out: &mut impl Write) -> io::Result<()> {
    let name = signature.name.as_deref().unwrap_or_default();
    let date = signature.date.map(|day| shown::date(day, language)).unwrap_or_default();
    writeln!(
        out,
        "<div class=\"signature\"><span>{}</span><span class=\"line\"></span><span>{}</span><span>{date}</span></div>",
        Lines(&signature.position),
        Lines(name)
    )
}

/// Text with its line feeds as line breaks.
struct Lines<'a>(&'a str);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in crate::text::clean(self.0).split('\n').enumerate() {
            if at > 0 {
                f.write_str("<br>")?;
            }
            for piece in pieces(line) {
                match piece {
                    Piece::Plain(text) => write!(f, "{}", Escaped(text))?,
                    Piece::Address(address) => {
                        let address = Escaped(address);
                        write!(f, "<a href=\"{address}\" rel=\"noopener noreferrer\">{address}</a>")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Runs of text.
struct Runs<'a>(&'a Text);

impl fmt::Display for Runs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for run in &self.0.0 {
            if run.bold {
                write!(f, "<strong>{}</strong>", Lines(&run.text))?;
            } else {
                write!(f, "{}", Lines(&run.text))?;
            }
        }
        Ok(())
    }
}
