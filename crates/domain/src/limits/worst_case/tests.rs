use super::*;
use crate::catalog::Model;
use crate::price::LongContext;

const USD: i64 = 1_000_000_000;

fn rates(input: i64, write: Option<i64>, output: Option<i64>) -> Rates {
    Rates {
        input: Some(input * USD),
        cache_read: Some(input * USD / 10),
        cache_write_1h: write.map(|rate| rate * USD),
        cache_write_5m: None,
        output: output.map(|rate| rate * USD),
    }
}

fn book(price: Price, max_output_tokens: Option<u64>) -> PriceBook {
    PriceBook::new([Model {
        name: "m".into(),
        provider: Some("p".into()),
        max_input_tokens: Some(1_000_000),
        max_output_tokens,
        price,
        source: String::new(),
        dated: String::new(),
        imported: false,
    }])
}

fn asks(bytes: u64, max_tokens: Option<u64>) -> Asks {
    Asks {
        bytes,
        max_tokens,
        answers: 1,
        generates: true,
        continues: false,
    }
}

fn usd(estimate: Estimate) -> Option<String> {
    estimate.cost.map(|cost| cost.to_string())
}

#[test]
fn bounds_the_prompt_by_its_bytes_and_the_answer_by_what_is_asked() {
    let price = Price {
        rates: rates(3, Some(6), Some(15)),
        long_context: None,
    };
    let book = book(price, Some(64_000));
    let at = |asks| worst_case(asks, &book, "p", "m", Assumptions::default());
    let estimate = at(asks(2_000_000, Some(1_000)));
    assert_eq!(
        (estimate.input_tokens, estimate.output_tokens),
        (1_000_000, 1_000)
    );
    assert_eq!(
        usd(estimate).unwrap(),
        "6.015",
        "as if all of it were written to the cache"
    );
    assert_eq!(
        at(asks(3, Some(1))).input_tokens,
        2,
        "an odd byte is a token"
    );
    assert_eq!(
        at(asks(0, None)).output_tokens,
        64_000,
        "what the model can generate"
    );
    assert_eq!(at(asks(0, Some(1_000_000))).output_tokens, 64_000);
    let several = at(Asks {
        answers: 3,
        ..asks(0, Some(10))
    });
    assert_eq!(several.output_tokens, 30);
    let embedding = at(Asks {
        generates: false,
        ..asks(10, Some(5))
    });
    assert_eq!((embedding.input_tokens, embedding.output_tokens), (5, 0));
    let stored = at(Asks {
        continues: true,
        ..asks(10, Some(5))
    });
    assert_eq!(
        stored.input_tokens, 1_000_005,
        "the rest of the prompt is not here"
    );
}

#[test]
fn a_model_that_nobody_knows_is_bounded_by_assumption_and_has_no_price() {
    let book = PriceBook::default();
    let at = |asks| worst_case(asks, &book, "p", "m", Assumptions::default());
    assert_eq!(at(asks(2, None)).output_tokens, 32_000);
    assert_eq!(
        at(asks(2, Some(64_000))).output_tokens,
        64_000,
        "it was asked for"
    );
    assert_eq!(at(asks(2, None)).cost, None);
}

#[test]
fn a_price_of_nothing_is_a_price_and_a_missing_rate_is_none() {
    let free = Price {
        rates: rates(0, None, Some(0)),
        long_context: None,
    };
    let at = |price| {
        worst_case(
            asks(2, Some(1)),
            &book(price, None),
            "p",
            "m",
            Assumptions::default(),
        )
    };
    assert_eq!(at(free).cost, Some(Money::ZERO));
    let half = Price {
        rates: rates(1, None, None),
        long_context: None,
    };
    assert_eq!(
        at(half).cost,
        None,
        "there will be output, and nobody knows what it costs"
    );
}

#[test]
fn a_long_prompt_is_charged_at_the_dearer_of_both_rates() {
    let long = LongContext {
        above: 200_000,
        rates: rates(6, None, Some(22)),
    };
    let price = Price {
        rates: rates(3, None, Some(15)),
        long_context: Some(long),
    };
    let book = book(price, None);
    let at = |bytes| {
        let asks = asks(bytes, Some(1_000_000));
        usd(worst_case(asks, &book, "p", "m", Assumptions::default())).unwrap()
    };
    assert_eq!(at(400_000), "15.6");
    assert_eq!(at(400_002), "23.200006");
}

#[test]
fn of_several_targets_the_dearest_counts() {
    let known = |cost, output_tokens| Estimate {
        input_tokens: 1,
        output_tokens,
        cost,
        ceiling: cost,
    };
    let (cheap, dear) = (known(Some(Money(1)), 9), known(Some(Money(5)), 2));
    assert_eq!(cheap.or(dear), known(Some(Money(5)), 9));
    assert_eq!(cheap.or(known(None, 1)).cost, None);
}

#[test]
fn absurd_numbers_saturate() {
    let price = Price {
        rates: rates(1_000_000, None, Some(1_000_000)),
        long_context: None,
    };
    let asks = Asks {
        answers: u64::MAX,
        ..asks(u64::MAX, Some(u64::MAX - 1))
    };
    let estimate = worst_case(asks, &book(price, None), "p", "m", Assumptions::default());
    assert_eq!(estimate.cost, Some(Money(i64::MAX)));
    assert_eq!(estimate.tokens(), u64::MAX);
}

#[test]
fn a_bill_for_more_than_a_full_context_is_wrong() {
    let price = Price {
        rates: rates(3, None, Some(15)),
        long_context: None,
    };
    let book = book(price, Some(64_000));
    let estimate = worst_case(
        asks(10, Some(1_000)),
        &book,
        "p",
        "m",
        Assumptions::default(),
    );
    assert_eq!(estimate.ceiling.unwrap().to_string(), "6.03");
    assert!(estimate.ceiling > estimate.cost);
}
