//! The fingerprint of a run's inputs: SHA-256 over everything the verdicts depend on, in an order that depends on
//! natural keys alone, so that it is the same on both databases and whatever row ids they gave.

use super::inputs::{Inputs, School};
use crate::identification::{Context, Measurement};
use aws_lc_rs::digest::{Context as Digest, SHA256};
use opora_db::{Error, Result};
use std::fmt::Write;

/// Changes whenever the stream below does.
const FORM: &str = "opora identification inputs, form 1";

/// The fingerprint of `inputs`, in hexadecimal.
pub(super) fn of(inputs: &Inputs) -> Result<String> {
    let mut digest = Digest::new(&SHA256);
    let parameters = serde_json::to_string(&inputs.parameters).map_err(Error::fault)?;
    digest.update(format!("{FORM}\n{parameters}\n{}\n", inputs.year).as_bytes());
    let numbers = number_procedures(inputs, &mut digest);
    let mut schools: Vec<&School> = inputs.schools.iter().collect();
    schools.sort_unstable_by(|a, b| a.code.as_str().cmp(b.code.as_str()));
    let mut block = Vec::with_capacity(4096);
    for school in schools {
        let (results, context) = (inputs.measurements(school), context_of(inputs, school));
        // A closed school without any data touches no verdict.
        if school.is_judged() || !results.is_empty() || context.is_some() {
            block.clear();
            put_school(&mut block, school, context, results.len());
            results.iter().for_each(|result| put_result(&mut block, result, &numbers));
            digest.update(&block);
        }
    }
    let mut hex = String::with_capacity(64);
    for byte in digest.finish().as_ref() {
        write!(hex, "{byte:02x}").map_err(Error::fault)?;
    }
    Ok(hex)
}

/// Numbers the procedures that have results: others, known to one database only, touch no verdict.
fn number_procedures(inputs: &Inputs, digest: &mut Digest) -> Vec<u16> {
    let mut used = vec![false; inputs.procedures.len()];
    for school in &inputs.schools {
        for result in inputs.measurements(school) {
            used[usize::from(result.procedure())] = true;
        }
    }
    let mut numbers = vec![0; used.len()];
    let procedures = inputs.procedures.iter().enumerate().filter(|(i, _)| used[*i]);
    for ((i, procedure), number) in procedures.zip(0..) {
        let (assessment, grade, subject) = (procedure.assessment, procedure.grade, procedure.subject);
        digest.update(format!("{} {assessment} {grade} {subject}\n", procedure.year).as_bytes());
        numbers[i] = number;
    }
    numbers
}

fn context_of<'a>(inputs: &'a Inputs, school: &School) -> Option<&'a Context> {
    let found = inputs.contexts.binary_search_by_key(&school.id, |context| context.school).ok()?;
    inputs.contexts.get(found)
}

fn put_school(block: &mut Vec<u8>, school: &School, context: Option<&Context>, results: usize) {
    let School { code, kind, locality, .. } = school;
    let flags = [school.is_judged(), school.listed, school.high_by_act].map(u8::from);
    let mut line = format!("{} {kind} {locality} {flags:?} {results}", code.as_str());
    if let Some(c) = context {
        let counts = [
            Some(c.pupils),
            c.both_parents_higher,
            c.one_parent,
            c.low_income,
            c.parent_out_of_work,
            c.on_register,
            c.special_needs,
            c.non_native_language,
            c.wards,
            c.poor_housing,
        ];
        line += &format!(" {counts:?}");
    }
    block.extend_from_slice(line.as_bytes());
    block.push(b'\n');
}

fn put_result(block: &mut Vec<u8>, result: &Measurement, numbers: &[u16]) {
    block.extend_from_slice(&numbers[usize::from(result.procedure())].to_le_bytes());
    block.extend_from_slice(&result.participants().to_le_bytes());
    block.extend_from_slice(&result.below_minimum().to_le_bytes());
    block.extend_from_slice(&result.mean_score().unwrap_or(i32::MIN).to_le_bytes());
}
