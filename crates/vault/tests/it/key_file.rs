//! The master key file: modes, and never overwriting anything.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tollhouse_vault::{KeyFileError, MasterKey, MasterKeyError, key_file};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn a_missing_key_is_created_for_the_owner_alone_and_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/master.key");
    let key = MasterKey::load_or_create(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(
        fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1,
        "nothing else is left"
    );
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{}\n", *key.to_base64())
    );
    assert_eq!(MasterKey::load_or_create(&path).unwrap().id(), key.id());
    assert_eq!(key_file::load(&path).unwrap().id(), key.id());
}

#[test]
fn nothing_is_ever_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    for content in ["", "not a key", "Y2FuYXJ5"] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let error = MasterKey::load_or_create(&path).err().unwrap();
        assert!(matches!(error, KeyFileError::Key { .. }), "{error}");
        let error = key_file::create(&path, &MasterKey::generate())
            .err()
            .unwrap();
        assert!(matches!(error, KeyFileError::Exists { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
}

#[test]
fn a_file_others_can_read_is_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let key = MasterKey::load_or_create(&path).unwrap();
    for bad in [0o640, 0o604, 0o620, 0o601, 0o644] {
        fs::set_permissions(&path, Permissions::from_mode(bad)).unwrap();
        let error = MasterKey::load_or_create(&path).err().unwrap();
        assert!(matches!(error, KeyFileError::TooOpen { mode, .. } if mode == bad));
        let text = error.to_string();
        assert!(
            text.contains("chmod 600") && text.contains(&format!("{bad:04o}")),
            "{text}"
        );
        assert!(!text.contains(key.to_base64().as_str()));
    }
    for good in [0o600, 0o400] {
        fs::set_permissions(&path, Permissions::from_mode(good)).unwrap();
        assert_eq!(MasterKey::load_or_create(&path).unwrap().id(), key.id());
    }
}

#[test]
fn what_is_not_a_file_or_not_text_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = key_file::load(directory.path()).err().unwrap();
    assert!(matches!(error, KeyFileError::NotAFile { .. }), "{error}");
    let path = directory.path().join("master.key");
    fs::write(&path, [0xff; 32]).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let error = key_file::load(&path).err().unwrap();
    let KeyFileError::Key { source, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(source, MasterKeyError::NotBase64);
    let error = key_file::load(Path::new("/nonexistent/master.key"))
        .err()
        .unwrap();
    assert!(
        matches!(error, KeyFileError::Io { action: "read", .. }),
        "{error}"
    );
}

#[test]
fn of_many_creators_all_get_the_same_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| MasterKey::load_or_create(&path).unwrap().id()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}
