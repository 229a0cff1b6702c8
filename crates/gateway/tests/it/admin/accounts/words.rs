//! What authorities say while somebody types a code: in the words of each of them.

use serde_json::{Value, json};
use tollhouse_sim::Shape;

use super::{World, begin, poll};
use crate::support::upstream::ScriptedUpstream;

/// How long an attempt is to be left alone: nearly `seconds`, since some of them may have passed. The pauses that are
/// told apart are five seconds apart.
fn wants(told: &Value, seconds: u64) -> bool {
    let pause = told["retry_in"].as_u64();
    pause.is_some_and(|pause| (seconds - 4..=seconds).contains(&pause))
}

#[tokio::test]
async fn every_authority_is_understood_as_it_speaks() {
    for (provider, shape) in [
        ("plan", Shape::Nested),
        ("plan", Shape::Flat),
        ("copilot", Shape::Nested),
        ("graph", Shape::Nested),
    ] {
        let world = World::new().await;
        let (api, authority) = (&world.api, world.sim.authority());
        authority.set_errors(shape);
        let begun = async |name: &str| {
            let begun = begin(api, &json!({ "provider": provider, "name": name })).await;
            let code = begun["user_code"].as_str().unwrap().to_owned();
            (begun, code)
        };
        let told = async |begun: &Value| {
            world.due(begun).await;
            poll(api, begun).await
        };
        let (pending, _) = begun("pending").await;
        let (denied, code) = begun("denied").await;
        assert!(authority.deny(&code));
        let (expired, code) = begun("expired").await;
        assert!(authority.expire_code(&code));
        authority.set_slow_downs(1);
        let (hurried, _) = begun("hurried").await;
        for (begun, state, pause) in [
            (&pending, "pending", Some(5)),
            (&denied, "denied", None),
            (&expired, "expired", None),
            (&hurried, "pending", Some(10)),
            // Whoever was once too quick stays slower.
            (&hurried, "pending", Some(10)),
            (&pending, "pending", Some(5)),
        ] {
            let told = told(begun).await;
            assert_eq!(told["state"], state, "{provider} {shape:?}: {told}");
            let as_asked = match pause {
                Some(pause) => wants(&told, pause),
                None => told["retry_in"].is_null(),
            };
            assert!(as_asked, "{provider} {shape:?}: {told}");
        }
        world.gateway.stop().await;
    }
}

/// Of Microsoft's, with the status that each comes with, and of whatever is between.
#[tokio::test]
async fn every_word_of_microsofts_authority_is_understood() {
    let table = "[accounts.authority.microsoft]\nbase = ";
    let offer = r#"{"device_code":"h","user_code":"ABCD1234","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":5,"message":"m"}"#;
    let authority = ScriptedUpstream::start().await;
    let world = World::edited(table, &format!("{table}\"{}/tenant\" #", authority.url)).await;
    for (status, code, state, pause) in [
        (400, "authorization_pending", "pending", Some(5)),
        (400, "slow_down", "pending", Some(10)),
        (400, "authorization_declined", "denied", None),
        (400, "expired_token", "expired", None),
        (400, "bad_verification_code", "refused", None),
        (401, "invalid_client", "refused", None),
        (400, "invalid_grant", "refused", None),
        (429, "temporarily_unavailable", "pending", Some(10)),
        (503, "temporarily_unavailable", "pending", Some(5)),
    ] {
        authority.json(200, offer);
        let name = format!("{code}-{status}").replace('_', "-");
        let begun = begin(&world.api, &json!({ "provider": "graph", "name": name })).await;
        let line = "POST /tenant/oauth2/v2.0/devicecode HTTP/1.1";
        assert_eq!(authority.last().line(), line);
        world.due(&begun).await;
        authority.json(
            status,
            &format!(r#"{{"error":"{code}","error_description":"AADSTS1: x","error_codes":[1]}}"#),
        );
        let told = poll(&world.api, &begun).await;
        assert_eq!(told["state"], state, "{code}: {told}");
        let as_asked = match pause {
            Some(pause) => wants(&told, pause),
            None => told["retry_in"].is_null(),
        };
        assert!(as_asked, "{code}: {told}");
        let line = "POST /tenant/oauth2/v2.0/token HTTP/1.1";
        assert_eq!(authority.last().line(), line);
        let sent = String::from_utf8(authority.last().body.clone()).unwrap();
        assert!(
            sent.contains("device_code=h")
                && sent.contains("client_id=application-of-the-operator"),
            "{sent}"
        );
    }
    world.gateway.stop().await;
}
