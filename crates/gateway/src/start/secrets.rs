//! The vault, the key that digests virtual keys, and the administrator's token.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_store::{DataKeyRow, Store};
use tollhouse_vault::{
    Context, DataKeyId, KeyDigester, KeyFileError, MasterKey, Sealed, Secret, ServerSecret, Vault,
    WrappedDataKey, admin_token as new_admin_token, key_file,
};
use uuid::Uuid;

use super::StartError;
use super::rotation::open_rows;
use crate::clock;
use crate::config::{Config, MasterKeySource};

const SERVER_SECRET: &str = "server.secret";
/// Where the generated administrator's token is kept, below the data directory.
pub(crate) const ADMIN_TOKEN_FILE: &str = "admin.token";

/// Opens the vault, or makes it where there is none yet.
pub(crate) async fn open_vault(
    store: &Store,
    source: &MasterKeySource,
) -> Result<Vault, StartError> {
    let rows = store.data_keys().await?;
    if rows.is_empty() {
        let (vault, wrapped) = Vault::create(master_key(source, true)?);
        let winner = init(store).insert_first_data_key(&row(&wrapped)).await?;
        if winner.iter().all(|stored| stored.id == wrapped.id.uuid()) {
            return Ok(vault);
        }
        // Another replica was faster; its data key is the one.
        return open_rows(source, &wrapped_keys(&winner)?);
    }
    open_rows(source, &wrapped_keys(&rows)?)
}

/// The store for the secrets that a new installation makes for itself.
fn init(store: &Store) -> Store {
    let subject = Subject::of(SubjectKind::Vault);
    store.noted(Note::new(
        clock::now(),
        Actor::SYSTEM,
        Action::VaultInit,
        subject,
    ))
}

/// The master key; a new one is written only where nothing has been sealed yet.
pub(crate) fn master_key(source: &MasterKeySource, fresh: bool) -> Result<MasterKey, StartError> {
    match source {
        MasterKeySource::Given(text) => Ok(MasterKey::from_base64(text.expose())?),
        MasterKeySource::File(path) if fresh => Ok(key_file::load_or_create(path)?),
        MasterKeySource::File(path) => match key_file::load(path) {
            Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Err(StartError::MasterKeyMissing(path.clone()))
            }
            other => Ok(other?),
        },
    }
}

pub(crate) fn row(wrapped: &WrappedDataKey) -> DataKeyRow {
    DataKeyRow {
        id: wrapped.id.uuid(),
        master: wrapped.master.to_string().into_bytes(),
        wrapped: wrapped.bytes.clone(),
    }
}

pub(crate) fn wrapped_keys(rows: &[DataKeyRow]) -> Result<Vec<WrappedDataKey>, StartError> {
    let wrapped = |row: &DataKeyRow| {
        let master = String::from_utf8_lossy(&row.master).parse()?;
        let id = DataKeyId::from_uuid(row.id);
        Ok(WrappedDataKey {
            id,
            master,
            bytes: row.wrapped.clone(),
        })
    };
    rows.iter().map(wrapped).collect()
}

/// What virtual keys are digested with: a secret of this store, made once.
pub(super) async fn digester(store: &Store, vault: &Vault) -> Result<KeyDigester, StartError> {
    let place = server_secret_place();
    let sealed = match store.sealed_setting(SERVER_SECRET).await? {
        Some(sealed) => sealed,
        None => {
            let fresh = ServerSecret::generate().to_secret();
            let sealed = vault.seal(&fresh, &place).into_bytes();
            init(store)
                .put_sealed_setting_if_absent(SERVER_SECRET, &sealed)
                .await?
        }
    };
    let secret = vault.open_secret(&Sealed::from_bytes(sealed)?, &place)?;
    let server = ServerSecret::from_secret(&secret).map_err(StartError::ServerSecret)?;
    Ok(server.key_digester())
}

/// Where the server's secret belongs.
pub(crate) fn server_secret_place() -> Context<'static> {
    Context {
        table: "sealed_settings",
        row: Uuid::nil(),
        column: SERVER_SECRET,
    }
}

/// The digest of the administrator's token: the configured one, else one kept in the data directory.
pub(super) fn admin_token(config: &Config, digester: &KeyDigester) -> Result<[u8; 32], StartError> {
    if let Some(token) = &config.admin_token {
        return Ok(digester.digest(token.expose()));
    }
    let path = config.data_dir.join(ADMIN_TOKEN_FILE);
    let token = load_or_create(&path).map_err(|source| StartError::DataDir {
        path: path.clone(),
        source,
    })?;
    Ok(digester.digest(token.expose()))
}

fn load_or_create(path: &Path) -> io::Result<Secret> {
    let read = || {
        let text = std::fs::read_to_string(path)?;
        Secret::parse(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let token = new_admin_token();
    file.write_all(token.expose().as_bytes())?;
    file.write_all(b"\n")?;
    Ok(token)
}
