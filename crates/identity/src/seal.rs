//! Secrets at rest: sealed with AES-256-GCM under the installation's master key.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hmac, rand,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use opora_db::{Error, Result};
use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

/// The installation's master key. Given by configuration, or kept in a file that only its owner can read.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Reads 32 bytes in Base64.
    ///
    /// # Errors
    /// Any other length or form; the text is not repeated.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = BASE64.decode(text.trim()).map_err(|_| Error::fault("the master key is not Base64"))?;
        bytes.try_into().map(Self).map_err(|_| Error::fault("the master key is not 32 bytes long"))
    }

    /// Reads the key file, making it with mode 0600 if it is not there.
    ///
    /// # Errors
    /// A file that cannot be read or made, or is readable by others.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        let fault = |e: std::io::Error| Error::fault(format!("{}: {e}", path.display()));
        if path.exists() {
            if path.metadata().map_err(fault)?.permissions().mode() & 0o077 != 0 {
                return Err(Error::fault(format!("{} can be read by others; set mode 0600", path.display())));
            }
            return Self::parse(&std::fs::read_to_string(path).map_err(fault)?);
        }
        let mut key = [0; 32];
        rand::fill(&mut key).map_err(Error::fault)?;
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(fault)?;
        file.write_all(BASE64.encode(key).as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
        Ok(Self(key))
    }

    /// A digest of `parts` that only this installation can make (HMAC-SHA-256), so that a short secret inside cannot be
    /// guessed from it. The key is derived for `purpose`; each part counts with its length.
    pub fn fingerprint(&self, purpose: &str, parts: &[&[u8]]) -> String {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose.as_bytes());
        let mut digest = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()));
        for part in parts {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        BASE64.encode(digest.sign())
    }

    fn cipher(&self) -> Result<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(Error::fault)
    }

    /// Seals `secret`; `purpose` must be given again to open it.
    ///
    /// # Errors
    /// A fault of the system's random source.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<String> {
        let mut bytes = secret.to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut bytes)
            .map_err(Error::fault)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        Ok(BASE64.encode(sealed))
    }

    /// Opens what [`Self::seal`] made for the same purpose.
    ///
    /// # Errors
    /// Another key, another purpose, or a changed text.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<Vec<u8>> {
        const NONCE: usize = 12;
        let broken = || Error::fault("a sealed secret cannot be opened with this master key");
        let mut bytes = BASE64.decode(sealed).map_err(|_| broken())?;
        if bytes.len() < NONCE {
            return Err(broken());
        }
        let mut rest = bytes.split_off(NONCE);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| broken())?;
        let plain = self
            .cipher()?
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut rest)
            .map_err(|_| broken())?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };

    #[test]
    fn a_key_file_is_made_for_its_owner_alone_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let made = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(MasterKey::load_or_create(&path).unwrap().0, made.0);
        assert_ne!(MasterKey::load_or_create(&folder.path().join("another.key")).unwrap().0, made.0);
    }

    #[test]
    fn a_key_file_that_others_can_read_or_that_holds_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path).unwrap();
        let with_mode = |mode| {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            MasterKey::load_or_create(&path).map_err(|error| error.to_string())
        };
        for mode in [0o640, 0o604, 0o620, 0o601, 0o666] {
            let refused = with_mode(mode).unwrap_err();
            assert!(refused.ends_with("can be read by others; set mode 0600"), "{mode:o}: {refused}");
        }
        for mode in [0o600, 0o400] {
            with_mode(mode).unwrap();
        }
        with_mode(0o600).unwrap();
        for text in ["no key at all", "c2hvcnQ="] {
            fs::write(&path, text).unwrap();
            assert!(!with_mode(0o600).unwrap_err().contains(text));
        }
    }

    #[test]
    fn opens_only_for_its_purpose_and_key() {
        let (key, other) = (MasterKey([1; 32]), MasterKey([2; 32]));
        let sealed = key.seal("a", b"secret").unwrap();
        assert_eq!(key.open("a", &sealed).unwrap(), b"secret");
        assert!(key.open("b", &sealed).is_err());
        assert!(other.open("a", &sealed).is_err());
        assert_ne!(sealed, key.seal("a", b"secret").unwrap());
    }

    #[test]
    fn a_fingerprint_depends_on_key_purpose_and_parts() {
        let (key, other) = (MasterKey([1; 32]), MasterKey([2; 32]));
        let made = key.fingerprint("a", &[b"one", b"two"]);
        assert_eq!(made, key.fingerprint("a", &[b"one", b"two"]));
        assert_ne!(made, key.fingerprint("a", &[b"onet", b"wo"]));
        assert_ne!(made, key.fingerprint("b", &[b"one", b"two"]));
        assert_ne!(made, other.fingerprint("a", &[b"one", b"two"]));
    }
}
