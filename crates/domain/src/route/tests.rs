use crate::limits::Limits;
use uuid::Uuid;

use super::*;
use crate::credential::CredentialPolicy;
use crate::id::KeyId;
use crate::key::KeyKind;
use crate::time::Timestamp;

fn provider(name: &str, protocols: &[Protocol], models: &[&str]) -> (String, Provider) {
    let endpoint = |protocol: &Protocol| (*protocol, "http://127.0.0.1:1".to_owned());
    let provider = Provider {
        name: name.to_owned(),
        endpoints: protocols.iter().map(endpoint).collect(),
        auth: None,
        open: None,
        upstream_auth: false,
        bridge: None,
        account: None,
        headers: BTreeMap::new(),
        protocols: Vec::new(),
        key_prefix: None,
        models: models.iter().map(|model| model.parse().unwrap()).collect(),
        quirks: Vec::new(),
        managed: true,
    };
    (name.to_owned(), provider)
}

fn route(model: &str, providers: &[&str]) -> Route {
    let target = |name: &&str| Target {
        provider: (*name).into(),
        model: None,
        protocol: None,
    };
    Route {
        model: model.parse().unwrap(),
        targets: providers.iter().map(target).collect(),
        managed: true,
    }
}

fn key() -> VirtualKey {
    VirtualKey {
        id: KeyId(Uuid::nil()),
        name: "k".into(),
        prefix: "th-".into(),
        owner: None,
        org: None,
        agent: None,
        kind: KeyKind::Standard,
        models: None,
        providers: None,
        credentials: CredentialPolicy::default(),
        routes: None,
        pinned_source: None,
        limits: Limits::default(),
        budgets: Vec::new(),
        grace_until: None,
        strict: false,
        capture: None,
        created_at: Timestamp(0),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        managed: false,
    }
}

fn asked(protocol: Protocol, model: &str) -> Asked<'_> {
    Asked {
        protocol,
        model,
        translatable: false,
    }
}

fn names(found: &[Candidate<'_>]) -> Vec<String> {
    found
        .iter()
        .map(|candidate| candidate.provider.name.clone())
        .collect()
}

#[test]
fn the_closest_pattern_wins() {
    let providers = [
        provider("a", &[Protocol::Chat], &[]),
        provider("b", &[Protocol::Chat], &[]),
    ];
    let providers = BTreeMap::from(providers);
    let routes = [
        route("*", &["a"]),
        route("gpt-*", &["b"]),
        route("gpt-5", &["a", "b"]),
    ];
    let table = RouteTable::new(&routes, &providers);
    let ask = |model| candidates(&table, &providers, &key(), asked(Protocol::Chat, model)).unwrap();
    assert_eq!(names(&ask("gpt-5")), ["a", "b"]);
    assert_eq!(names(&ask("gpt-6")), ["b"]);
    assert_eq!(names(&ask("qwen")), ["a"]);
}

#[test]
fn a_catalog_provider_serves_its_models_without_a_route() {
    let providers = BTreeMap::from([
        provider("anthropic", &[Protocol::Messages], &["claude-*"]),
        provider("lab", &[Protocol::Messages], &[]),
    ]);
    let table = RouteTable::new(&[], &providers);
    let ask = |model| candidates(&table, &providers, &key(), asked(Protocol::Messages, model));
    assert_eq!(names(&ask("claude-x").unwrap()), ["anthropic"]);
    assert_eq!(ask("gpt-5"), Err(NoRoute::UnknownModel));
    let table = RouteTable::new(&[route("claude-*", &["lab"])], &providers);
    let found = candidates(
        &table,
        &providers,
        &key(),
        asked(Protocol::Messages, "claude-x"),
    )
    .unwrap();
    assert_eq!(names(&found), ["lab"]);
}

#[test]
fn says_why_there_is_nothing_to_call() {
    let providers = BTreeMap::from([provider("a", &[Protocol::Chat], &[])]);
    let table = RouteTable::new(&[route("*", &["a"])], &providers);
    let ask =
        |key: &VirtualKey, protocol| candidates(&table, &providers, key, asked(protocol, "m"));
    let other = NoRoute::OtherProtocol(Protocol::Chat);
    assert_eq!(ask(&key(), Protocol::Messages), Err(other));
    let models = VirtualKey {
        models: Some(vec!["x".parse().unwrap()]),
        ..key()
    };
    assert_eq!(ask(&models, Protocol::Chat), Err(NoRoute::ModelForbidden));
    let elsewhere = VirtualKey {
        providers: Some(vec!["b".into()]),
        ..key()
    };
    assert_eq!(
        ask(&elsewhere, Protocol::Chat),
        Err(NoRoute::ProviderForbidden)
    );
}

#[test]
fn renames_only_when_the_name_differs() {
    let providers = BTreeMap::from([provider("a", &[Protocol::Chat], &[])]);
    let mut renamed = route("m", &["a", "a"]);
    renamed.targets[0].model = Some("m".into());
    renamed.targets[1].model = Some("n".into());
    let table = RouteTable::new(&[renamed], &providers);
    let found = candidates(&table, &providers, &key(), asked(Protocol::Chat, "m")).unwrap();
    assert_eq!((found[0].model, found[1].model), (None, Some("n")));
}

#[test]
fn the_callers_own_protocol_comes_first_and_then_the_richest() {
    let providers = BTreeMap::from([
        provider("c", &[Protocol::Chat], &[]),
        provider("m", &[Protocol::Messages], &[]),
        provider("r", &[Protocol::Responses], &[]),
        provider("all", &Protocol::ALL, &[]),
    ]);
    let table = RouteTable::new(&[route("*", &["c", "r", "m", "all"])], &providers);
    let ask = |protocol, translatable| {
        let asked = Asked {
            translatable,
            ..asked(protocol, "x")
        };
        names(&candidates(&table, &providers, &key(), asked).unwrap())
    };
    assert_eq!(ask(Protocol::Messages, true), ["m", "all", "r", "c"]);
    assert_eq!(ask(Protocol::Chat, true), ["c", "all", "r", "m"]);
    assert_eq!(ask(Protocol::Responses, true), ["r", "all", "m", "c"]);
    assert_eq!(ask(Protocol::Chat, false), ["c", "all"]);
}

/// A target that no client can speak to is carried to as to another protocol, and comes last.
#[test]
fn what_no_client_speaks_is_translated_for_everybody() {
    let (name, mut graph) = provider("graph", &[Protocol::Chat], &[]);
    graph.quirks = vec![tollhouse_wire::dialect::Quirk::GraphConversations];
    let others = [
        provider("chat", &[Protocol::Chat], &[]),
        provider("messages", &[Protocol::Messages], &[]),
    ];
    let all = others.into_iter().chain([(name, graph)]);
    let providers: BTreeMap<_, _> = all.collect();
    let table = RouteTable::new(
        &[
            route("all", &["graph", "chat", "messages"]),
            route("it", &["graph"]),
        ],
        &providers,
    );
    let found = |model, protocol, translatable| {
        let asked = Asked {
            translatable,
            ..asked(protocol, model)
        };
        candidates(&table, &providers, &key(), asked).map(|found| {
            let last = found.last().unwrap();
            (last.provider.name.clone(), last.speech)
        })
    };
    for protocol in Protocol::ALL {
        let last = Ok(("graph".to_owned(), Speech::Graph));
        assert_eq!(found("all", protocol, true), last);
        assert_eq!(found("it", protocol, true), last);
        assert_eq!(found("it", protocol, false), Err(NoRoute::Untranslatable));
    }
    // Embeddings go to those of their own protocol, and not here.
    let own = found("all", Protocol::Chat, false).unwrap();
    assert_eq!(own, ("chat".to_owned(), Speech::Protocol(Protocol::Chat)));
    assert!(!providers["graph"].takes_paths() && providers["chat"].takes_paths());
}

#[test]
fn what_leads_to_a_provider_is_written_or_follows_from_the_catalog() {
    let providers = BTreeMap::from([
        provider("a", &[Protocol::Chat], &["a-*"]),
        provider("b", &[Protocol::Chat], &["b-*"]),
        provider("c", &[Protocol::Chat], &[]),
    ]);
    let written = [
        route("fast", &["b", "a"]),
        route("b-*", &["a"]),
        route("x", &["b"]),
    ];
    let table = RouteTable::new(&written, &providers);
    let found = |name| {
        let leading = table.leading_to(name);
        leading.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(found("a"), ["fast", "b-*", "a-*"]);
    assert_eq!(found("b"), ["fast", "x"]);
    assert!(found("c").is_empty());
}
