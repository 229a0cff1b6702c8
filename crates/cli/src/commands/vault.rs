//! `vault`: the master key, without a server.

use serde::Serialize;
use tollhouse_gateway::config::{MasterKeySource, Storage};
use tollhouse_gateway::rotation::{self, Rotated, Status};
use tollhouse_store::Store;
use tollhouse_vault::MasterKey;

use crate::args::{CheckArgs, ConfigArgs, RotateArgs, VaultCommand};
use crate::settings::Usage;
use crate::{environment, output, settings};

pub(super) async fn run(command: VaultCommand) -> anyhow::Result<()> {
    match command {
        VaultCommand::Init(args) => init(&args).await,
        VaultCommand::Rotate(args) => rotate(&args).await,
        VaultCommand::Status(args) => status(&args).await,
    }
}

async fn init(args: &ConfigArgs) -> anyhow::Result<()> {
    let (storage, master_key) = settings::vault(args)?;
    let fresh = rotation::init(&storage, &master_key).await?;
    let place = match &master_key {
        MasterKeySource::File(path) => path.display().to_string(),
        MasterKeySource::Given(_) => "the key that vault.master_key names".to_owned(),
    };
    if fresh {
        output::line(&format!("the vault is made; its master key is {place}"))?;
        output::note("keep a copy of the master key: without it, stored credentials are lost");
    } else {
        output::line(&format!(
            "the vault is there already; its master key is {place}"
        ))?;
    }
    Ok(())
}

async fn rotate(args: &RotateArgs) -> anyhow::Result<()> {
    let (storage, master_key) = settings::vault(&args.config)?;
    let new = args.new_key.as_deref().map(new_key).transpose()?;
    let store = open(&storage).await?;
    let rotated = match (&master_key, new) {
        (MasterKeySource::File(path), None) => {
            rotation::rotate_file(&store, &storage.database, path).await
        }
        (MasterKeySource::Given(old), Some(new)) => {
            let old = MasterKey::from_base64(old.expose())?;
            rotation::rotate_given(&store, &old, &new).await
        }
        (MasterKeySource::File(_), Some(_)) => {
            let message = "--new-key: the master key is in data_dir and a new one is made there; \
                 leave --new-key out";
            return Err(Usage(message.to_owned()).into());
        }
        (MasterKeySource::Given(_), None) => {
            let message = "vault.master_key names a key that is kept elsewhere: make the new one \
                 there (32 random bytes in base64), name it with --new-key env:NAME or file:PATH, \
                 and write it into vault.master_key afterwards";
            return Err(Usage(message.to_owned()).into());
        }
    };
    store.close().await;
    let Rotated {
        from,
        to,
        rewrapped,
        resumed,
    } = rotated?;
    let again = if resumed {
        "; this finished a rotation that had been cut short"
    } else {
        ""
    };
    output::line(&format!(
        "master key {from} -> {to}; data keys wrapped anew: {rewrapped}{again}"
    ))?;
    if matches!(master_key, MasterKeySource::Given(_)) {
        output::note(
            "now let vault.master_key name the new key: the old one opens nothing any more",
        );
    }
    Ok(())
}

fn new_key(reference: &str) -> anyhow::Result<MasterKey> {
    let text = if let Some(name) = reference.strip_prefix("env:") {
        let missing = || Usage(format!("--new-key: {name} is not set"));
        environment::variable(name).ok_or_else(missing)?
    } else if let Some(path) = reference.strip_prefix("file:") {
        std::fs::read_to_string(path)
            .map_err(|error| Usage(format!("--new-key: {path} cannot be read: {error}")))?
    } else {
        // A key in its place would be on the command line for everyone to read.
        let message = "--new-key: expected a reference, env:NAME or file:PATH";
        return Err(Usage(message.to_owned()).into());
    };
    Ok(MasterKey::from_base64(&text).map_err(|error| Usage(format!("--new-key: {error}")))?)
}

#[derive(Serialize)]
struct Report {
    master_key: Option<String>,
    data_keys: usize,
    under_another_key: usize,
    rotation_unfinished: bool,
    opens: bool,
}

async fn status(args: &CheckArgs) -> anyhow::Result<()> {
    let (storage, master_key) = settings::vault(&args.config)?;
    let store = open(&storage).await?;
    let status = rotation::status(&store, &master_key).await;
    store.close().await;
    let Status {
        master,
        data_keys,
        rotating,
        opens,
    } = status?;
    let report = Report {
        master_key: master.map(|id| id.to_string()),
        data_keys: data_keys.len(),
        under_another_key: data_keys.iter().filter(|id| Some(**id) != master).count(),
        rotation_unfinished: rotating,
        opens,
    };
    if args.format.json {
        return output::json(&report);
    }
    let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
    output::fields([
        (
            "master_key",
            report.master_key.unwrap_or_else(|| "missing".to_owned()),
        ),
        ("data_keys", report.data_keys.to_string()),
        ("under_another_key", report.under_another_key.to_string()),
        ("rotation_unfinished", yes(report.rotation_unfinished)),
        ("opens", yes(report.opens)),
    ])?;
    Ok(())
}

/// The store, where there is one.
async fn open(storage: &Storage) -> anyhow::Result<Store> {
    super::db::must_exist(&storage.database)?;
    Ok(Store::open(&storage.database).await?)
}
