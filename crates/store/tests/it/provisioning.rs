//! Providers, routes, prices and settings: what administrators and the configuration file state.

use tollhouse_domain::price::{LongContext, Price, Rates};
use tollhouse_domain::provider::{AuthScheme, Provider};
use tollhouse_domain::route::{Route, Target};
use tollhouse_store::{RoutesTag, StoreError, StoredPrice};
use tollhouse_wire::Protocol;

use crate::support::{Place, on_both, provider};

on_both!(
    providers_of_the_file_hide_those_of_the_api,
    routes_of_the_file_hide_those_of_the_api,
    routes_keep_their_order_and_targets,
    routes_take_the_place_of_those_that_were_read,
    a_price_is_taken_back_alone,
    prices_are_replaced_by_model_and_provider,
    settings_hold_the_last_word,
);

fn managed(name: &str) -> Provider {
    Provider {
        managed: true,
        ..provider(name)
    }
}

async fn providers_of_the_file_hide_those_of_the_api(place: Place) {
    let store = place.open().await;
    let full = Provider {
        endpoints: Protocol::ALL
            .into_iter()
            .map(|p| (p, format!("https://{p}")))
            .collect(),
        auth: Some(AuthScheme::XApiKey),
        key_prefix: Some("sk-".to_owned()),
        ..provider("lab")
    };
    store.upsert_provider(&full).await.unwrap();
    store
        .put_managed_providers(&[provider("zeta"), provider("alpha")])
        .await
        .unwrap();
    let expected = [managed("alpha"), full.clone(), managed("zeta")];
    assert_eq!(store.providers().await.unwrap(), expected);
    // The file takes the name over, and nobody else may touch it until it lets go.
    store
        .put_managed_providers(&[provider("lab")])
        .await
        .unwrap();
    assert_eq!(store.providers().await.unwrap(), [managed("lab")]);
    let refused = store.upsert_provider(&full).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    let refused = store.delete_provider("lab").await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    // One of the file's is replaced by its own name, and only while the file states it.
    let changed = Provider {
        key_prefix: Some("sk-".to_owned()),
        ..managed("lab")
    };
    for expected in [true, false] {
        assert_eq!(
            store.replace_managed_provider(&changed).await.unwrap(),
            expected
        );
    }
    assert_eq!(
        store.providers().await.unwrap(),
        std::slice::from_ref(&changed)
    );
    store.put_managed_providers(&[]).await.unwrap();
    assert!(!store.replace_managed_provider(&changed).await.unwrap());
    assert_eq!(store.providers().await.unwrap(), [full]);
    assert!(store.delete_provider("lab").await.unwrap());
    assert!(!store.delete_provider("lab").await.unwrap());
    let twice = store
        .put_managed_providers(&[provider("a"), provider("a")])
        .await
        .unwrap_err();
    assert!(matches!(twice, StoreError::Conflict { .. }), "{twice:?}");
}

fn route(model: &str, provider: &str, managed: bool) -> Route {
    let target = Target {
        provider: provider.to_owned(),
        model: None,
        protocol: None,
    };
    Route {
        model: model.parse().unwrap(),
        targets: vec![target],
        managed,
    }
}

async fn routes_of_the_file_hide_those_of_the_api(place: Place) {
    let store = place.open().await;
    let of_api = [route("gpt-*", "api", false), route("*", "api", false)];
    store.replace_routes(&of_api).await.unwrap();
    let of_file = route("*", "file", true);
    // Whose route it is, is decided by how it comes in.
    store
        .put_managed_routes(&[Route {
            managed: false,
            ..of_file.clone()
        }])
        .await
        .unwrap();
    assert_eq!(
        store.routes().await.unwrap(),
        [of_file.clone(), of_api[0].clone()]
    );
    let refused = store.replace_routes(&of_api).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    store.put_managed_routes(&[]).await.unwrap();
    assert_eq!(store.routes().await.unwrap(), of_api);
    let twice = store
        .replace_routes(&[of_file.clone(), of_file])
        .await
        .unwrap_err();
    assert!(matches!(twice, StoreError::Conflict { .. }), "{twice:?}");
    assert_eq!(store.routes().await.unwrap(), of_api);
    store.replace_routes(&[]).await.unwrap();
    assert!(store.routes().await.unwrap().is_empty());
}

async fn routes_take_the_place_of_those_that_were_read(place: Place) {
    let store = place.open().await;
    let tag = async || RoutesTag::of(&store.routes().await.unwrap()).unwrap();
    let read = tag().await;
    let (ours, theirs) = ([route("a", "p", false)], [route("b", "p", false)]);
    store
        .replace_routes_of(std::slice::from_ref(&read), &theirs)
        .await
        .unwrap();
    let late = store
        .replace_routes_of(std::slice::from_ref(&read), &ours)
        .await;
    assert!(matches!(late, Err(StoreError::Changed)), "{late:?}");
    assert_eq!(store.routes().await.unwrap(), theirs);
    // Nor when it is another's target, or the file's route, that is not what it was.
    let read = tag().await;
    store
        .put_managed_routes(&[route("*", "file", true)])
        .await
        .unwrap();
    let late = store.replace_routes_of(&[read], &ours).await;
    assert!(matches!(late, Err(StoreError::Changed)), "{late:?}");
    let read = [RoutesTag::printed("another"), tag().await];
    store.replace_routes_of(&read, &ours).await.unwrap();
    assert_eq!(store.routes().await.unwrap()[1], ours[0]);
}

async fn a_price_is_taken_back_alone(place: Place) {
    let store = place.open().await;
    let price = |model: &str, provider: Option<&str>| StoredPrice {
        model: model.to_owned(),
        provider: provider.map(str::to_owned),
        price: Price::default(),
        source: "s".to_owned(),
        dated: "2026-11-22".to_owned(),
    };
    let all = [price("m", None), price("m", Some("lab")), price("n", None)];
    store.put_prices(&all).await.unwrap();
    assert!(store.delete_price("m", Some("lab")).await.unwrap());
    assert_eq!(
        store.prices().await.unwrap(),
        [all[0].clone(), all[2].clone()]
    );
    assert!(!store.delete_price("m", Some("lab")).await.unwrap());
    assert!(!store.delete_price("gone", None).await.unwrap());
    assert!(store.delete_price("m", None).await.unwrap());
    assert_eq!(store.prices().await.unwrap(), [all[2].clone()]);
}

async fn routes_keep_their_order_and_targets(place: Place) {
    let store = place.open().await;
    let mut routes: Vec<Route> = ["zebra", "Apple", "*", "apple-*"]
        .map(|model| route(model, "p", false))
        .into();
    routes[1].targets.push(Target {
        provider: "q".to_owned(),
        model: Some("other".to_owned()),
        protocol: Some(Protocol::Chat),
    });
    routes[2].targets.clear();
    store.replace_routes(&routes).await.unwrap();
    assert_eq!(store.routes().await.unwrap(), routes);
    routes.reverse();
    store.replace_routes(&routes).await.unwrap();
    assert_eq!(store.routes().await.unwrap(), routes);
}

async fn prices_are_replaced_by_model_and_provider(place: Place) {
    let store = place.open().await;
    let price = |model: &str, provider: Option<&str>, input| StoredPrice {
        model: model.to_owned(),
        provider: provider.map(str::to_owned),
        price: Price {
            rates: Rates {
                input: Some(input),
                ..Rates::default()
            },
            long_context: Some(LongContext {
                above: 200_000,
                rates: Rates::default(),
            }),
        },
        source: "prices.json".to_owned(),
        dated: "2026-11-22".to_owned(),
    };
    let first = [
        price("a", None, 1),
        price("a", Some("lab"), 2),
        price("b", None, 3),
    ];
    assert_eq!(store.put_prices(&first).await.unwrap(), 3);
    assert_eq!(store.prices().await.unwrap(), first);
    let second = [price("a", Some("lab"), 9), price("b", None, 3)];
    assert_eq!(store.put_prices(&second).await.unwrap(), 1);
    let [general, _, _] = first;
    let [lab, other] = second;
    assert_eq!(store.prices().await.unwrap(), [general, lab, other]);
}

async fn settings_hold_the_last_word(place: Place) {
    let store = place.open().await;
    assert_eq!(store.setting("admin.token_digest").await.unwrap(), None);
    store
        .put_setting("admin.token_digest", "one")
        .await
        .unwrap();
    store
        .put_setting("admin.token_digest", "two")
        .await
        .unwrap();
    assert_eq!(
        store
            .setting("admin.token_digest")
            .await
            .unwrap()
            .as_deref(),
        Some("two")
    );
}
