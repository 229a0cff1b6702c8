//! Sealing, opening, and everything that must not open.

use proptest::prelude::*;
use tollhouse_vault::{
    Context, DataKeyId, MasterKey, Sealed, Secret, Vault, VaultError, WrappedDataKey,
};
use uuid::Uuid;

use super::{copy, place};

fn vault() -> Vault {
    Vault::create(MasterKey::generate()).0
}

#[test]
fn a_sealed_secret_opens_after_a_restart() {
    let master = MasterKey::generate();
    let (vault, wrapped) = Vault::create(copy(&master));
    let sealed = vault.seal(&Secret::new("sk-ant-123".into()), &place(1));
    assert_eq!(sealed.data_key_id(), wrapped.id);
    let stored = sealed.as_bytes().to_vec();
    drop(vault);

    let vault = Vault::open(master, &[wrapped]).unwrap();
    let sealed = Sealed::from_bytes(stored).unwrap();
    assert_eq!(
        vault.open_secret(&sealed, &place(1)).unwrap().expose(),
        "sk-ant-123"
    );
}

#[test]
fn the_format_is_what_the_documentation_says() {
    let vault = vault();
    let sealed = vault
        .seal(&Secret::new("12345".into()), &place(1))
        .into_bytes();
    assert_eq!(sealed.len(), 1 + 16 + 12 + 5 + 16);
    assert_eq!(sealed[0], 1);
    assert_eq!(sealed[1..17], *vault.newest_data_key_id().uuid().as_bytes());
}

/// A wrapped data key and a sealed secret, made by another implementation from the documentation:
/// stored values must open in every later version.
const KNOWN_WRAPPED: &str = concat!(
    "01c8c9cacbcccdcecfd0d1d2d320fc9d2ab367c74d0a829591f1a29aff74d4d1f85c1f3931dec639",
    "2c96cd5364c2564ecdf0e0ece79402029888c933c0",
);
const KNOWN_SEALED: &str = concat!(
    "010198c0de000070008000000000000001dcdddedfe0e1e2e3e4e5e6e7d363bcc1d2ca4f2cb7e9df",
    "04d612796ef89d954f5a9b0d76",
);

#[test]
fn values_made_by_another_implementation_open() {
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    let master = MasterKey::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let id = Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_0001);
    let row = Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_0002);
    let wrapped = WrappedDataKey {
        id: DataKeyId::from_uuid(id),
        master: master.id(),
        bytes: bytes(KNOWN_WRAPPED),
    };
    let vault = Vault::open(master, &[wrapped]).unwrap();
    let sealed = Sealed::from_bytes(bytes(KNOWN_SEALED)).unwrap();
    let context = Context {
        table: "credential",
        row,
        column: "secret",
    };
    assert_eq!(
        vault.open_secret(&sealed, &context).unwrap().expose(),
        "sk-known"
    );
}

#[test]
fn no_two_sealings_are_alike() {
    let vault = vault();
    let secret = Secret::new("the same".into());
    let nonces: std::collections::HashSet<_> = (0..200)
        .map(|_| vault.seal(&secret, &place(1)).as_bytes()[17..29].to_vec())
        .collect();
    assert_eq!(nonces.len(), 200);
}

#[test]
fn no_altered_byte_and_no_cut_opens() {
    let vault = vault();
    let sealed = vault
        .seal(&Secret::new("sk-ant-123".into()), &place(1))
        .into_bytes();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut altered = sealed.clone();
            altered[at] ^= 1 << bit;
            let opened = Sealed::from_bytes(altered)
                .and_then(|sealed| vault.open_secret(&sealed, &place(1)));
            let error = opened.err().unwrap();
            match at {
                0 => assert!(matches!(error, VaultError::UnknownVersion(_)), "{error}"),
                1..17 => assert!(matches!(error, VaultError::UnknownDataKey(_)), "{error}"),
                _ => assert_eq!(error, VaultError::Rejected),
            }
        }
        let cut = Sealed::from_bytes(sealed[..at].to_vec())
            .and_then(|sealed| vault.open_secret(&sealed, &place(1)));
        assert!(cut.is_err(), "cut at {at}");
    }
    let mut longer = sealed;
    longer.push(0);
    let longer = Sealed::from_bytes(longer).unwrap();
    assert_eq!(
        vault.open_secret(&longer, &place(1)).err(),
        Some(VaultError::Rejected)
    );
}

#[test]
fn a_secret_opens_in_its_own_place_only() {
    let vault = vault();
    let here = place(1);
    let sealed = vault.seal(&Secret::new("x".into()), &here);
    let elsewhere = [
        Context {
            table: "credentia",
            ..here
        },
        Context {
            row: Uuid::from_u128(2),
            ..here
        },
        Context {
            column: "secret2",
            ..here
        },
        // The same letters, divided otherwise.
        Context {
            table: "credentials",
            column: "ecret",
            ..here
        },
        Context {
            table: "secret",
            column: "credential",
            ..here
        },
    ];
    for context in elsewhere {
        let error = vault.open_secret(&sealed, &context).err();
        assert_eq!(error, Some(VaultError::Rejected), "{context:?}");
    }
}

#[test]
fn a_value_moved_under_another_data_key_does_not_open() {
    let mut vault = vault();
    let sealed = vault.seal(&Secret::new("x".into()), &place(1)).into_bytes();
    let second = vault.new_data_key();
    vault.add_data_key(&second).unwrap();
    let mut moved = sealed;
    moved[1..17].copy_from_slice(second.id.uuid().as_bytes());
    let moved = Sealed::from_bytes(moved).unwrap();
    assert_eq!(
        vault.open_secret(&moved, &place(1)).err(),
        Some(VaultError::Rejected)
    );
}

proptest! {
    #[test]
    fn any_text_survives(text in ".{0,200}", row: u128, table in ".{0,20}", column in ".{0,20}") {
        let vault = vault();
        let context = Context { table: &table, row: Uuid::from_u128(row), column: &column };
        let sealed = vault.seal(&Secret::new(text.clone()), &context);
        let opened = vault.open_secret(&sealed, &context).unwrap();
        prop_assert_eq!(opened.expose(), text);
    }

    #[test]
    fn different_places_are_never_confused(
        a in ("[ab]{0,2}", 0..2_u8, "[ab]{0,2}"),
        b in ("[ab]{0,2}", 0..2_u8, "[ab]{0,2}"),
    ) {
        let vault = vault();
        // Rows made of the letters around them: only the lengths tell the parts apart.
        let row = |letter: u8| Uuid::from_bytes([b'a' + letter; 16]);
        let here = Context { table: &a.0, row: row(a.1), column: &a.2 };
        let there = Context { table: &b.0, row: row(b.1), column: &b.2 };
        let sealed = vault.seal(&Secret::new("x".into()), &here);
        prop_assert_eq!(vault.open_secret(&sealed, &there).is_ok(), a == b);
    }

    #[test]
    fn arbitrary_bytes_never_open_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let vault = vault();
        let mut ours = vec![1];
        ours.extend_from_slice(vault.newest_data_key_id().uuid().as_bytes());
        ours.extend_from_slice(&bytes);
        for bytes in [bytes, ours] {
            let opened = Sealed::from_bytes(bytes)
                .and_then(|sealed| vault.open_secret(&sealed, &place(1)));
            prop_assert!(opened.is_err());
        }
    }
}

#[test]
fn content_opens_at_its_own_place_and_nowhere_else() {
    let master = MasterKey::generate();
    let (mut vault, first) = Vault::create(copy(&master));
    let plain = [0_u8, 255, 7].repeat(1000);
    let sealed = vault.seal_content(&plain, &place(1));
    let second = vault.new_data_key();
    vault.add_data_key(&second).unwrap();
    let later = vault.seal_content(&plain, &place(1));
    assert_ne!(sealed.data_key_id(), later.data_key_id());
    let vault = Vault::open(master, &[first, second]).unwrap();
    for sealed in [&sealed, &later] {
        assert_eq!(*vault.open_content(sealed, &place(1)).unwrap(), plain);
        let elsewhere = vault.open_content(sealed, &place(2)).unwrap_err();
        assert_eq!(elsewhere, VaultError::Rejected);
        // A secret is sealed with another key, even in the same place.
        assert!(vault.open_secret(sealed, &place(1)).is_err());
        let mut bytes = sealed.as_bytes().to_vec();
        for at in [0, 1, 20, bytes.len() / 2, bytes.len() - 1] {
            bytes[at] ^= 1;
            let opened = Sealed::from_bytes(bytes.clone());
            assert!(opened.is_err() || vault.open_content(&opened.unwrap(), &place(1)).is_err());
            bytes[at] ^= 1;
        }
    }
    let secret = vault.seal(&Secret::new("a".into()), &place(1));
    assert!(vault.open_content(&secret, &place(1)).is_err());
    assert!(
        !later
            .as_bytes()
            .windows(30)
            .any(|part| plain.starts_with(part))
    );
}
