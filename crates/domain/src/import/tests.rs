use proptest::prelude::*;

use super::*;

fn list(json: &str) -> PriceList {
    litellm(json.as_bytes()).unwrap()
}

fn one(json: &str) -> ImportedPrice {
    let mut list = list(json);
    assert_eq!(list.prices.len(), 1, "{json}");
    list.prices.pop().unwrap()
}

#[test]
fn costs_keep_their_digits() {
    let cases = [
        ("3e-06", 3_000_000_000),
        ("2.5e-07", 250_000_000),
        ("0.0000003", 300_000_000),
        ("0.000003", 3_000_000_000),
        ("1.5E-5", 15_000_000_000),
        ("0", 0),
        ("0.0", 0),
        ("0e10", 0),
        ("1e-15", 1),
        ("4e-16", 0),
        ("5e-16", 1),
        ("9.9e-99", 0),
        // What a float leaves of 0.3 dollars per million.
        ("3.0000000000000004e-07", 300_000_000),
        ("1e-2", MOST_PER_MILLION),
    ];
    for (text, expected) in cases {
        assert_eq!(nanos_per_million(text), Some(expected), "{text}");
    }
}

#[test]
fn absurd_costs_are_none() {
    let absurd = [
        "-1e-06",
        "0.0100001",
        "1",
        "1e300",
        "1e99999999999",
        "",
        "\"3e-06\"",
        "true",
        "1e",
        "[]",
    ];
    for text in absurd {
        assert_eq!(nanos_per_million(text), None, "{text}");
    }
}

#[test]
fn an_entry_becomes_a_price_with_every_bucket() {
    let read = one(
        r#"{"claude-x":{"litellm_provider":"anthropic","mode":"chat","supports_vision":true,
            "input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05,
            "cache_read_input_token_cost":3e-07,"cache_creation_input_token_cost":3.75e-06,
            "cache_creation_input_token_cost_above_1hr":6e-06,
            "input_cost_per_token_above_200k_tokens":6e-06,
            "output_cost_per_token_above_200k_tokens":2.25e-05,
            "cache_read_input_token_cost_above_200k_tokens":6e-07,
            "search_context_cost_per_query":{"low":0.01}}}"#,
    );
    let rates = Rates {
        input: Some(3_000_000_000),
        cache_read: Some(300_000_000),
        cache_write_5m: Some(3_750_000_000),
        cache_write_1h: Some(6_000_000_000),
        output: Some(15_000_000_000),
    };
    let long = Rates {
        input: Some(6_000_000_000),
        output: Some(22_500_000_000),
        cache_read: Some(600_000_000),
        // Nothing is said of these above the threshold, so they stay.
        ..rates
    };
    let long_context = Some(LongContext {
        above: 200_000,
        rates: long,
    });
    assert_eq!(
        (read.model.as_str(), read.provider.as_str()),
        ("claude-x", "anthropic")
    );
    assert_eq!(
        read.price,
        Price {
            rates,
            long_context
        }
    );
}

#[test]
fn a_missing_cost_is_unknown_and_not_zero() {
    let read = one(
        r#"{"m":{"litellm_provider":"p","input_cost_per_token":1e-06,"output_cost_per_token":null}}"#,
    );
    assert_eq!(read.price.rates.output, None);
    assert_eq!(read.price.rates.cache_read, None);
}

#[test]
fn of_several_thresholds_the_lowest_counts() {
    let read = one(
        r#"{"m":{"litellm_provider":"p","input_cost_per_token":1e-06,
            "input_cost_per_token_above_512k_tokens":4e-06,
            "input_cost_per_token_above_128k_tokens":2e-06,
            "input_cost_per_token_above_1k_tokens_priority":9e-06}}"#,
    );
    let long = read.price.long_context.unwrap();
    assert_eq!(
        (long.above, long.rates.input),
        (128_000, Some(2_000_000_000))
    );
}

#[test]
fn names_that_repeat_their_provider_are_known_without_it() {
    let read = list(
        r#"{"openai/gpt-x":{"litellm_provider":"openai","input_cost_per_token":1e-06},
            "openai/gpt-y":{"litellm_provider":"openai","input_cost_per_token":1e-06},
            "gpt-y":{"litellm_provider":"openai","input_cost_per_token":7e-06},
            "openai/gpt-z":{"litellm_provider":"azure","input_cost_per_token":1e-06}}"#,
    );
    let found = |model: &str| {
        let mut rows = read.prices.iter().filter(|row| row.model == model);
        let row = rows
            .next()
            .map(|row| (row.provider.clone(), row.price.rates.input));
        assert!(rows.next().is_none());
        row
    };
    let openai = |rate| Some(("openai".to_owned(), Some(rate)));
    assert_eq!(found("openai/gpt-x"), openai(1_000_000_000));
    assert_eq!(found("gpt-x"), openai(1_000_000_000));
    assert_eq!(found("gpt-y"), openai(7_000_000_000));
    assert_eq!(found("gpt-z"), None);
}

#[test]
fn what_cannot_be_believed_is_counted_and_left_out() {
    let read = list(
        r#"{"sample_spec":{"litellm_provider":"one of https://docs.example/providers","input_cost_per_token":0.0},
            "image":{"litellm_provider":"openai","output_cost_per_image":0.04},
            "nobody":{"input_cost_per_token":1e-06},
            "dear":{"litellm_provider":"p","input_cost_per_token":1.0},
            "negative":{"litellm_provider":"p","input_cost_per_token":1e-06,"output_cost_per_token":-1},
            "text":{"litellm_provider":"p","input_cost_per_token":"cheap"},
            "half":{"litellm_provider":"p","input_cost_per_token":1e-06,"output_cost_per_token_above_200k_tokens":5},
            "number":7,
            "good":{"litellm_provider":"p","input_cost_per_token":0.0,"output_cost_per_token":0.0}}"#,
    );
    let names: Vec<_> = read.prices.iter().map(|row| row.model.as_str()).collect();
    assert_eq!((names, read.skipped), (vec!["good"], 8));
}

#[test]
fn a_list_is_an_object() {
    for json in ["", "[]", "null", "{\"a\":", "{\"a\":{}} x"] {
        assert_eq!(litellm(json.as_bytes()), Err(NotAList), "{json}");
    }
}

proptest! {
    #[test]
    fn every_way_to_write_an_amount_gives_it(nanos in 0..=MOST_PER_MILLION, zeros in 0usize..4) {
        // 0.00…digits, digits with an exponent, and one with a point inside.
        let digits = nanos.to_string();
        let plain = format!("0.{}{}", "0".repeat(15usize.saturating_sub(digits.len())), digits);
        let scientific = format!("{digits}e-15");
        let (head, tail) = digits.split_at(1);
        let point = format!("{head}.{tail}{}e{}", "0".repeat(zeros), i32::try_from(tail.len()).unwrap() - 15);
        for text in [plain, scientific, point] {
            prop_assert_eq!(nanos_per_million(&text), Some(nanos), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_it_fail(text in "[0-9eE.+-]{0,24}") {
        let value = nanos_per_million(&text);
        prop_assert!(value.is_none_or(|nanos| (0..=MOST_PER_MILLION).contains(&nanos)));
    }
}
