use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_000_000;

fn sound() -> Value {
    json!({
        "iss": "https://id.example", "sub": "ada", "aud": "tollhouse", "exp": NOW + 300, "iat": NOW,
        "nonce": "n", "email": "ada@example.com", "email_verified": true, "name": "Ada",
        "groups": ["tower", "gate"], "unknown": {"of": [1, null]},
    })
}

/// The sound claims with others in their place; null takes one away.
fn with(changes: &Value) -> Value {
    let mut claims = sound();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn read(claims: &Value) -> Result<Claims, UnreadableClaims> {
    Claims::read(claims.to_string().as_bytes(), "groups")
}

#[test]
fn takes_only_what_was_said_to_us_now_about_this_attempt() {
    let others = ["a", "tollhouse"];
    let table = [
        (json!({}), Ok(())),
        (json!({"aud": ["tollhouse"]}), Ok(())),
        (json!({"aud": ["tollhouse"], "azp": "tollhouse"}), Ok(())),
        (json!({"aud": others, "azp": "tollhouse"}), Ok(())),
        (json!({"aud": others}), Err(Mismatch::Party)),
        (json!({"aud": others, "azp": "a"}), Err(Mismatch::Party)),
        (json!({"azp": "a"}), Err(Mismatch::Party)),
        (json!({"aud": "a"}), Err(Mismatch::Audience)),
        (json!({"aud": []}), Err(Mismatch::Audience)),
        (json!({"aud": "Tollhouse"}), Err(Mismatch::Audience)),
        (json!({"iss": "https://id.example/"}), Err(Mismatch::Issuer)),
        (json!({"exp": NOW - 59}), Ok(())),
        (json!({"exp": NOW - 60}), Err(Mismatch::Expired)),
        (json!({"exp": 999_941.5}), Ok(())),
        (json!({"nbf": NOW + 60}), Ok(())),
        (json!({"nbf": NOW + 61}), Err(Mismatch::Early)),
        (json!({"iat": NOW + 60}), Ok(())),
        (json!({"iat": NOW + 61}), Err(Mismatch::Issued)),
        (json!({"nonce": null}), Err(Mismatch::Nonce)),
        (json!({"nonce": "m"}), Err(Mismatch::Nonce)),
        (json!({"sub": ""}), Err(Mismatch::Subject)),
        (json!({"sub": "a\u{0}b"}), Err(Mismatch::Subject)),
        (json!({"sub": "s".repeat(255)}), Ok(())),
        (json!({"sub": "s".repeat(256)}), Err(Mismatch::Subject)),
    ];
    for (changes, result) in table {
        let claims = read(&with(&changes)).unwrap();
        let expected = Expected {
            issuer: "https://id.example",
            client_id: "tollhouse",
            nonce: "n",
            now: Timestamp::from_secs(NOW),
        };
        assert_eq!(claims.check(&expected), result, "{changes}");
    }
}

#[test]
fn an_empty_nonce_matches_nothing() {
    let claims = read(&with(&json!({"nonce": ""}))).unwrap();
    let expected = Expected {
        issuer: "https://id.example",
        client_id: "tollhouse",
        nonce: "",
        now: Timestamp::from_secs(NOW),
    };
    assert_eq!(claims.check(&expected), Err(Mismatch::Nonce));
}

#[test]
fn says_which_claim_is_not_what_it_should_be() {
    for (changes, claim) in [
        (json!({"iss": null}), "iss"),
        (json!({"sub": null}), "sub"),
        (json!({"sub": 1}), "sub"),
        (json!({"aud": null}), "aud"),
        (json!({"aud": {"a": 1}}), "aud"),
        (json!({"exp": null}), "exp"),
        (json!({"exp": "tomorrow"}), "exp"),
        (json!({"exp": 1e300}), "exp"),
        (json!({"exp": -1}), "exp"),
        (json!({"iat": null}), "iat"),
        (json!({"groups": [1]}), "groups"),
    ] {
        let error = read(&with(&changes)).err();
        assert_eq!(error, Some(UnreadableClaims(claim.to_owned())), "{changes}");
    }
    for payload in [&b""[..], b"[]", b"null", b"{\"iss\":", b"\xff"] {
        assert!(Claims::read(payload, "groups").is_err());
    }
}

#[test]
fn groups_are_where_configuration_says() {
    for (changes, groups) in [
        (json!({}), None),
        (json!({"https://x/roles": "tower"}), Some(vec!["tower"])),
        (json!({"https://x/roles": ["b", "a"]}), Some(vec!["b", "a"])),
        (json!({"https://x/roles": []}), Some(vec![])),
        (json!({"_claim_names": {"https://x/roles": "src1"}}), None),
        (
            json!({"https://x/roles": [], "_claim_names": {"https://x/roles": "src1"}}),
            None,
        ),
        (
            json!({"https://x/roles": ["a"], "_claim_names": {"other": "src1"}}),
            Some(vec!["a"]),
        ),
    ] {
        let payload = with(&changes).to_string();
        let claims = Claims::read(payload.as_bytes(), "https://x/roles").unwrap();
        let expected = groups.map(|names| names.into_iter().map(str::to_owned).collect());
        assert_eq!(claims.groups, expected, "{changes}");
    }
}

#[test]
fn only_true_is_verified() {
    for (value, verified) in [
        (json!(true), true),
        (json!(false), false),
        (json!("true"), false),
        (json!(1), false),
        (Value::Null, false),
    ] {
        let claims = read(&with(&json!({"email_verified": value}))).unwrap();
        assert_eq!(claims.email_verified, verified, "{value}");
    }
}
