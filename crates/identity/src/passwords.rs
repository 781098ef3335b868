//! Passwords: argon2id hashes, and what is asked of a new one.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use opora_db::{Error, Result};
use opora_primitives::{Problem, Reason};

/// Length of a new password, in characters.
pub const LENGTH: std::ops::RangeInclusive<usize> = 10..=128;

/// 19 MiB and two passes: the lower of the two settings that OWASP's password storage guidance recommends for argon2id.
fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(Error::fault)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Checks a new password: long enough, not one character over and over, without the login in it.
///
/// # Errors
/// Refused fields at `/password`.
pub fn check_new(password: &str, login: &str) -> std::result::Result<(), Problem> {
    if !LENGTH.contains(&password.chars().count()) {
        return Err(Problem::field("/password", Reason::WrongLength));
    }
    let distinct: std::collections::BTreeSet<char> = password.chars().collect();
    if distinct.len() < 5 || password.to_lowercase().contains(&login.to_lowercase()) {
        return Err(Problem::field("/password", Reason::TooWeak));
    }
    Ok(())
}

/// A password that a user shall have from now on, with its hash.
#[derive(Clone)]
pub struct NewPassword {
    clear: String,
    pub(crate) hash: String,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

impl NewPassword {
    /// Hashes it, which is slow on purpose and has no place in a transaction.
    ///
    /// # Errors
    /// A fault of the system's random source.
    pub fn of(clear: String) -> Result<Self> {
        Ok(Self { hash: hash(&clear)?, clear })
    }

    /// Checks it for the user who logs in as `login`.
    ///
    /// # Errors
    /// Those of [`check_new`].
    pub(crate) fn check(&self, login: &str) -> std::result::Result<(), Problem> {
        check_new(&self.clear, login)
    }
}

/// The hash of `password` in PHC form, with a fresh salt.
///
/// # Errors
/// A fault of the system's random source.
pub fn hash(password: &str) -> Result<String> {
    Ok(hasher()?.hash_password(password.as_bytes()).map_err(Error::fault)?.to_string())
}

/// Whether `password` is the one behind `hash`. Without a hash (an unknown login) the same work is done and the answer
/// is no, so that the time taken does not tell which logins exist.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    match hash.map(PasswordHash::new) {
        Some(Ok(parsed)) => Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok(),
        _ => {
            let _ = self::hash(password);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_only() {
        let hash = hash("верный пароль 1").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("верный пароль 1", Some(&hash)));
        assert!(!verify("верный пароль 2", Some(&hash)));
        assert!(!verify("верный пароль 1", None));
    }

    #[test]
    fn weak_passwords_are_refused() {
        assert!(check_new("short", "anna").is_err());
        assert!(check_new("aaaaaaaaaaaa", "anna").is_err());
        assert!(check_new("anna-2020-anna", "Anna").is_err());
        assert!(check_new("four random words", "anna").is_ok());
    }
}
