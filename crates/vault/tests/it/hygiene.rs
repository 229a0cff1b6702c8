//! What must not be possible with secrets, and what must not be seen.

use std::fmt::{Debug, Display};

use tollhouse_vault::{MasterKey, Secret, ServerSecret, Vault, key_file};

use super::place;

/// Compiles only if the type lacks the trait: with it, two implementations of `Absent` apply and
/// the compiler cannot infer which is meant.
macro_rules! assert_absent {
    ($type:ty: $($forbidden:path),+) => {$(
        const _: fn() = || {
            trait Absent<Which> {
                fn check() {}
            }
            impl<T: ?Sized> Absent<()> for T {}
            struct Present;
            impl<T: ?Sized + $forbidden> Absent<Present> for T {}
            let _ = <$type as Absent<_>>::check;
        };
    )+};
}

assert_absent!(Secret: Debug, Display, Clone, PartialEq, AsRef<str>, Into<String>);
assert_absent!(MasterKey: Debug, Display, Clone, PartialEq, AsRef<[u8]>);
assert_absent!(ServerSecret: Debug, Display, Clone, PartialEq, AsRef<[u8]>);

#[test]
fn nothing_that_can_be_printed_shows_a_secret() {
    const CANARY: &str = "canary-5e1f9a";
    let master = MasterKey::generate();
    let master_text = master.to_base64();
    let (mut vault, wrapped) = Vault::create(MasterKey::from_base64(&master_text).unwrap());
    let secret = Secret::new(CANARY.into());
    let sealed = vault.seal(&secret, &place(1));
    let server = ServerSecret::generate();
    let digester = server.key_digester();
    let parse_error = Secret::parse(&format!("{CANARY}\n{CANARY}")).err().unwrap();
    let key_error = MasterKey::from_base64(CANARY).err().unwrap();
    let server_error = ServerSecret::from_secret(&secret).err().unwrap();
    let open_error = vault.open_secret(&sealed, &place(2)).err().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    key_file::create(&path, &master).unwrap();
    let file_error = key_file::create(&path, &master).unwrap_err();
    let second = vault.new_data_key();
    vault.add_data_key(&second).unwrap();

    let shown = format!(
        "{vault:?} {wrapped:?} {sealed:?} {digester:?} {:?} {:?} {:?} {parse_error:?} {parse_error} \
         {key_error:?} {key_error} {server_error:?} {server_error} {open_error:?} {open_error} \
         {file_error:?} {file_error} {}",
        master.id(),
        second,
        place(1),
        secret.fingerprint(),
    );
    for hidden in [CANARY, master_text.as_str(), server.to_secret().expose()] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[test]
fn sealed_bytes_do_not_contain_the_text() {
    let (vault, _) = Vault::create(MasterKey::generate());
    let sealed = vault.seal(&Secret::new("canary-5e1f9a".into()), &place(1));
    assert!(
        !sealed
            .as_bytes()
            .windows(6)
            .any(|window| window == b"canary")
    );
}
