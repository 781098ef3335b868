//! The place of a piece of work in its trace, as the header `traceparent` writes it. Pure, but for the numbers it draws.

use aws_lc_rs::rand;
use std::time::SystemTime;

/// A span in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    span: u64,
    parent: Option<u64>,
    sampled: bool,
}

impl TraceContext {
    /// The first span of a new trace.
    pub fn beginning(sampled: bool) -> Self {
        let [high, low, span] = drawn();
        Self { trace: u128::from(high) << 64 | u128::from(low), span, parent: None, sampled }
    }

    /// A new span under the one that `traceparent` names; none where that cannot be read (Trace Context, 3.2).
    pub fn continuing(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.trim().splitn(5, '-');
        let (version, trace) = (hex(parts.next()?, 2)?, hex(parts.next()?, 32)?);
        let (parent, flags) = (u64::try_from(hex(parts.next()?, 16)?).ok()?, hex(parts.next()?, 2)?);
        // A later version may say more behind what is known.
        let readable = version != 0xff && (version > 0 || parts.next().is_none());
        let known = trace != 0 && parent != 0;
        let [span] = drawn();
        (readable && known).then_some(Self { trace, span, parent: Some(parent), sampled: flags & 1 == 1 })
    }

    /// What is sent along with a request that is part of this span.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id(), self.span_id(), u8::from(self.sampled))
    }

    /// The trace, 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The span, 16 hexadecimal digits.
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.span)
    }

    /// The span above, if there is one.
    pub fn parent(&self) -> Option<String> {
        self.parent.map(|parent| format!("{parent:016x}"))
    }

    /// Whether it is to be sent to a collector: whoever began the trace decides.
    pub fn sampled(&self) -> bool {
        self.sampled
    }
}

/// A number of `digits` hexadecimal digits, small letters only.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let fits = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// Numbers that are hardly drawn twice, never 0. All at once: each call of the generator costs a microsecond, whatever it fills.
fn drawn<const COUNT: usize>() -> [u64; COUNT] {
    let mut bytes = [[0; 8]; COUNT];
    if rand::fill(bytes.as_flattened_mut()).is_err() {
        // Numbers of traces are no secrets: the clock will do.
        let nanos = SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
        bytes = std::array::from_fn(|place| nanos.wrapping_add(place as u64).to_be_bytes());
    }
    bytes.map(|bytes| u64::from_be_bytes(bytes).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_goes_on_under_its_parent() {
        let context = TraceContext::continuing(GIVEN).unwrap();
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.parent().as_deref(), Some("00f067aa0ba902b7"));
        assert!(context.sampled() && context.span_id() != "00f067aa0ba902b7");
        let below = TraceContext::continuing(&context.traceparent()).unwrap();
        assert_eq!(below.parent(), Some(context.span_id()));
        assert!(!TraceContext::continuing(&GIVEN.replace("-01", "-00")).unwrap().sampled());
        assert!(TraceContext::continuing(&format!("{}-more", GIVEN.replacen("00", "cc", 1))).is_some());
    }

    #[test]
    fn what_cannot_be_read_begins_a_new_trace() {
        for wrong in [
            "",
            "00",
            &GIVEN.to_uppercase(),
            &GIVEN.replacen("00", "ff", 1),
            &GIVEN.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &GIVEN.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &format!("{GIVEN}-more"),
            &GIVEN.replace("4bf9", "4bf"),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert_eq!(TraceContext::continuing(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_part_of_a_header_is_taken_for_the_whole() {
        for end in 0..GIVEN.len() {
            assert_eq!(TraceContext::continuing(&GIVEN[..end]), None, "{end}");
            assert_eq!(TraceContext::continuing(&GIVEN[..end].replace('-', "ж")), None, "{end}");
        }
    }
}
