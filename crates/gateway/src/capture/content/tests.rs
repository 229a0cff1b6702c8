use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tollhouse_vault::MasterKey;
use uuid::Uuid;

use super::*;

const LIMIT: u64 = 1 << 20;

fn heard(bytes: &[u8], encoding: Option<&str>) -> Heard {
    Heard {
        content_type: Some("application/json".into()),
        encoding: encoding.map(str::to_owned),
        bytes: bytes.to_vec(),
        total: bytes.len() as u64,
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_is_pressed_comes_back() {
    let large = vec![7; 1 << 20];
    for (request, answer) in [(&b"{}"[..], &b""[..]), (&large, b"\xff\0"), (b"", &large)] {
        let request = side(heard(request, None), Capture::Full, LIMIT);
        let answer = side(heard(answer, Some("br")), Capture::Full, LIMIT);
        let expected = (request.bytes.clone(), answer.bytes.clone());
        let mode = Capture::Full;
        let pressed = press(&Head {
            mode,
            request,
            answer,
        });
        let said = unpress(&pressed).unwrap();
        assert_eq!((said.request.bytes, said.answer.bytes), expected);
        assert_eq!(said.mode, Capture::Full);
        assert_eq!(said.answer.encoding.as_deref(), Some("br"));
        for end in 0..pressed.len().min(100) {
            assert!(unpress(&pressed[..end]).is_none(), "{end}");
        }
    }
    assert!(unpress(&[2]).is_none());
}

#[test]
fn another_calls_capture_does_not_open() {
    let (vault, _) = Vault::create(MasterKey::generate());
    let [mine, other] = [1, 2].map(|n| CallId(Uuid::from_u128(n)));
    let sides = || side(heard(b"canary", None), Capture::Full, LIMIT);
    let head = Head {
        mode: Capture::Full,
        request: sides(),
        answer: sides(),
    };
    let sealed = vault.seal_content(&press(&head), &place(mine));
    let bytes = sealed.into_bytes();
    assert!(!bytes.windows(6).any(|part| part == b"canary"));
    let said = open(&vault, mine, bytes.clone()).unwrap();
    assert_eq!(said.request.bytes, b"canary");
    assert!(open(&vault, other, bytes).is_err());
}

#[test]
fn compression_is_undone_as_far_as_it_goes() {
    let text = "a secret is sk-ant-aB3dE5fG7hI9jK1lM3nO5pQ7, keep it. ".repeat(100);
    let forms = [
        ("gzip", gzip(text.as_bytes())),
        ("zstd", zstd::encode_all(text.as_bytes(), 3).unwrap()),
        ("GZIP", gzip(text.as_bytes())),
    ];
    for (encoding, bytes) in forms {
        let whole = side(heard(&bytes, Some(encoding)), Capture::Full, LIMIT);
        assert_eq!(whole.bytes, text.as_bytes(), "{encoding}");
        assert!(!whole.cut && whole.encoding.is_none());
        assert_eq!(whole.total, bytes.len() as u64);
        // Nobody is to blow memory up with a few bytes.
        let bounded = side(heard(&bytes, Some(encoding)), Capture::Full, 100);
        assert_eq!(bounded.bytes, &text.as_bytes()[..100]);
        assert!(bounded.cut);
        let mut part = heard(&bytes, Some(encoding));
        part.bytes.truncate(bytes.len() - 10);
        let part = side(part, Capture::Redacted, LIMIT);
        assert!(part.cut && !String::from_utf8(part.bytes).unwrap().contains("aB3d"));
    }
    for (encoding, bytes) in [("br", &b"\xff\xfe"[..]), ("gzip", b"no gzip")] {
        let kept = side(heard(bytes, Some(encoding)), Capture::Full, LIMIT);
        assert_eq!(
            (kept.bytes.as_slice(), kept.encoding.as_deref()),
            (bytes, Some(encoding))
        );
    }
}

#[test]
fn what_is_no_text_is_not_kept_where_secrets_are_taken_out() {
    let kept = side(heard(b"\xff\xfe sk-ant-", None), Capture::Redacted, LIMIT);
    let text = String::from_utf8(kept.bytes).unwrap();
    assert!(text.starts_with("[redacted:binary:10:sha256:"), "{text}");
    assert_eq!(kept.total, 10);
}

#[test]
fn a_cut_does_not_make_text_of_half_a_character_into_bytes() {
    let text = "\u{1f511}".repeat(3);
    for end in 1..text.len() {
        let mut cut = heard(&text.as_bytes()[..end], None);
        cut.total = text.len() as u64;
        let kept = side(cut, Capture::Full, LIMIT);
        assert!(kept.cut && str::from_utf8(&kept.bytes).is_ok());
        assert_eq!(kept.bytes.len(), end / 4 * 4);
    }
}
