use super::*;
use crate::conversation::{Effort, Sampling};

#[test]
fn sampling_holds_what_the_target_takes() {
    let all = Sampling {
        temperature: Some(1.5),
        top_p: Some(0.5),
        top_k: Some(7),
        frequency_penalty: Some(0.1),
        presence_penalty: Some(0.0),
        seed: Some(1),
    };
    let run = |sampling, effort, target: &Dialect| {
        let mut request = Request {
            sampling,
            ..Request::default()
        };
        request.reasoning.effort = effort;
        let losses = lost(&mut request, target);
        (request.sampling, losses)
    };
    let (temperature, top_p) = (Some(1.5), Some(0.5));
    let nothing = Sampling::default();
    let drawn = Sampling {
        temperature: Some(1.0),
        top_p,
        top_k: Some(7),
        ..nothing
    };
    let expected = (
        Sampling {
            top_p: None,
            ..drawn
        },
        "penalties,sampling,seed,temperature".to_owned(),
    );
    assert_eq!(run(all, None, &messages(&[])), expected);
    for (temperature, top_p, sent, losses) in [
        (0.2, 1.0, (Some(0.2), None), ""),
        (0.2, 0.5, (Some(0.2), None), "sampling"),
        (1.0, 0.5, (None, Some(0.5)), ""),
    ] {
        let both = Sampling {
            temperature: Some(temperature),
            top_p: Some(top_p),
            ..nothing
        };
        let (sampling, lost) = run(both, None, &messages(&[]));
        assert_eq!((sampling.temperature, sampling.top_p), sent);
        assert_eq!(lost, losses);
    }
    let expected = (nothing, "penalties,sampling,seed,top_k".to_owned());
    assert_eq!(run(all, Some(Effort::Low), &messages(&[])), expected);
    assert_eq!(run(all, None, &messages(&[Quirk::NoSampling])).0, nothing);
    let expected = (Sampling { top_k: None, ..all }, "top_k".to_owned());
    assert_eq!(run(all, None, &chat(&[])), expected);
    let drawn = Sampling {
        temperature,
        top_p,
        ..nothing
    };
    assert_eq!(
        run(all, None, &responses()),
        (drawn, "penalties,seed,top_k".to_owned())
    );
    let usual = Sampling {
        temperature: Some(1.0),
        top_p: Some(1.0),
        ..nothing
    };
    assert_eq!(
        run(usual, None, &chat(&[Quirk::NoSampling])),
        (nothing, String::new())
    );
}
