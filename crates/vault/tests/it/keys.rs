//! Master keys as text, secrets as people paste them, virtual keys and digests.

use std::collections::HashSet;

use tollhouse_vault::{
    MAX_SECRET_BYTES, MasterKey, MasterKeyError, MasterKeyId, Secret, SecretError, ServerSecret,
    admin_token, constant_time_eq, new_virtual_key, prefix,
};

#[test]
fn a_master_key_survives_as_text() {
    let key = MasterKey::generate();
    let text = key.to_base64();
    assert_eq!(text.len(), 44);
    for form in [
        format!(" \t{}\r\n", *text),
        text.trim_end_matches('=').to_owned(),
    ] {
        assert_eq!(MasterKey::from_base64(&form).unwrap().id(), key.id());
    }
    assert_ne!(MasterKey::generate().id(), key.id());
}

#[test]
fn a_bad_master_key_is_explained_without_being_shown() {
    let cases = [
        ("", MasterKeyError::Empty),
        (" \n", MasterKeyError::Empty),
        ("canary!canary", MasterKeyError::NotBase64),
        ("Y2FuYXJ5", MasterKeyError::WrongLength { bytes: 6 }),
        (
            "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5",
            MasterKeyError::WrongLength { bytes: 36 },
        ),
    ];
    for (text, expected) in cases {
        let error = MasterKey::from_base64(text).err().unwrap();
        assert_eq!(error, expected);
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("canary") && !shown.contains("Y2Fu"),
            "{shown}"
        );
    }
}

#[test]
fn a_master_key_id_is_stable_and_survives_as_text() {
    let key = MasterKey::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    // Computed independently: HKDF-SHA-256, no salt, the label as info, first 8 bytes.
    assert_eq!(key.id().to_string(), "33c333d969f0d9a9");
    assert_eq!(
        key.id().to_string().parse::<MasterKeyId>().unwrap(),
        key.id()
    );
    for text in [
        "",
        "12",
        "+123456789abcdef",
        "g123456789abcdef",
        "0123456789abcdef0",
    ] {
        assert!(text.parse::<MasterKeyId>().is_err(), "{text}");
    }
}

#[test]
fn pasted_secrets_are_trimmed_and_checked() {
    assert_eq!(Secret::parse(" sk-1 \r\n").unwrap().expose(), "sk-1");
    let longest = "x".repeat(MAX_SECRET_BYTES);
    assert_eq!(Secret::parse(&longest).unwrap().expose(), longest);
    let refused = [
        ("", SecretError::Empty),
        (" \r\n\t", SecretError::Empty),
        ("a\r\nb", SecretError::ControlCharacter),
        ("a\0b", SecretError::ControlCharacter),
        ("a\u{7f}b", SecretError::ControlCharacter),
        ("a\u{85}b", SecretError::ControlCharacter),
    ];
    for (text, expected) in refused {
        assert_eq!(Secret::parse(text).err(), Some(expected), "{text:?}");
    }
    let error = Secret::parse(&format!("{longest}x")).err();
    assert_eq!(
        error,
        Some(SecretError::TooLong {
            bytes: MAX_SECRET_BYTES + 1
        })
    );
}

#[test]
fn fingerprints_tell_secrets_apart() {
    // Computed independently: HMAC-SHA-256 keyed with the label, first 4 bytes.
    assert_eq!(Secret::new("sk-1".into()).fingerprint(), "991336ab");
    assert_ne!(Secret::new("sk-2".into()).fingerprint(), "991336ab");
    let one = Secret::new("sk-1".into());
    let forms = [one.fingerprint_as("api_key"), one.fingerprint_as("bearer")];
    assert!(
        forms
            .iter()
            .all(|form| form.len() == 16 && forms[0] == one.fingerprint_as("api_key"))
    );
    assert_ne!(forms[0], forms[1]);
    let secret = Secret::new("sk-1".into());
    assert_eq!(secret.duplicate().fingerprint(), secret.fingerprint());
}

#[test]
fn virtual_keys_look_as_documented_and_never_repeat() {
    let url_safe = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let mut seen = HashSet::new();
    for _ in 0..100 {
        let key = new_virtual_key();
        let random = key.expose().strip_prefix("th-").unwrap();
        assert_eq!(random.len(), 43);
        assert!(url_safe(random));
        assert_eq!(prefix(&key), key.expose()[..9]);
        let token = admin_token();
        assert_eq!(token.expose().len(), 43);
        assert!(url_safe(token.expose()));
        assert!(seen.insert(key.expose().to_owned()) && seen.insert(token.expose().to_owned()));
    }
    assert_eq!(prefix(&Secret::new("th-short".into())), "");
    assert_eq!(prefix(&Secret::new("é".repeat(40))), "é".repeat(9));
}

#[test]
fn digests_are_keyed_and_stable_across_storage() {
    let server = ServerSecret::generate();
    let stored = server.to_secret();
    assert_eq!(stored.expose().len(), 43);
    let again = ServerSecret::from_secret(&stored).unwrap();
    let digester = server.key_digester();
    assert_eq!(digester.digest("th-a"), again.key_digester().digest("th-a"));
    assert_ne!(digester.digest("th-a"), digester.digest("th-b"));
    assert_ne!(
        digester.digest("th-a"),
        ServerSecret::generate().key_digester().digest("th-a")
    );
    assert_eq!(*server.derive("x"), *again.derive("x"));
    assert_ne!(*server.derive("x"), *server.derive("y"));
}

#[test]
fn a_digest_equals_the_one_computed_independently() {
    let stored = Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".into());
    let digest = ServerSecret::from_secret(&stored)
        .unwrap()
        .key_digester()
        .digest("th-a");
    let hex = digest.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(
        hex,
        "a5ca4f673152058605f4b0b3a502d4886bab5b6afee32c0a93dcc5b46470d4b8"
    );
}

#[test]
fn a_bad_server_secret_is_refused() {
    for text in [
        "",
        "short",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        &"A".repeat(64),
    ] {
        let error = ServerSecret::from_secret(&Secret::new(text.into())).err();
        assert_eq!(error, Some(SecretError::NotServerSecret), "{text}");
    }
}

#[test]
fn comparison_in_constant_time_compares() {
    assert!(constant_time_eq(b"abc", b"abc"));
    assert!(!constant_time_eq(b"abc", b"abd"));
    assert!(!constant_time_eq(b"abc", b"ab"));
    assert!(constant_time_eq(b"", b""));
}
