use tempfile::TempDir;
use tollhouse_vault::{Context, Secret};
use uuid::Uuid;

use super::*;

const PLACE: Context<'static> = Context {
    table: "t",
    row: Uuid::nil(),
    column: "c",
};

/// A store with a vault of three data keys, and one secret sealed with it.
struct World {
    directory: TempDir,
    database: DatabaseUrl,
    store: Store,
    sealed: tollhouse_vault::Sealed,
}

impl World {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let database = DatabaseUrl::Sqlite(directory.path().join("t.db"));
        let store = Store::open(&database).await.unwrap();
        let subject = Subject::of(SubjectKind::Vault);
        let note = Note::new(clock::now(), Actor::OPERATOR, Action::VaultRotate, subject);
        let store = store.noted(note);
        let key = MasterKey::load_or_create(&directory.path().join("master.key")).unwrap();
        let (mut vault, first) = Vault::create(key);
        store.insert_first_data_key(&row(&first)).await.unwrap();
        for _ in 0..2 {
            let more = vault.new_data_key();
            store.insert_data_key(&row(&more)).await.unwrap();
            vault.add_data_key(&more).unwrap();
        }
        let sealed = vault.seal(&Secret::new("canary".to_owned()), &PLACE);
        Self {
            directory,
            database,
            store,
            sealed,
        }
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("master.key{suffix}"))
    }

    fn source(&self) -> MasterKeySource {
        MasterKeySource::File(self.path(""))
    }

    async fn rotate(&self) -> Result<Rotated, RotationError> {
        rotate_file(&self.store, &self.database, &self.path("")).await
    }

    /// What a server would do at this moment.
    async fn starts(&self) -> bool {
        let vault = open_vault(&self.store, &self.source()).await.unwrap();
        vault.open_secret(&self.sealed, &PLACE).unwrap().expose() == "canary"
    }

    async fn rewrap_one(&self, old: &MasterKey, new: &MasterKey) {
        let rows = wrapped_keys(&self.store.data_keys().await.unwrap()).unwrap();
        let first = rows.iter().find(|row| row.master == old.id()).unwrap();
        let new = row(&rewrap(first, old, new).unwrap());
        assert!(
            self.store
                .replace_data_key(&new, &row(first).master)
                .await
                .unwrap()
        );
    }

    fn is_clean(&self) -> bool {
        !self.path(".next").exists() && !self.path(".previous").exists()
    }
}

#[tokio::test]
async fn every_data_key_changes_hands_and_the_old_key_is_gone() {
    let world = World::new().await;
    let old = key_file::load(&world.path("")).unwrap();
    let rotated = world.rotate().await.unwrap();
    let new = key_file::load(&world.path("")).unwrap();
    let expected = Rotated {
        from: old.id(),
        to: new.id(),
        rewrapped: 3,
        resumed: false,
    };
    assert_eq!(rotated, expected);
    assert!(old.id() != new.id() && world.is_clean() && world.starts().await);
    let status = status(&world.store, &world.source()).await.unwrap();
    assert_eq!(status.data_keys, [new.id(); 3]);
    assert!(status.opens && !status.rotating);
}

#[tokio::test]
async fn a_rotation_cut_short_anywhere_goes_on_and_servers_start_meanwhile() {
    for done in 0..=6 {
        let world = World::new().await;
        let old = key_file::load(&world.path("")).unwrap();
        let next = key_file::load_or_create(&world.path(".next")).unwrap();
        for _ in 0..done.min(3) {
            world.rewrap_one(&old, &next).await;
        }
        let files = Files::beside(&world.path(""));
        if done > 3 {
            files.keep_current(old.id()).unwrap();
        }
        if done > 4 {
            files.promote_next().unwrap();
        }
        assert!(world.starts().await, "after step {done}");
        let before = status(&world.store, &world.source()).await.unwrap();
        assert!(before.opens && before.rotating, "after step {done}");
        let rotated = world.rotate().await.unwrap();
        assert_eq!(
            (rotated.from, rotated.to),
            (old.id(), next.id()),
            "after step {done}"
        );
        assert_eq!(rotated.rewrapped, 3 - done.min(3), "after step {done}");
        assert!(
            rotated.resumed && world.is_clean() && world.starts().await,
            "after step {done}"
        );
    }
}

#[tokio::test]
async fn two_rotations_do_not_meet() {
    let world = World::new().await;
    let _held = Files::beside(&world.path("")).lock().unwrap();
    assert!(matches!(
        world.rotate().await,
        Err(RotationError::Running(_))
    ));
    assert!(world.is_clean());
}

#[tokio::test]
async fn a_foreign_key_under_the_old_ones_name_is_not_removed() {
    let world = World::new().await;
    key_file::load_or_create(&world.path(".next")).unwrap();
    let foreign = key_file::load_or_create(&world.path(".previous")).unwrap();
    assert!(matches!(
        world.rotate().await,
        Err(RotationError::ForeignPrevious(_))
    ));
    assert!(key_file::load(&world.path(".previous")).unwrap().id() == foreign.id());
    assert!(world.starts().await);
}

#[tokio::test]
async fn a_wrong_key_changes_nothing() {
    let world = World::new().await;
    fs::remove_file(world.path("")).unwrap();
    key_file::create(&world.path(""), &MasterKey::generate()).unwrap();
    let before = world.store.data_keys().await.unwrap();
    assert!(world.rotate().await.is_err());
    assert_eq!(world.store.data_keys().await.unwrap(), before);
    assert!(!status(&world.store, &world.source()).await.unwrap().opens);
}
