//! What an answer repeats of its request.

use super::*;

fn repeated(body: &str) -> Value {
    let members = echo(body.as_bytes()).unwrap();
    assert!(!members.contains(['\n', '\r']));
    serde_json::from_str(&format!("{{{members}}}")).unwrap()
}

#[test]
fn what_is_left_out_is_what_the_protocol_assumes() {
    let found = repeated(r#"{"model":"m","input":"hi"}"#);
    let defaults = json!({
        "instructions": null, "tools": [], "tool_choice": "auto", "parallel_tool_calls": true,
        "temperature": 1.0, "top_p": 1.0, "max_output_tokens": null, "max_tool_calls": null,
        "metadata": {}, "reasoning": {"effort": null, "summary": null},
        "text": {"format": {"type": "text"}}, "truncation": "disabled", "user": null,
        "safety_identifier": null, "prompt_cache_key": null, "service_tier": "default",
        "store": false, "background": false, "previous_response_id": null, "top_logprobs": 0,
        "presence_penalty": 0.0, "frequency_penalty": 0.0,
    });
    assert_eq!(found, defaults);
    assert_eq!(repeated("{}"), defaults);
}

#[test]
fn what_is_there_is_repeated_as_it_came() {
    let body = "{\"tools\": [ {\"name\" :\"\\u00e9\"\n} ],\"temperature\":1.50,\r\n\"user\":\"a\\nb\",\
                \"text\":{\n\"verbosity\":\"low\"},\"metadata\":null,\"input\":[\"private\"]}";
    let members = echo(body.as_bytes()).unwrap();
    assert!(
        members.contains(r#""tools":[ {"name" :"\u00e9"} ],"#),
        "{members}"
    );
    assert!(members.contains(r#""temperature":1.50,"#) && members.contains(r#""user":"a\nb""#));
    assert!(members.contains(r#""text":{"format":{"type":"text"},"verbosity":"low"}"#));
    assert!(members.contains(r#""metadata":{}"#) && !members.contains("private"));
}

#[test]
fn a_format_that_is_there_stays() {
    for text in [r#"{"format":{"type":"json_object"}}"#, r#"{"format":null}"#] {
        let found = echo(format!(r#"{{"text":{text}}}"#).as_bytes()).unwrap();
        assert!(found.contains(&format!(r#""text":{text}"#)), "{found}");
    }
    assert_eq!(
        repeated(r#"{"text":{ }}"#)["text"],
        json!({"format": {"type": "text"}})
    );
}
