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
