//! Where the files of evidence lie: a folder, or a bucket of an S3-compatible store. A file's name is the SHA-256 of its
//! content, so the same file lies there once and nothing is ever changed.
//!
//! A file is put there before the row that refers to it is written. A crash in between, or the removal of the last row,
//! leaves a file that nothing refers to: [`Blobs::sweep`] removes those that are older than [`GRACE`]. Putting a file
//! that is there already makes it new again, so that none is swept while its row is on the way.

use super::evidence::referenced;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{Stream, StreamExt, TryStreamExt};
use object_store::{
    BackoffConfig, ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    buffered::BufWriter, local::LocalFileSystem, path::Path as Key,
};
use opora_db::{Database, Error, Result};
use opora_primitives::ProblemCode;
use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::io::AsyncWriteExt;

/// How long a file may lie without a row: far longer than a request lasts.
pub const GRACE: TimeDelta = TimeDelta::days(1);

/// A larger file is sent in parts of this many bytes.
const PART: usize = 10 << 20;
/// How many files are held against the database at once.
const BATCH: usize = 500;

/// Where the files lie.
#[derive(Clone)]
pub enum Place {
    /// In this folder.
    Folder(PathBuf),
    /// In a bucket.
    S3(S3),
}

/// A bucket of an S3-compatible store. Not `Debug`: it holds a secret.
#[derive(Clone)]
pub struct S3 {
    /// The store's address; without one, that of Amazon's region.
    pub endpoint: Option<String>,
    /// The region; stores of other makers mostly ignore it.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What the names in it begin with; of this installation alone, because what it does not know is swept.
    pub prefix: String,
    /// The access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
}

/// The store of the files; cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
}

impl Blobs {
    /// Opens the store at `place`. A folder is made; a bucket is not asked yet.
    ///
    /// # Errors
    /// A folder that cannot be made; settings that contradict each other.
    pub fn open(place: &Place) -> Result<Self> {
        Ok(match place {
            Place::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(Error::fault)?;
                let store = LocalFileSystem::new_with_prefix(folder).map_err(Error::fault)?;
                Self { store: Arc::new(store.with_fsync(true)), prefix: Key::default() }
            }
            Place::S3(s3) => Self {
                store: Arc::new(bucket(s3)?),
                prefix: Key::parse(s3.prefix.trim_matches('/')).map_err(Error::fault)?,
            },
        })
    }

    fn key(&self, sha256: &str) -> Key {
        let folder = sha256.get(..2).unwrap_or_default();
        self.prefix.clone().join(folder).join(sha256)
    }

    /// Keeps the file at `path`, whole or not at all: in a folder it is written beside its place, synced and renamed.
    ///
    /// # Errors
    /// [`ProblemCode::StorageFull`]; [`Error::Unavailable`] if the store does not answer.
    pub async fn keep(&self, sha256: &str, path: &Path) -> Result<()> {
        let mut file = tokio::fs::File::open(path).await.map_err(Error::fault)?;
        let mut writer = BufWriter::with_capacity(self.store.clone(), self.key(sha256), PART);
        if let Err(error) = tokio::io::copy(&mut file, &mut writer).await {
            // Best effort: the parts of an upload that was given up cost money.
            drop(writer.abort().await);
            return Err(unkept(&error));
        }
        writer.shutdown().await.map_err(|error| unkept(&error))
    }

    /// Whether the file is there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub async fn holds(&self, sha256: &str) -> Result<bool> {
        match self.store.head(&self.key(sha256)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// The bytes `range` of a file, as they come.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; a fault if the file is not there.
    pub async fn read(
        &self,
        sha256: &str,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = object_store::Result<bytes::Bytes>> + use<>> {
        let options = object_store::GetOptions::default().with_range(Some(range));
        match self.store.get_opts(&self.key(sha256), options).await {
            Ok(found) => Ok(found.into_stream()),
            Err(error @ object_store::Error::NotFound { .. }) => Err(Error::fault(error)),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Copies a file to `path`, which is not there yet, so that it lasts. Answers whether there is such a file.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; a place that cannot be written.
    pub async fn copy_out(&self, sha256: &str, path: &Path) -> Result<bool> {
        let mut bytes = match self.store.get(&self.key(sha256)).await {
            Ok(found) => found.into_stream(),
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(unavailable(&error)),
        };
        let mut file = tokio::fs::File::create_new(path).await.map_err(|error| unkept(&error))?;
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(|error| unavailable(&error))?;
            file.write_all(&chunk).await.map_err(|error| unkept(&error))?;
        }
        file.flush().await.map_err(|error| unkept(&error))?;
        file.sync_all().await.map_err(|error| unkept(&error))?;
        Ok(true)
    }

    /// Removes files that no evidence refers to and that were put before `before`. Answers how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; faults of the database.
    pub async fn sweep(&self, database: &Database, before: DateTime<Utc>) -> Result<usize> {
        let old = |meta: &ObjectMeta| meta.last_modified < before;
        let listed = self.store.list(Some(&self.prefix)).map_err(|error| unavailable(&error));
        let mut batches = std::pin::pin!(listed.try_ready_chunks(BATCH));
        let mut swept = 0;
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(|error| error.1)?;
            let digests: Vec<String> = batch.iter().filter(|meta| old(meta)).filter_map(digest).collect();
            let wanted = database.read(|db| referenced(db, &digests))?;
            for gone in digests.iter().filter(|sha256| !wanted.contains(*sha256)) {
                // It may have been put anew since it was listed.
                if self.store.head(&self.key(gone)).await.is_ok_and(|meta| old(&meta)) {
                    self.store.delete(&self.key(gone)).await.map_err(|error| unavailable(&error))?;
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }
}

/// The digest that a file of ours has for a name.
fn digest(meta: &ObjectMeta) -> Option<String> {
    let name = meta.location.filename()?;
    let ours = name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    ours.then(|| name.to_owned())
}

fn bucket(s3: &S3) -> Result<impl ObjectStore + use<>> {
    let plain = s3.endpoint.as_ref().is_some_and(|address| address.starts_with("http://"));
    let waiting = ClientOptions::new()
        .with_allow_http(plain)
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_secs(60));
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 2,
        retry_timeout: Duration::from_secs(20),
    };
    let mut builder = AmazonS3Builder::new()
        .with_region(&s3.region)
        .with_bucket_name(&s3.bucket)
        .with_access_key_id(&s3.access_key)
        .with_secret_access_key(&s3.secret_key)
        .with_client_options(waiting)
        .with_retry(retry);
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder.build().map_err(Error::fault)
}

/// What went wrong while a file was written: a full disk is told as such.
fn unkept(error: &io::Error) -> Error {
    let full = |e: &io::Error| matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<io::Error>().is_some_and(full) {
            return ProblemCode::StorageFull.into();
        }
        cause = inner.source();
    }
    unavailable(error)
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> Error {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let words: Vec<String> = causes.map(ToString::to_string).collect();
    Error::Unavailable(format!("store of evidence: {}", words.join(": ")))
}
