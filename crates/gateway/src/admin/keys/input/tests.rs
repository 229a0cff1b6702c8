use std::collections::BTreeMap;

use tollhouse_domain::limits::BudgetWindow;
use tollhouse_domain::route::Route;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn known() -> Providers {
    let provider = Provider {
        name: "lab".into(),
        endpoints: BTreeMap::new(),
        auth: None,
        open: None,
        upstream_auth: false,
        bridge: None,
        account: None,
        headers: BTreeMap::new(),
        protocols: Vec::new(),
        key_prefix: None,
        models: Vec::new(),
        quirks: Vec::new(),
        managed: false,
    };
    BTreeMap::from([("lab".to_owned(), provider)])
}

fn table() -> RouteTable {
    let route = Route {
        model: "fast-*".parse().unwrap(),
        targets: Vec::new(),
        managed: false,
    };
    RouteTable::new(&[route], &known())
}

fn make(json: &str) -> Result<VirtualKey, ApiError> {
    make_by(json, true)
}

fn make_by(json: &str, platform: bool) -> Result<VirtualKey, ApiError> {
    let input: NewKey = serde_json::from_str(json).unwrap();
    let made = Made {
        id: KeyId(uuid::Uuid::nil()),
        prefix: "th-abc".into(),
        now: NOW,
        owner: None,
        org: None,
        platform,
    };
    input.key(
        made,
        Known {
            providers: &known(),
            routes: &table(),
        },
    )
}

fn apply(json: &str, key: &mut VirtualKey) -> Result<(), ApiError> {
    let change: KeyChange = serde_json::from_str(json).unwrap();
    change.apply(
        key,
        NOW,
        Known {
            providers: &known(),
            routes: &table(),
        },
    )
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
        (r#"{"name":"a","routes":[]}"#, "routes"),
        (r#"{"name":"a","routes":["fast-*","fast"]}"#, "routes[1]"),
        (r#"{"name":"a","limits":{"rpm":0}}"#, "limits.rpm"),
        (r#"{"name":"a","limits":{"tpm":0}}"#, "limits.tpm"),
        (
            r#"{"name":"a","limits":{"concurrency":0}}"#,
            "limits.concurrency",
        ),
        (
            r#"{"name":"a","budget":{"usd":"0","window":"day"}}"#,
            "budget.usd",
        ),
        (
            r#"{"name":"a","budget":{"usd":"-1","window":"day"}}"#,
            "budget.usd",
        ),
        (
            r#"{"name":"a","budget":[{"usd":"1","window":"day"},{"usd":"2","window":"day"}]}"#,
            "budget.window",
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(field(make(json)), expected, "{json}");
    }
}

#[test]
fn a_change_touches_only_what_it_names() {
    let mut key = make(r#"{"name":"a","agent":"x","models":["m"],"expires_in":60}"#).unwrap();
    let before = key.clone();
    apply("{}", &mut key).unwrap();
    assert_eq!(key, before);
    let json = r#"{"agent":null,"models":null,"expires_in":null,"credentials":{"org":false}}"#;
    apply(json, &mut key).unwrap();
    assert_eq!(
        (&key.agent, &key.models, key.expires_at),
        (&None, &None, None)
    );
    assert!(!key.credentials.org && key.credentials.platform);
    assert_eq!(key.name, "a");
    for (json, expected) in [
        (r#"{"name":""}"#, "name"),
        (r#"{"routes":["slow-*"]}"#, "routes[0]"),
        (r#"{"limits":{"rpm":0}}"#, "limits.rpm"),
        (r#"{"budget":{"usd":"0","window":"day"}}"#, "budget.usd"),
    ] {
        assert_eq!(field(apply(json, &mut key)), expected, "{json}");
    }
}

#[test]
fn limits_and_budgets_are_taken_as_a_whole() {
    let json = r#"{"name":"a","routes":["fast-*"],"limits":{"rpm":5,"tpm":9},
        "budget":[{"usd":"0.5","window":"session"},{"usd":2,"window":"day"}],"capture":"off"}"#;
    let mut key = make(json).unwrap();
    assert_eq!((key.limits.rpm, key.limits.tpm), (Some(5), Some(9)));
    assert_eq!(key.budgets[0].usd.to_string(), "0.5");
    assert_eq!(key.budgets[1].window, BudgetWindow::Day);
    assert!(key.may_use_route(&"fast-*".parse().unwrap()));
    assert!(!key.may_use_route(&"*".parse().unwrap()));
    apply(
        r#"{"limits":{"concurrency":1},"budget":{"usd":0.25,"window":"total"}}"#,
        &mut key,
    )
    .unwrap();
    assert_eq!((key.limits.rpm, key.limits.concurrency), (None, Some(1)));
    assert_eq!(key.budgets.len(), 1);
    assert_eq!(key.budgets[0].usd.to_string(), "0.25");
    apply(r#"{"limits":null,"budget":null,"routes":null}"#, &mut key).unwrap();
    assert!(key.limits.is_unlimited() && key.budgets.is_empty() && key.routes.is_none());
}

#[test]
fn a_scoped_key_cannot_be_made_to_live() {
    let mut key = make(r#"{"name":"a","kind":"scoped","expires_in":"7d"}"#).unwrap();
    for json in [r#"{"expires_in":null}"#, r#"{"expires_in":"8d"}"#] {
        assert_eq!(field(apply(json, &mut key)), "expires_in", "{json}");
    }
    assert_eq!(
        field(make(r#"{"name":"a","kind":"scoped","expires_in":"8d"}"#)),
        "expires_in"
    );
}

#[test]
fn the_platforms_money_is_nobodys_by_default_where_there_are_organizations() {
    let key = make_by(r#"{"name":"a"}"#, false).unwrap();
    assert_eq!(key.credentials, CredentialPolicy::default());
}
