use super::*;

const KEY: &str = "th-0123456789";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let value = HeaderValue::from_str(value).unwrap();
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

fn read(pairs: &[(&'static str, &str)]) -> Result<String, ErrorKind> {
    let headers = headers(pairs);
    Presented::read(&headers)
        .map(|p| p.key.to_owned())
        .map_err(|refusal| refusal.kind)
}

#[test]
fn the_key_comes_in_any_of_three_headers() {
    let bearer = format!("bearer  {KEY} ");
    for pairs in [
        vec![("x-api-key", KEY)],
        vec![("authorization", bearer.as_str())],
        vec![("x-tollhouse-key", KEY)],
        vec![("x-api-key", KEY), ("authorization", bearer.as_str())],
        vec![("x-api-key", "sk-real"), ("authorization", bearer.as_str())],
    ] {
        assert_eq!(read(&pairs).as_deref(), Ok(KEY), "{pairs:?}");
    }
}

#[test]
fn ambiguity_and_absence_are_refused() {
    for pairs in [
        vec![],
        vec![("x-api-key", "sk-real")],
        vec![("x-api-key", "")],
        vec![("authorization", "Basic th-x")],
        vec![("x-tollhouse-key", "nonsense")],
        vec![("x-api-key", KEY), ("authorization", "Bearer th-other")],
        vec![("x-api-key", KEY), ("x-api-key", "th-other")],
        vec![("x-tollhouse-key", KEY), ("x-api-key", "th-other")],
    ] {
        assert_eq!(read(&pairs), Err(ErrorKind::InvalidKey), "{pairs:?}");
    }
}

#[test]
fn a_clients_own_credential_counts_only_beside_the_dedicated_header() {
    let own = |pairs: &[(&'static str, &str)]| {
        let headers = headers(pairs);
        Presented::read(&headers)
            .unwrap()
            .credential()
            .map(|found| found.map(|c| c.header))
    };
    assert_eq!(own(&[("x-api-key", KEY)]).unwrap(), None);
    let beside = [("x-tollhouse-key", KEY), ("authorization", "Bearer sk-1")];
    assert_eq!(own(&beside).unwrap(), Some(AUTHORIZATION));
    let beside = [("x-tollhouse-key", KEY), ("x-api-key", "sk-1")];
    assert_eq!(own(&beside).unwrap(), Some(names::X_API_KEY));
    let conflicting = [
        ("x-tollhouse-key", KEY),
        ("x-api-key", "sk-1"),
        ("authorization", "Bearer sk-2"),
    ];
    assert_eq!(
        own(&conflicting).unwrap_err().kind,
        ErrorKind::InvalidRequest
    );
}
