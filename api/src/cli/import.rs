//! `opora import`.

use super::{Outcome, failure::refuse, fate, say};
use crate::{config::Config, error::Language, startup, work::Desk};
use clap::{Args, ValueEnum, builder::PossibleValue};
use indicatif::{ProgressBar, ProgressStyle};
use opora_db::{Database, Error, Origin, Result};
use opora_primitives::{Area, Limit};
use opora_schools::import::{ImportKind, ImportMode, Reject, Report, Warning, spool, store};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Options of `opora import`.
#[derive(Args)]
pub(super) struct Import {
    /// What the file holds.
    kind: Kind,
    /// The file, CSV or XLSX; YAML for a plan.
    file: PathBuf,
    /// Check and report, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write the good rows even if others are refused; otherwise it is all rows or none.
    #[arg(long)]
    best_effort: bool,
    /// The sheet of a workbook; the first unless said.
    #[arg(long)]
    sheet: Option<String>,
    /// How many refused cells are printed.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(..=1000))]
    show: u16,
}

/// A kind of file on the command line.
#[derive(Clone, Copy)]
struct Kind(ImportKind);

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Kind; ImportKind::ALL.len()] = {
            let mut all = [Kind(ImportKind::Municipalities); ImportKind::ALL.len()];
            let mut i = 0;
            while i < all.len() {
                all[i] = Kind(ImportKind::ALL[i]);
                i += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()))
    }
}

impl Import {
    pub(super) fn run(self, config: Config) -> Outcome {
        let (database, config) = (startup::open(&config)?, Arc::new(config));
        let mode = if self.best_effort { ImportMode::BestEffort } else { ImportMode::Atomic };
        let load = Load { kind: self.kind.0, mode, dry_run: self.dry_run, sheet: self.sheet.clone() };
        let report = load.run(&database, &config, &self.file, self.show)?;
        tell(&report, Language::of_terminal());
        let would_apply = mode == ImportMode::BestEffort || report.rejected == 0;
        match (report.applied, self.dry_run && would_apply) {
            (true, _) => Ok(()),
            (_, true) => {
                tell!("{}", say("dry run: nothing was written", "пробная загрузка: ничего не записано"));
                Ok(())
            }
            _ => Err(refuse("nothing was written", "ничего не записано")),
        }
    }
}

/// Prints the report in the words of `language`.
fn tell(report: &Report, language: Language) {
    let Report { rows, created, updated, unchanged, rejected, .. } = report;
    tell!(
        "{}",
        language.pick((
            format!("{rows} rows: {created} created, {updated} updated, {unchanged} unchanged, {rejected} refused"),
            format!("строк: {rows}; создано {created}, изменено {updated}, без изменений {unchanged}, отклонено {rejected}"),
        ))
    );
    for column in &report.ignored_columns {
        tell!("{}: {column}", language.pick(("ignored column", "неизвестная колонка пропущена")));
    }
    for Warning { code, rows } in &report.warnings {
        let words = language.pick((code.en(), code.ru()));
        tell!(
            "{}",
            language.pick((
                format!("warning: {words} ({rows} rows)"),
                format!("внимание: {words} (строк: {rows})")
            ))
        );
    }
    for Reject { row, column, reason } in &report.rejects {
        let (place, words) = (language.pick(("row", "строка")), language.pick(reason.messages()));
        let column = column.as_deref().map(|column| format!(", {column}")).unwrap_or_default();
        tell!("{place} {row}{column}: {words}");
    }
}

/// A file and what to do with it.
pub(super) struct Load {
    pub kind: ImportKind,
    pub mode: ImportMode,
    pub dry_run: bool,
    pub sheet: Option<String>,
}

impl Load {
    /// Queues `file` as `POST /api/v1/imports` does and sees its job through, with a progress bar. Up to `show` of its
    /// refused cells come with the report.
    pub(super) fn run(
        self,
        database: &Database,
        config: &Arc<Config>,
        file: &Path,
        show: u16,
    ) -> Result<Report> {
        let origin = Origin::system(format!("command line: import {}", file.display()));
        let spooled = read(config, file)?;
        let new = store::NewImport {
            kind: self.kind,
            mode: self.mode,
            dry_run: self.dry_run,
            sheet: self.sheet,
            file_name: file.file_name().map(|name| name.to_string_lossy().into_owned()),
            size: spooled.size,
            sha256: spooled.sha256.clone(),
            by_line: false,
            area: Area::Region,
        };
        let (id, job) = database.write(&origin, |tx| store::queue(tx, &origin, &new, spooled.chunks()?))?;
        let bar = bar(self.kind);
        let ended = Desk::new(database.clone(), config.clone()).see_through(job, &|done, total| {
            bar.set_length(total.unwrap_or(done) as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        let ended = ended?;
        let shown = Limit::new(Some(show.clamp(1, Limit::MOST)))?;
        database.read(|db| {
            let report =
                store::find(db, Area::Region, id)?.report().ok_or_else(|| Error::fault(fate(&ended)))?;
            let rejects = store::rejects(db, id, shown, None)?.items;
            Ok(Report { rejects: rejects.into_iter().take(show.into()).collect(), ..report })
        })
    }
}

/// Copies the file, so that what is loaded is what was hashed even if somebody writes to it meanwhile.
fn read(config: &Config, path: &Path) -> Result<spool::Spooled> {
    std::fs::create_dir_all(&config.data_dir).map_err(Error::fault)?;
    let fault = |e: std::io::Error| Error::fault(format!("{}: {e}", path.display()));
    let mut file = File::open(path).map_err(fault)?;
    let mut spool = spool::Spool::new(&config.data_dir, u64::MAX)?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer).map_err(fault)? {
            0 => return spool.finish(),
            n => spool.take(&buffer[..n])?,
        }
    }
}

fn bar(kind: ImportKind) -> ProgressBar {
    let bar = ProgressBar::new(0).with_message(kind.as_str());
    match ProgressStyle::with_template("{msg:16} [{bar:40}] {percent:>3} % {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
