use std::collections::BTreeMap;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn known() -> Providers {
    let provider = Provider {
        name: "lab".into(),
        endpoints: BTreeMap::new(),
        auth: None,
        key_prefix: None,
        models: Vec::new(),
        quirks: Vec::new(),
        managed: false,
    };
    BTreeMap::from([("lab".to_owned(), provider)])
}

fn make(json: &str) -> Result<VirtualKey, ApiError> {
    let input: NewKey = serde_json::from_str(json).unwrap();
    input.key(KeyId(uuid::Uuid::nil()), "th-abc".into(), NOW, &known())
}

fn field(refused: Result<impl Sized, ApiError>) -> String {
    match refused {
        Err(ApiError::Invalid {
            field: Some(field), ..
        }) => field,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("was accepted"),
    }
}

#[test]
fn a_key_has_the_contracts_defaults() {
    let key = make(r#"{"name":" ci "}"#).unwrap();
    assert_eq!(
        (key.name.as_str(), key.kind, key.expires_at),
        ("ci", KeyKind::Standard, None)
    );
    let policy = CredentialPolicy {
        client: false,
        user: true,
        org: true,
        platform: true,
    };
    assert_eq!(key.credentials, policy);
    assert_eq!((key.models, key.providers, key.agent), (None, None, None));
}

#[test]
fn one_named_credential_source_leaves_the_others_at_their_defaults() {
    let key = make(r#"{"name":"a","credentials":{"platform":false,"client":true}}"#).unwrap();
    let policy = CredentialPolicy {
        client: true,
        user: true,
        org: true,
        platform: false,
    };
    assert_eq!(key.credentials, policy);
}

#[test]
fn a_scoped_key_always_ends() {
    let two_hours = NOW.plus(Duration::from_hours(2));
    assert_eq!(
        make(r#"{"name":"a","kind":"scoped"}"#).unwrap().expires_at,
        Some(two_hours)
    );
    let key = make(r#"{"name":"a","kind":"scoped","expires_in":60}"#).unwrap();
    assert_eq!(key.expires_at, Some(NOW.plus(Duration::from_mins(1))));
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(101));
    let many = format!(
        r#"{{"name":"a","models":[{}]}}"#,
        vec!["\"m\""; 257].join(",")
    );
    let cases = [
        ("{}", "name"),
        (r#"{"name":"  "}"#, "name"),
        (r#"{"name":"a\nb"}"#, "name"),
        (&long, "name"),
        (r#"{"name":"a","agent":""}"#, "agent"),
        (r#"{"name":"a","models":[]}"#, "models"),
        (&many, "models"),
        (r#"{"name":"a","providers":[]}"#, "providers"),
        (
            r#"{"name":"a","providers":["lab","nobody"]}"#,
            "providers[1]",
        ),
        (r#"{"name":"a","owner":"user_1"}"#, "owner"),
        (r#"{"name":"a","limits":{"rpm":1}}"#, "limits"),
        (r#"{"name":"a","budget":{"usd":"1"}}"#, "budget"),
        (r#"{"name":"a","capture":"full"}"#, "capture"),
    ];
    for (json, expected) in cases {
        assert_eq!(field(make(json)), expected, "{json}");
    }
}

#[test]
fn a_change_touches_only_what_it_names() {
    let mut key = make(r#"{"name":"a","agent":"x","models":["m"],"expires_in":60}"#).unwrap();
    let before = key.clone();
    let change = |json: &str| serde_json::from_str::<KeyChange>(json).unwrap();
    change("{}").apply(&mut key, NOW, &known()).unwrap();
    assert_eq!(key, before);
    let json = r#"{"agent":null,"models":null,"expires_in":null,"credentials":{"org":false}}"#;
    change(json).apply(&mut key, NOW, &known()).unwrap();
    assert_eq!(
        (&key.agent, &key.models, key.expires_at),
        (&None, &None, None)
    );
    assert!(!key.credentials.org && key.credentials.platform);
    assert_eq!(key.name, "a");
    assert_eq!(
        field(change(r#"{"name":""}"#).apply(&mut key, NOW, &known())),
        "name"
    );
    assert_eq!(
        field(change(r#"{"budget":{}}"#).apply(&mut key, NOW, &known())),
        "budget"
    );
}
