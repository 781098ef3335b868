//! The body: blocks as paragraphs and tables, in sections of upright and turned pages.

use super::parts::RESERVED_LISTS;
use super::runs::Paragraph;
use super::table::{self, TEXT_WIDTH};
use crate::charts::{self, Picture, Placing};
use crate::error::DocumentError;
use crate::model::{Block, Document, Figure, Language, List, Properties, Signature, Table, TitleBlock};
use crate::numbering::{self, numbered};
use crate::shown;
use crate::text::Escaped;

/// English metric units in a twentieth of a point.
const EMU: u32 = 635;
/// The tallest picture that fits a page under its caption, in twentieths of a point.
const TALLEST: u32 = 12_200;

/// The parts of a document that follow from its blocks.
pub(super) struct Body {
    /// The contents of `w:body`.
    pub xml: String,
    /// The pictures, in order.
    pub pictures: Vec<Picture>,
    /// How many numbered lists there are: each counts for itself.
    pub numbered_lists: u32,
    language: Language,
    turned: bool,
    break_before: bool,
}

impl Body {
    pub(super) fn of(document: &Document) -> Result<Self, DocumentError> {
        let mut body = Self {
            xml: String::new(),
            pictures: Vec::new(),
            numbered_lists: 0,
            language: document.language,
            turned: false,
            break_before: false,
        };
        body.title(&document.title);
        for (at, (label, block)) in numbered(document).enumerate() {
            body.turn(document.is_turned(at));
            body.block(&label, block)?;
        }
        body.xml.push_str(section(body.turned));
        Ok(body)
    }

    /// Ends the section if the page has to turn.
    fn turn(&mut self, turned: bool) {
        if turned != self.turned {
            let end = Paragraph::styled("SectionEnd").with(section(self.turned));
            self.xml.push_str(&end.finish());
            (self.turned, self.break_before) = (turned, false);
        }
    }

    fn add(&mut self, paragraph: Paragraph) {
        self.xml.push_str(&paragraph.finish());
    }

    /// The first paragraph of a block.
    fn begin(&mut self, style: &str) -> Paragraph {
        let paragraph = Paragraph::styled(style);
        if std::mem::take(&mut self.break_before) {
            paragraph.with("<w:pageBreakBefore/>")
        } else {
            paragraph
        }
    }

    fn title(&mut self, title: &TitleBlock) {
        let words = self.language.words();
        if let Some(mark) = &title.mark {
            self.add(Paragraph::styled("Mark").text(mark));
        }
        self.add(Paragraph::styled("Organisation").text(&title.organisation));
        let date = title.date.map(|day| shown::long_date(day, self.language));
        let number = title.number.as_ref().map(|number| format!("{} {number}", words.number));
        let register: Vec<String> = date.into_iter().chain(number).collect();
        if !register.is_empty() {
            self.add(Paragraph::styled("Register").text(&register.join(" ")));
        }
        if let Some(addressee) = &title.addressee {
            self.add(Paragraph::styled("Addressee").text(addressee));
        }
        self.add(Paragraph::styled("Title").text(&title.title));
        for line in [&title.subtitle, &title.period].into_iter().flatten() {
            self.add(Paragraph::styled("Subtitle").text(line));
        }
    }

    fn block(&mut self, label: &str, block: &Block) -> Result<(), DocumentError> {
        match block {
            Block::Heading(heading) => {
                let style = format!("Heading{}", numbering::level(heading.level));
                let heading = self.begin(&style).text(&heading.text);
                self.add(heading);
            }
            Block::Paragraph(paragraph) => {
                let paragraph = self.begin("BodyText").runs(&paragraph.text);
                self.add(paragraph);
            }
            Block::List(list) => self.list(list),
            Block::Table(table) => self.table(label, table),
            Block::Figure(figure) => self.figure(label, figure)?,
            Block::Properties(properties) => self.properties(properties),
            Block::Attachments(attachments) => {
                let title = self.begin("Heading1").with(r#"<w:numPr><w:numId w:val="0"/></w:numPr>"#);
                self.add(title.text(self.language.words().attachments));
                self.numbered_lists += 1;
                for item in &attachments.items {
                    let note = item.note.as_ref().map(|note| format!("\n{note}")).unwrap_or_default();
                    let line = self.point(true);
                    self.add(line.text(&item.title).text(&note));
                }
            }
            Block::Signature(signature) => self.signature(signature),
            Block::Data(_) => {}
            Block::PageBreak => self.break_before = true,
        }
        Ok(())
    }

    fn list(&mut self, list: &List) {
        self.numbered_lists += u32::from(list.numbered);
        for item in &list.items {
            let point = self.point(list.numbered).runs(item);
            self.add(point);
        }
    }

    /// A point of the current list.
    fn point(&mut self, numbered: bool) -> Paragraph {
        let list = if numbered { RESERVED_LISTS + self.numbered_lists } else { RESERVED_LISTS };
        let number = format!(r#"<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{list}"/></w:numPr>"#);
        self.begin("ListParagraph").with(&number)
    }

    /// A caption whose number the editor counts.
    fn caption(&mut self, style: &str, label: &str, caption: &str) -> Paragraph {
        let (word, number) = label.rsplit_once(' ').unwrap_or((label, ""));
        let paragraph = self.begin(style).text(&format!("{word} "));
        let paragraph = paragraph.field(&format!(r"SEQ {word} \* ARABIC"), number);
        if caption.is_empty() { paragraph } else { paragraph.text(&format!(" \u{2013} {caption}")) }
    }

    fn table(&mut self, label: &str, table: &Table) {
        let caption = self.caption("TableCaption", label, &table.caption);
        self.add(caption);
        // Above the table: below it, it might come to a page of its own.
        if let Some(note) = &table.note {
            self.add(Paragraph::styled("TableNote").with("<w:keepNext/>").text(note));
        }
        if table.columns.is_empty() {
            self.add(Paragraph::styled("TableText").text(self.language.words().no_rows));
        } else {
            self.xml.push_str(&table::write(table, self.language));
        }
        // A paragraph has to follow a table; at the end of turned pages one that does not begin another page.
        self.add(Paragraph::styled(if table.landscape { "SectionEnd" } else { "TableNote" }));
    }

    fn figure(&mut self, label: &str, figure: &Figure) -> Result<(), DocumentError> {
        let svg = charts::drawn(figure, self.language, &Placing { id: "", captioned: false }).svg;
        let picture = charts::rendered(&svg)?;
        let fitted = TEXT_WIDTH.min(TALLEST * picture.width / picture.height.max(1));
        let size = (fitted * EMU, fitted * picture.height / picture.width.max(1) * EMU);
        self.pictures.push(picture);
        let drawing = drawing(self.pictures.len(), size, &figure.caption);
        let frame = self.begin("Figure").raw(&drawing);
        self.add(frame);
        let caption = self.caption("FigureCaption", label, &figure.caption);
        self.add(caption);
        Ok(())
    }

    fn properties(&mut self, properties: &Properties) {
        let widths: [u32; 2] = if properties.are_short(self.language) { [7228, 2410] } else { [3855, 5783] };
        let rows = properties.items.iter().map(|item| {
            let value = shown::single(&item.value, self.language);
            let cell = |(width, text): (u32, &str)| {
                table::cell(width, "", &Paragraph::styled("PropertyText").text(text).finish())
            };
            widths.into_iter().zip([&*item.name, &*value]).map(cell).collect()
        });
        let rows: Vec<String> = rows.collect();
        if !rows.is_empty() {
            self.xml.push_str(&table::plain("Properties", &widths, &rows));
        }
        let after = self.begin("TableNote");
        self.add(after);
    }

    /// Position, line, name and day beside each other.
    fn signature(&mut self, signature: &Signature) {
        let day = signature.date.map(|day| shown::date(day, self.language)).unwrap_or_default();
        let space = self.begin("Signature");
        self.add(space);
        let cells = [
            (4300, "", &*signature.position),
            (
                1900,
                r#"<w:tcBorders><w:bottom w:val="single" w:sz="6" w:space="0" w:color="auto"/></w:tcBorders>"#,
                "",
            ),
            (2138, "", signature.name.as_deref().unwrap_or_default()),
            (1300, "", &day),
        ];
        let cells = cells.map(|(width, borders, text)| {
            let text = Paragraph::styled("SignatureText").text(text).finish();
            table::cell(width, &format!(r#"{borders}<w:vAlign w:val="bottom"/>"#), &text)
        });
        self.xml.push_str(&table::plain("TableNormal", &[4300, 1900, 2138, 1300], &[cells.concat()]));
    }
}

/// The properties of a section: A4, its margins and its foot.
fn section(turned: bool) -> &'static str {
    if turned {
        r#"<w:sectPr><w:footerReference w:type="default" r:id="rId4"/><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/><w:pgMar w:top="1134" w:right="850" w:bottom="850" w:left="850" w:header="567" w:footer="454" w:gutter="0"/></w:sectPr>"#
    } else {
        r#"<w:sectPr><w:footerReference w:type="default" r:id="rId4"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="850" w:bottom="1134" w:left="1418" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>"#
    }
}

/// A picture in the line of text.
fn drawing(number: usize, (width, height): (u32, u32), caption: &str) -> String {
    let caption = Escaped(caption);
    let relation = format!("rIdImage{number}");
    format!(
        r#"<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/><wp:docPr id="{number}" name="image{number}" descr="{caption}"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="{number}" name="image{number}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"#
    )
}
