use proptest::prelude::*;
use uuid::Uuid;

use super::chain::{Broken, Fault, Head, Trusted, hash, verify};
use super::*;

fn trail(length: u64) -> Vec<Entry> {
    let mut head = Head::START;
    (0..length)
        .map(|n| {
            let actor = match n % 3 {
                0 => Actor::OPERATOR,
                1 => Actor::CONFIG,
                _ => Actor::user(format_args!("user_{n}"), "Ada"),
            };
            let action = Action::ALL[usize::try_from(n).unwrap() % Action::ALL.len()];
            let mut note = Note::new(
                Timestamp::from_secs(i64::try_from(n).unwrap()),
                actor,
                action,
                Subject::id(SubjectKind::Key, format_args!("key_{n}")).called("ci"),
            )
            .with("count", n)
            .with("strict", n % 2 == 0)
            .with("prefix", "th-abc")
            .in_org((n % 2 == 0).then(|| OrgId(Uuid::from_u128(n.into()))));
            note.from = (n % 4 == 0).then_some(IpAddr::from([127, 0, 0, 1]));
            head.append(note)
        })
        .collect()
}

fn fault(entries: &[Entry]) -> Option<Broken> {
    verify(entries, []).err()
}

/// One way to change an entry without touching its place.
fn edit(entry: &mut Entry, which: u8) {
    let flip = |text: &mut Option<String>| match text {
        Some(text) if text.is_empty() => text.push('x'),
        Some(text) => text.clear(),
        None => *text = Some(String::new()),
    };
    match which {
        0 => entry.at.0 += 1,
        1 => flip(&mut entry.actor.id),
        2 => flip(&mut entry.actor.name),
        3 => flip(&mut entry.subject.id),
        4 => flip(&mut entry.subject.name),
        5 => {
            entry.actor.kind = match entry.actor.kind {
                ActorKind::System => ActorKind::User,
                _ => ActorKind::System,
            }
        }
        6 => {
            entry.action = match entry.action {
                Action::KeyCreate => Action::KeyRevoke,
                _ => Action::KeyCreate,
            }
        }
        7 => {
            entry.subject.kind = match entry.subject.kind {
                SubjectKind::User => SubjectKind::Org,
                _ => SubjectKind::User,
            }
        }
        8 => entry.org = entry.org.xor(Some(OrgId(Uuid::max()))),
        9 => entry.from = entry.from.xor(Some(IpAddr::from([10, 0, 0, 1]))),
        10 => drop(entry.detail.remove("count")),
        11 => drop(entry.detail.insert("strict".into(), Value::Number(1))),
        12 => entry.prev.0[31] ^= 1,
        _ => entry.hash.0[0] ^= 1,
    }
}

proptest! {
    #[test]
    fn an_edit_is_found_where_it_was_made(length in 1_u64..20, at in any::<prop::sample::Index>(), which in 0_u8..14) {
        let mut entries = trail(length);
        let at = at.index(entries.len());
        edit(&mut entries[at], which);
        let seq = at as u64 + 1;
        prop_assert_eq!(fault(&entries), Some(Broken { seq, fault: Fault::Altered }));
    }

    #[test]
    fn an_edit_with_a_fresh_hash_is_found_at_the_next_entry_or_by_the_head(
        length in 1_u64..20, at in any::<prop::sample::Index>(), which in 0_u8..12,
    ) {
        let mut entries = trail(length);
        let end = entries.last().unwrap().hash;
        let at = at.index(entries.len());
        edit(&mut entries[at], which);
        entries[at].hash = hash(&entries[at]);
        if at + 1 < entries.len() {
            let seq = at as u64 + 2;
            prop_assert_eq!(fault(&entries), Some(Broken { seq, fault: Fault::Unlinked }));
        } else {
            prop_assert_eq!(fault(&entries), None);
            let found = verify(&entries, [Trusted::Hash(end)]).unwrap_err();
            prop_assert_eq!(found.fault, Fault::Truncated);
        }
    }

    #[test]
    fn a_removal_is_found(length in 2_u64..20, at in any::<prop::sample::Index>()) {
        let mut entries = trail(length);
        let head = Head { seq: length, hash: entries.last().unwrap().hash };
        let at = at.index(entries.len());
        entries.remove(at);
        let seq = at as u64 + 1;
        let found = verify(&entries, [Trusted::Head(head)]);
        let fault = if seq == length { Fault::Truncated } else { Fault::Missing };
        prop_assert_eq!(found, Err(Broken { seq, fault }));
        // Closing the gap by counting anew does not help.
        for (n, entry) in (1..).zip(&mut entries) {
            entry.seq = n;
        }
        prop_assert!(verify(&entries, [Trusted::Head(head)]).is_err());
    }

    #[test]
    fn a_swap_is_found(length in 2_u64..20, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let mut entries = trail(length);
        let (a, b) = (a.index(entries.len()), b.index(entries.len()));
        prop_assume!(a != b);
        entries.swap(a, b);
        prop_assert!(fault(&entries).is_some());
        // Nor do swapped numbers.
        let seq = entries[a].seq;
        entries[a].seq = entries[b].seq;
        entries[b].seq = seq;
        prop_assert_eq!(fault(&entries).map(|broken| broken.fault), Some(Fault::Altered));
    }

    #[test]
    fn an_insertion_is_found(length in 1_u64..20, at in any::<prop::sample::Index>()) {
        let mut entries = trail(length);
        let at = at.index(entries.len());
        let mut head = Head { seq: entries[at].seq - 1, hash: entries[at].prev };
        let note = Note::new(Timestamp(7), Actor::SYSTEM, Action::KeyCreate, Subject::of(SubjectKind::Key));
        entries.insert(at, head.append(note));
        let seq = at as u64 + 1;
        // The one that was put in fits; the one that was there before has its number.
        prop_assert_eq!(fault(&entries), Some(Broken { seq, fault: Fault::Reordered }));
    }

    #[test]
    fn entries_read_back_as_they_were(length in 1_u64..40) {
        for entry in trail(length) {
            let json = serde_json::to_string(&entry).unwrap();
            let back: Entry = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(hash(&back), entry.hash);
            prop_assert_eq!(back, entry);
        }
    }
}

#[test]
fn a_whole_trail_gives_its_head() {
    assert_eq!(verify(&[], []), Ok(Head::START));
    let entries = trail(9);
    let head = Head {
        seq: 9,
        hash: entries[8].hash,
    };
    assert_eq!(verify(&entries, []), Ok(head));
    // A head that was noted earlier is passed through, by number and by hash alone.
    let earlier = Head {
        seq: 4,
        hash: entries[3].hash,
    };
    for trusted in [Trusted::Head(earlier), Trusted::Hash(earlier.hash)] {
        assert_eq!(verify(&entries, [trusted]), Ok(head));
    }
    assert_eq!(verify(&[], [Trusted::Head(Head::START)]), Ok(Head::START));
}

#[test]
fn a_trail_cut_short_is_found_by_a_trusted_head_alone() {
    let entries = trail(9);
    let hash = entries[8].hash;
    let cut = &entries[..5];
    assert_eq!(fault(cut), None);
    let truncated = |seq| {
        Err(Broken {
            seq,
            fault: Fault::Truncated,
        })
    };
    let head = Head { seq: 9, hash };
    assert_eq!(verify(cut, [Trusted::Head(head)]), truncated(9));
    assert_eq!(verify(cut, [Trusted::Hash(hash)]), truncated(6));
    assert_eq!(verify(&[], [Trusted::Hash(hash)]), truncated(1));
}

/// The encoding is a promise to trails that exist: a change here makes every one of them look altered.
#[test]
fn the_encoding_does_not_change() {
    let hashes: Vec<String> = trail(3)
        .iter()
        .map(|entry| entry.hash.to_string())
        .collect();
    insta::assert_debug_snapshot!(hashes);
}

#[test]
fn texts_are_bounded_and_every_database_takes_them() {
    let subject = Subject::name(SubjectKind::User, "é".repeat(MAX_TEXT));
    let note = Note::new(Timestamp(0), Actor::SYSTEM, Action::UserChange, subject)
        .with("odd", "a\0b")
        .with("huge", u64::MAX);
    let entry = Head::START.clone().append(note);
    assert_eq!(entry.subject.name.map(|name| name.len()), Some(MAX_TEXT));
    assert_eq!(entry.detail["odd"], Value::Text("a\u{fffd}b".to_owned()));
    assert_eq!(entry.detail["huge"], Value::Number(1 << 53));
}

#[test]
fn words_read_back_and_none_stands_for_two() {
    for action in Action::ALL {
        assert_eq!(Action::parse(action.as_str()), Some(*action));
        assert_eq!(
            serde_json::to_string(action).unwrap(),
            format!("\"{}\"", action.as_str())
        );
    }
    for kind in SubjectKind::ALL {
        assert_eq!(SubjectKind::parse(kind.as_str()), Some(*kind));
    }
    for kind in ActorKind::ALL {
        assert_eq!(ActorKind::parse(kind.as_str()), Some(*kind));
    }
    assert_eq!(Action::parse("key.steal"), None);
    let bad = ["", "0", &"g".repeat(64), &"0".repeat(63), &"é".repeat(32)];
    for text in bad {
        assert_eq!(text.parse::<Hash>(), Err(InvalidHash), "{text}");
    }
}
