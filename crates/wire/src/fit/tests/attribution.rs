use super::*;

#[test]
fn the_attribution_line_stays_with_its_vendor() {
    let line = "x-anthropic-billing-header: cc_version=2;";
    for (target, passages, losses) in [
        (messages(&[]), 2, ""),
        (chat(&[]), 1, "attribution"),
        (responses(), 1, "attribution"),
    ] {
        let passage = |text| Passage {
            text: Cow::Borrowed(text),
            cache: None,
        };
        let mut request = Request {
            system: vec![passage(line), passage("Be kind.")],
            turns: vec![user(vec![say("hi")])],
            ..Request::default()
        };
        assert_eq!(lost(&mut request, &target), losses);
        assert_eq!(request.system.len(), passages);
    }
}

#[test]
fn only_the_attribution_line_goes() {
    let joined = "x-anthropic-billing-header: cc_version=2;\n\nBe kind.\nBe brief.";
    for text in [Cow::Borrowed(joined), Cow::Owned(joined.to_owned())] {
        let mut request = Request {
            system: vec![Passage { text, cache: None }],
            ..Request::default()
        };
        assert_eq!(lost(&mut request, &chat(&[])), "attribution");
        assert_eq!(request.system[0].text, "Be kind.\nBe brief.");
    }
}
