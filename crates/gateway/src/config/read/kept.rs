//! Where everything is kept, how much of it and for how long.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tollhouse_store::DatabaseUrl;
use toml::Spanned;

use super::{ConfigError, FileConfig, Overrides, Reader};
use crate::config::file::Capture;
use crate::config::{CaptureConfig, MasterKeySource};

const DEFAULT_DATA_DIR: &str = "./tollhouse-data";
pub(super) const DEFAULT_MAX_JOURNAL: u64 = 4 << 30;
pub(super) const DEFAULT_RETENTION_DAYS: u32 = 365;
const DEFAULT_CAPTURE_RETENTION_DAYS: u32 = 30;
const DEFAULT_MAX_CAPTURED: u64 = 1 << 20;
const DEFAULT_MAX_CAPTURING: u64 = 64 << 20;
const DAY: Duration = Duration::from_hours(24);

pub(super) fn data_dir(written: &FileConfig, overrides: &Overrides) -> PathBuf {
    let given = overrides.data_dir.clone();
    given
        .or_else(|| written.server.data_dir.clone())
        .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR))
}

/// So many days; 0 is without end.
pub(super) fn days(days: u32) -> Option<Duration> {
    (days > 0).then(|| DAY * days)
}

impl Reader<'_> {
    pub(super) fn database(
        &self,
        written: Option<&Spanned<String>>,
        overrides: &Overrides,
        data_dir: &Path,
    ) -> Result<DatabaseUrl, ConfigError> {
        let written = written.map(|w| (w.span(), w.get_ref().as_str()));
        let (span, text) = match (&overrides.database, written) {
            (Some(text), _) => (0..0, text.as_str()),
            (None, Some(written)) => written,
            (None, None) => (0..0, "sqlite"),
        };
        let resolved = match text.strip_prefix("env:") {
            Some(name) => (self.environment)(name)
                .ok_or_else(|| self.error(span.clone(), format!("{name} is not set")))?,
            None => text.to_owned(),
        };
        if resolved == "sqlite" {
            return Ok(DatabaseUrl::Sqlite(data_dir.join("tollhouse.db")));
        }
        if resolved.starts_with("postgres://") || resolved.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(resolved));
        }
        let message = "database: expected \"sqlite\", \"postgres://…\" or \"env:NAME\" holding one";
        Err(self.error(span, message))
    }

    pub(super) fn master_key(
        &self,
        written: Option<&Spanned<String>>,
        data_dir: &Path,
    ) -> Result<MasterKeySource, ConfigError> {
        match written {
            Some(written) => Ok(MasterKeySource::Given(
                self.secret(written.span(), written.get_ref())?,
            )),
            None => Ok(MasterKeySource::File(data_dir.join("master.key"))),
        }
    }

    pub(super) fn capture(&self, written: &Capture) -> Result<CaptureConfig, ConfigError> {
        let retention = written.retention_days;
        Ok(CaptureConfig {
            bodies: written.bodies.unwrap_or_default(),
            retention: days(retention.unwrap_or(DEFAULT_CAPTURE_RETENTION_DAYS)),
            max_body: self.size(written.max_body.as_ref(), DEFAULT_MAX_CAPTURED)?,
            max_memory: self.size(written.max_memory.as_ref(), DEFAULT_MAX_CAPTURING)?,
        })
    }
    pub(super) fn size(
        &self,
        written: Option<&Spanned<String>>,
        default: u64,
    ) -> Result<u64, ConfigError> {
        let Some(written) = written else {
            return Ok(default);
        };
        bytes(written.get_ref()).ok_or_else(|| {
            self.error(
                written.span(),
                "expected a size such as \"32MiB\", \"4GiB\" or \"1048576\"",
            )
        })
    }
}

/// Reads a size: whole bytes, or a whole number of KiB, MiB or GiB.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("", 0)];
    let (number, shift) = units
        .iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)))?;
    let number: u64 = number.trim().parse().ok()?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0)
}
