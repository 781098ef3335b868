//! Signatures and retries: pure.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};

/// What a secret begins with, by the convention of Standard Webhooks: the Base64 of its bytes follows.
pub const SECRET_PREFIX: &str = "whsec_";

/// How long after a rotation messages are signed with the old secret too, in seconds.
pub const OVERLAP: i64 = 24 * 3600;

/// Seconds before each further attempt, unless the installation says otherwise: ten attempts in about three days.
pub const RETRIES: &[i64] = &[5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How long messages are given up on end, none being taken, before their webhook is disabled, in seconds (D281).
pub const PATIENCE: i64 = 14 * 24 * 3600;

/// The header `webhook-signature`: one signature for each secret that is good.
pub fn signature<'a>(
    secrets: impl Iterator<Item = &'a [u8]>,
    id: &str,
    timestamp: i64,
    body: &str,
) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    let one = |secret: &[u8]| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        format!("v1,{}", BASE64.encode(tag))
    };
    secrets.map(one).collect::<Vec<_>>().join(" ")
}

/// Seconds until the next attempt when `attempts` have failed; none when that was the last.
pub fn pause(retries: &[i64], attempts: i32) -> Option<i64> {
    let n = usize::try_from(attempts).ok()?.checked_sub(1)?;
    retries.get(n).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the Standard Webhooks specification's reference libraries: a known secret, id, time and body.
    #[test]
    fn a_signature_is_that_of_the_convention() {
        let secret = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(
            [secret.as_slice()].into_iter(),
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign() {
        let (one, two) = (b"one".as_slice(), b"two".as_slice());
        let both = signature([one, two].into_iter(), "msg", 1, "{}");
        let each = [one, two].map(|secret| signature([secret].into_iter(), "msg", 1, "{}"));
        assert_eq!(both, each.join(" "));
    }

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(RETRIES, 1), Some(5));
        assert_eq!(pause(RETRIES, 9), Some(86_400));
        assert_eq!(pause(RETRIES, 10), None);
        assert!(RETRIES.windows(2).all(|pair| pair[0] < pair[1]));
        let days = RETRIES.iter().sum::<i64>() / 86_400;
        assert_eq!(days, 3);
    }
}
