use super::*;

const KEY: &str = "th-0123456789";
const TOKEN: &str = "sk-ant-oat-x";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let value = HeaderValue::from_str(value).unwrap();
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

fn found(pairs: &[(&'static str, &str)]) -> Result<Option<ClientCredential>, Refusal> {
    read(&headers(pairs), true, |text| text == TOKEN)
}

/// What goes upstream, to an endpoint of this scheme.
fn sent(pairs: &[(&'static str, &str)], scheme: AuthScheme) -> Vec<(String, String)> {
    let mut headers = HeaderMap::new();
    found(pairs).unwrap().unwrap().apply(scheme, &mut headers);
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn one_goes_on_in_the_form_it_came_in() {
    let both = [AuthScheme::Bearer, AuthScheme::XApiKey];
    for (name, value, kind) in [
        ("authorization", "Bearer a", Kind::Bearer),
        ("authorization", "bearer  a", Kind::Bearer),
        ("authorization", "Bearer sk-ant-oat-x", Kind::Bearer),
        ("x-api-key", "a", Kind::ApiKey),
        ("x-api-key", "sk-ant-oat-x", Kind::ApiKey),
        ("x-goog-api-key", "a", Kind::ApiKey),
        ("api-key", "a", Kind::ApiKey),
    ] {
        for scheme in both {
            // The virtual key may stand in the other header too.
            for besides in [
                None,
                Some(("x-api-key", KEY)),
                Some(("authorization", "Bearer th-0123456789")),
            ] {
                let besides = besides.filter(|(other, _)| *other != name);
                let pairs: Vec<_> = [(name, value)].into_iter().chain(besides).collect();
                let one = found(&pairs).unwrap().unwrap();
                assert_eq!(one.kind, kind, "{pairs:?}");
                assert!(one.value.is_sensitive());
                assert_eq!(one.text(), value.rsplit(' ').next().unwrap());
                assert_eq!(sent(&pairs, scheme), [(name.to_owned(), value.to_owned())]);
            }
        }
    }
}

#[test]
fn the_same_one_in_two_forms_goes_in_the_one_that_is_taken() {
    let both = [("x-api-key", "a"), ("authorization", "Bearer a")];
    let bearer = [("authorization".to_owned(), "Bearer a".to_owned())];
    let key = [("x-api-key".to_owned(), "a".to_owned())];
    assert_eq!(sent(&both, AuthScheme::Bearer), bearer);
    assert_eq!(sent(&both, AuthScheme::XApiKey), key);
    // What a sign-in gives goes as a bearer token only.
    let both = [
        ("x-api-key", TOKEN),
        ("authorization", "Bearer sk-ant-oat-x"),
    ];
    let bearer = [("authorization".to_owned(), format!("Bearer {TOKEN}"))];
    for scheme in [AuthScheme::Bearer, AuthScheme::XApiKey] {
        assert_eq!(sent(&both, scheme), bearer);
    }
    // One and the same credential is one and the same conversation.
    let print = |pairs: &[_]| found(pairs).unwrap().unwrap().fingerprint;
    assert_eq!(print(&both), print(&both[1..]));
    assert_ne!(print(&both[..1]), print(&both[1..]), "the form counts");
    assert_eq!(print(&both).len(), 16);
}

/// A sign-in got past an operator who forbids them by coming as a key too.
#[test]
fn the_same_one_in_two_forms_goes_in_those_that_may_be_brought() {
    let vendors = Vendors::embedded().unwrap();
    let sign_in = "eyJhbGciOiJSUzI1NiJ9.x";
    let key = "sk-proj-x";
    for (text, brought, header, kind) in [
        (
            sign_in,
            Brought::Any,
            "authorization",
            CredentialKind::OauthAccount,
        ),
        (
            sign_in,
            Brought::ApiKeys,
            "x-api-key",
            CredentialKind::ApiKey,
        ),
        (key, Brought::Any, "authorization", CredentialKind::ApiKey),
        (
            key,
            Brought::ApiKeys,
            "authorization",
            CredentialKind::ApiKey,
        ),
    ] {
        let bearer = format!("Bearer {text}");
        let both = [("x-api-key", text), ("authorization", &*bearer)];
        let one = found(&both).unwrap().unwrap();
        let one = one.taken(&vendors, brought).unwrap();
        let mut headers = HeaderMap::new();
        one.apply(AuthScheme::Bearer, &mut headers);
        let names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, [header], "{text} {brought:?}");
        assert_eq!(one.kind(AuthScheme::Bearer), kind, "{text} {brought:?}");
        assert_eq!(one.kind(AuthScheme::XApiKey), CredentialKind::ApiKey);
    }
}

#[test]
fn conflicts_are_refused_and_name_both_headers() {
    for (one, other) in [
        (("x-api-key", "a"), ("authorization", "Bearer b")),
        (("x-api-key", "a"), ("x-goog-api-key", "b")),
        (("x-goog-api-key", "a"), ("authorization", "Bearer b")),
        (("api-key", "a"), ("x-api-key", "b")),
    ] {
        let refusal = found(&[one, other]).err().unwrap();
        assert_eq!(refusal.kind, ErrorKind::InvalidRequest);
        for (name, _) in [one, other] {
            assert!(
                refusal.message.contains(&format!("`{name}`")),
                "{}",
                refusal.message
            );
        }
    }
    let twice = [("x-api-key", "a"), ("x-api-key", "b")];
    assert!(found(&twice).is_err());
}

#[test]
fn what_is_no_credential_is_not_mistaken_for_one_or_for_none() {
    for pairs in [
        &[][..],
        &[("x-api-key", "")],
        &[("authorization", "Bearer ")],
        &[("x-api-key", KEY)],
        &[("authorization", "Bearer th-0123456789")],
    ] {
        assert!(found(pairs).unwrap().is_none(), "{pairs:?}");
    }
    for value in ["Basic YTpi", "Bearer canary b", "canary"] {
        let refusal = found(&[("authorization", value)]).err().unwrap();
        assert_eq!(refusal.kind, ErrorKind::InvalidRequest, "{value}");
        assert!(!refusal.message.contains(value));
    }
}

#[test]
fn where_none_is_taken_one_is_refused() {
    let not_allowed = |pairs: &[_]| read(&headers(pairs), false, |_| false);
    for (name, value) in [("x-api-key", "canary"), ("authorization", "Bearer canary")] {
        let refusal = not_allowed(&[(name, value)]).err().unwrap();
        assert_eq!(refusal.kind, ErrorKind::PermissionDenied);
        assert!(refusal.message.contains(name) && refusal.message.contains("`client`"));
        assert!(!refusal.message.contains("canary"));
    }
    for pairs in [
        &[("x-api-key", KEY)][..],
        &[("authorization", "Basic YTpi")],
    ] {
        assert!(not_allowed(pairs).unwrap().is_none());
    }
}
