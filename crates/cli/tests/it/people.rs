//! A team from nothing: an organization, a person, a service, roles, tokens, limits and budgets.

use serde_json::Value;

use crate::support::Place;

fn json(place: &Place, arguments: &[&str]) -> Value {
    let text = place.ok(&[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[test]
fn a_team_is_made_and_each_does_what_they_may() {
    let mut place = Place::new();
    let _demo = place.demo();
    let org = json(&place, &["org", "create", "acme"]);
    assert_eq!(org["role"], "owner");
    let ada = ["user", "create", "Ada", "--email", "ada@example.com"];
    let ada = json(
        &place,
        &[&ada[..], &["--org", "acme", "--role", "admin"]].concat(),
    );
    let builder = ["user", "create", "builder", "--service", "--org", "acme"];
    let builder = json(&place, &builder);
    assert_eq!(
        (&builder["kind"], &builder["admin"]),
        (&"service".into(), &false.into())
    );
    let members = place.ok(&["member", "list", "acme"]);
    assert!(
        members.contains("Ada\tadmin") && members.contains("builder\tmember"),
        "{members}"
    );

    let limits = [
        "org", "limits", "acme", "--rpm", "100", "--budget", "day=25",
    ];
    let limits = json(&place, &limits);
    assert_eq!(limits["limits"]["rpm"], 100);
    let budgets = place.ok(&["budgets"]);
    assert!(budgets.contains("org\tacme\tday\t25\t0"), "{budgets}");

    // Ada goes on from here, with a token of her own.
    let token = [
        "token",
        "create",
        id(&ada),
        "--name",
        "laptop",
        "--scope",
        "admin",
    ];
    let token = place.ok(&token);
    assert!(token.starts_with("tht_"), "{token}");
    place.set("TOLLHOUSE_TOKEN", token.trim());
    let made = json(&place, &["token", "list", id(&ada)]);
    assert_eq!(made["data"][0]["scope"], "admin");
    assert!(!made.to_string().contains(token.trim()));
    place.ok(&["member", "set", "acme", id(&builder), "viewer"]);
    let key = [
        "key",
        "create",
        "--name",
        "mine",
        "--org",
        "acme",
        "--budget",
        "session=1",
    ];
    assert!(place.ok(&key).starts_with("th-"));
    assert!(place.ok(&["key", "list"]).contains("mine"));
    // What is the installation's is not hers.
    for denied in [
        &["org", "create", "more"][..],
        &["routes"],
        &["member", "set", "acme", id(&ada), "owner"],
        &["user", "limits", id(&ada), "--rpm", "1"],
    ] {
        let output = place.run(denied);
        assert_eq!(output.status.code(), Some(1), "{denied:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("administrator") || said.contains("role"),
            "{said}"
        );
    }
    place.ok(&["member", "remove", "acme", id(&builder)]);
    place.ok(&["token", "revoke", id(&ada), id(&made["data"][0])]);
    assert_eq!(place.run(&["org", "list"]).status.code(), Some(1));
}

#[test]
fn what_is_switched_off_says_so_and_comes_back() {
    let place = {
        let mut place = Place::new();
        let demo = place.demo();
        json(&place, &["org", "create", "acme"]);
        let off = json(&place, &["org", "disable", "acme"]);
        assert!(off["disabled_at"].is_string());
        let on = json(&place, &["org", "enable", "acme"]);
        assert!(on["disabled_at"].is_null());
        let renamed = json(&place, &["org", "rename", "acme", "acme-2"]);
        assert_eq!(renamed["name"], "acme-2");
        let user = ["user", "create", "Ada", "--email", "ADA@example.com"];
        let user = json(&place, &user);
        assert_eq!(user["email"], "ada@example.com");
        let off = json(&place, &["user", "disable", id(&user)]);
        assert!(off["disabled_at"].is_string());
        json(&place, &["user", "enable", id(&user)]);
        assert!(place.ok(&["user", "show", id(&user)]).contains("Ada"));
        drop(demo);
        place
    };
    let wrong = place.run(&["org", "limits", "acme", "--budget", "day"]);
    assert_eq!(wrong.status.code(), Some(2));
}
