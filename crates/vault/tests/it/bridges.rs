//! Proofs that a secret is known, as anybody makes them with HMAC-SHA-256.

use tollhouse_vault::{Secret, is_proof, new_nonce, proof};

#[test]
fn a_proof_is_what_others_make_of_the_same() {
    let secret = Secret::new("thb_0123456789012345678901234567890123456789".to_owned());
    let text = "tollhouse-bridge-1\nabcdefghijklmnop\n127.0.0.1:3250";
    // python3 -c 'import hmac; print(hmac.new(SECRET, TEXT, "sha256").hexdigest())'
    let known = "0d21a4b24f55d0e3ef580285e5ff1ab6b79dc02ef76eebbb53770f4460343ffd";
    assert_eq!(proof(&secret, text), known);
    assert!(is_proof(&secret, text, known.as_bytes()));
    let other = Secret::new("thb_0123456789012345678901234567890123456780".to_owned());
    for (secret, text, given) in [
        (&other, text, known),
        (
            &secret,
            "tollhouse-bridge-1\nabcdefghijklmnop\n127.0.0.1:3251",
            known,
        ),
        (&secret, text, &known[..63]),
        (&secret, text, ""),
        (&secret, text, &known.to_uppercase()),
    ] {
        assert!(!is_proof(secret, text, given.as_bytes()), "{text} {given}");
    }
}

#[test]
fn no_nonce_comes_twice() {
    let (a, b) = (new_nonce(), new_nonce());
    assert!(a != b && a.len() == 43 && b.len() == 43);
}
