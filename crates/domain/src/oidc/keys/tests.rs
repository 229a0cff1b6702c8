use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Keys of every kind, as a provider has them.
struct Signers {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
}

impl Signers {
    fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            ed: Ed25519KeyPair::generate().unwrap(),
        }
    }

    fn published(&self) -> [Value; 3] {
        let rsa = self.rsa.public_key();
        let (n, e) = (rsa.modulus(), rsa.exponent());
        let (n, e) = (
            text(n.big_endian_without_leading_zero()),
            text(e.big_endian_without_leading_zero()),
        );
        let point = &self.ec.public_key().as_ref()[1..];
        let (x, y) = (text(&point[..32]), text(&point[32..]));
        let ed = text(self.ed.public_key());
        [
            json!({"kty": "RSA", "kid": "rsa", "n": n, "e": e}),
            json!({"kty": "EC", "crv": "P-256", "kid": "ec", "x": x, "y": y, "alg": "ES256", "use": "sig"}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": ed}),
        ]
    }

    /// A token signed as `how` says, whatever the header says.
    fn sign(&self, how: &str, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let (random, bytes) = (SystemRandom::new(), message.as_bytes());
        let mut of_rsa = vec![0; self.rsa.public_modulus_len()];
        let signature = match how {
            "RS256" => {
                let sign = self
                    .rsa
                    .sign(&RSA_PKCS1_SHA256, &random, bytes, &mut of_rsa);
                sign.map(|()| of_rsa).unwrap()
            }
            "PS256" => {
                let sign = self.rsa.sign(&RSA_PSS_SHA256, &random, bytes, &mut of_rsa);
                sign.map(|()| of_rsa).unwrap()
            }
            "ES256" => self.ec.sign(&random, bytes).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed.sign(bytes).as_ref().to_vec(),
            "HS256" => {
                // The classic: the public key taken for a shared secret.
                let secret = self.rsa.public_key().as_ref();
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
                aws_lc_rs::hmac::sign(&key, bytes).as_ref().to_vec()
            }
            "none" => Vec::new(),
            other => panic!("{other}"),
        };
        format!("{message}.{}", text(signature))
    }
}

fn keys(published: &[Value]) -> Keys {
    Keys::read(json!({"keys": published}).to_string().as_bytes()).unwrap()
}

fn claims() -> Value {
    json!({"iss": "i", "sub": "ada", "aud": "a", "exp": 1, "iat": 1})
}

#[test]
fn opens_what_its_keys_signed() {
    let signers = Signers::new();
    let keys = keys(&signers.published());
    for (how, key) in [
        ("RS256", "rsa"),
        ("PS256", "rsa"),
        ("ES256", "ec"),
        ("EdDSA", "ed"),
    ] {
        let token = signers.sign(how, &json!({"alg": how, "kid": key}), &claims());
        let opened = keys.open(&token, "groups").unwrap();
        assert_eq!(opened.subject, "ada", "{how}");
    }
    // Without a name there is only one that it can be.
    let token = signers.sign("ES256", &json!({"alg": "ES256"}), &claims());
    assert!(keys.open(&token, "groups").is_ok());
}

#[test]
fn opens_nothing_else() {
    use TokenError::{Algorithm, Malformed, Signature, UnknownKey};
    let (ours, strangers) = (Signers::new(), Signers::new());
    let keys = keys(&ours.published());
    let refused = |by: &Signers, how: &str, header: Value, error: TokenError| {
        let opened = keys.open(&by.sign(how, &header, &claims()), "groups");
        assert_eq!(opened.err(), Some(error), "{how} {header}");
    };
    for (by, how, alg, kid, error) in [
        (&ours, "RS256", "RS256", "ec", UnknownKey),
        (&ours, "RS256", "RS256", "new", UnknownKey),
        (&ours, "RS256", "PS256", "rsa", Signature),
        (&strangers, "RS256", "RS256", "rsa", Signature),
        (&strangers, "ES256", "ES256", "ec", Signature),
        (&strangers, "EdDSA", "EdDSA", "ed", Signature),
        (&ours, "HS256", "HS256", "rsa", Algorithm),
        (&ours, "HS256", "RS256", "rsa", Signature),
        (&ours, "none", "none", "rsa", Algorithm),
        (&ours, "none", "RS256", "rsa", Signature),
        (&ours, "RS256", "RS384", "rsa", Algorithm),
    ] {
        refused(by, how, json!({"alg": alg, "kid": kid}), error);
    }
    refused(&ours, "RS256", json!({"kid": "rsa"}), Algorithm);
    let demanding = json!({"alg": "RS256", "kid": "rsa", "crit": ["x"], "x": 1});
    refused(&ours, "RS256", demanding, Malformed);
    // A key that comes with the token is not the provider's.
    let brought = json!({"alg": "ES256", "kid": "ec", "jwk": strangers.published()[1]});
    refused(&strangers, "ES256", brought, Signature);
}

#[test]
fn a_signature_is_for_exactly_what_was_signed() {
    let signers = Signers::new();
    let keys = keys(&signers.published());
    let header = json!({"alg": "ES256", "kid": "ec"});
    let token = signers.sign("ES256", &header, &claims());
    assert!(
        keys.open(&token, "groups")
            .is_ok_and(|claims| claims.subject == "ada")
    );
    let [head, _, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut other = claims();
    other["sub"] = json!("eve");
    let forged = format!("{head}.{}.{signature}", text(other.to_string()));
    let opened = keys.open(&forged, "groups").map(|_| ());
    assert_eq!(opened, Err(TokenError::Signature));
    for wrong in [
        "",
        "a",
        "a.b",
        "a.b.c",
        "..",
        &token[..token.len() / 3],
        &format!("{token}.a"),
    ] {
        assert!(keys.open(wrong, "groups").is_err(), "{wrong}");
    }
    let signed = signers.sign("ES256", &header, &json!({"iss": "i"}));
    assert!(matches!(
        keys.open(&signed, "groups"),
        Err(TokenError::Claims(_))
    ));
}

#[test]
fn keys_are_used_for_what_they_are_published_for() {
    let signers = Signers::new();
    for (key, how, changes, takes) in [
        (0, "RS256", json!({}), true),
        (0, "RS256", json!({"alg": "RS256", "use": "sig"}), true),
        (0, "RS256", json!({"alg": "PS256"}), false),
        (0, "RS256", json!({"use": "enc"}), false),
        (0, "RS256", json!({"key_ops": ["verify"]}), true),
        (0, "RS256", json!({"key_ops": ["encrypt"]}), false),
        (1, "ES256", json!({"crv": "P-384"}), false),
        (2, "EdDSA", json!({"crv": "X25519"}), false),
    ] {
        let mut published = signers.published()[key].clone();
        for (name, value) in changes.as_object().unwrap() {
            published[name] = value.clone();
        }
        let header = json!({"alg": how, "kid": published["kid"]});
        let opened = keys(&[published]).open(&signers.sign(how, &header, &claims()), "groups");
        assert_eq!(opened.is_ok(), takes, "{how} {changes}");
    }
}

#[test]
fn keys_nobody_understands_take_no_others_with_them() {
    let signers = Signers::new();
    let [rsa, ec, ed] = signers.published();
    let odd = json!({"kty": "LATTICE", "kid": "ec", "alg": "ML-DSA-44"});
    let token = signers.sign("ES256", &json!({"alg": "ES256", "kid": "ec"}), &claims());
    assert!(
        keys(&[odd, json!(1), rsa, ec.clone(), ed])
            .open(&token, "groups")
            .is_ok()
    );
    // Two by one name: which one is meant cannot be known.
    let twice = keys(&[ec.clone(), ec]).open(&token, "groups").map(|_| ());
    assert_eq!(twice, Err(TokenError::UnknownKey));
    for document in ["", "[]", "{}", "{\"keys\":{}}"] {
        assert_eq!(Keys::read(document.as_bytes()), None, "{document}");
    }
}
