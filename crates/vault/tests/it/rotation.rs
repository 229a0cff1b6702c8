//! Wrong keys, and both rotations stopped at every point.

use tollhouse_vault::{MasterKey, Sealed, Secret, Vault, VaultError, WrappedDataKey, plan, rewrap};

use super::{copy, place};

/// A vault with several data keys, and a secret sealed under each.
fn history(master: &MasterKey, keys: usize) -> (Vault, Vec<WrappedDataKey>, Vec<Sealed>) {
    let (mut vault, first) = Vault::create(copy(master));
    let mut wrapped = vec![first];
    let mut sealed = vec![seal(&vault, 0)];
    for number in 1..keys {
        let key = vault.new_data_key();
        vault.add_data_key(&key).unwrap();
        wrapped.push(key);
        sealed.push(seal(&vault, number));
    }
    (vault, wrapped, sealed)
}

fn seal(vault: &Vault, number: usize) -> Sealed {
    vault.seal(
        &Secret::new(format!("secret {number}")),
        &place(number as u128),
    )
}

fn assert_opens_all(vault: &Vault, sealed: &[Sealed]) {
    for (number, sealed) in sealed.iter().enumerate() {
        let secret = vault.open_secret(sealed, &place(number as u128)).unwrap();
        assert_eq!(secret.expose(), format!("secret {number}"));
    }
}

#[test]
fn a_wrong_master_key_is_named_as_such() {
    let (right, wrong) = (MasterKey::generate(), MasterKey::generate());
    let (expected, found) = (right.id(), wrong.id());
    let (_, wrapped, _) = history(&right, 2);
    let error = Vault::open(wrong, &wrapped).unwrap_err();
    assert_eq!(error, VaultError::WrongMasterKey { expected, found });
    let text = error.to_string();
    assert!(text.contains("wrong master key"), "{text}");
    assert!(
        text.contains(&expected.to_string()) && text.contains(&found.to_string()),
        "{text}"
    );
}

#[test]
fn a_vault_does_not_open_without_data_keys() {
    let error = Vault::open(MasterKey::generate(), &[]).unwrap_err();
    assert_eq!(error, VaultError::NoDataKeys);
}

#[test]
fn a_damaged_data_key_is_named() {
    let master = MasterKey::generate();
    let (_, wrapped, _) = history(&master, 2);
    for at in 0..wrapped[1].bytes.len() {
        let mut rows = wrapped.clone();
        rows[1].bytes[at] ^= 1;
        let error = Vault::open(copy(&master), &rows).unwrap_err();
        match at {
            0 => assert_eq!(error, VaultError::UnknownVersion(0)),
            _ => assert_eq!(error, VaultError::DamagedDataKey(rows[1].id)),
        }
        rows[1].bytes.truncate(at);
        assert!(Vault::open(copy(&master), &rows).is_err(), "cut at {at}");
    }
    let mut swapped = wrapped.clone();
    swapped[0].bytes.clone_from(&wrapped[1].bytes);
    let error = Vault::open(master, &swapped).unwrap_err();
    assert_eq!(error, VaultError::DamagedDataKey(wrapped[0].id));
}

#[test]
fn a_master_key_rotation_survives_a_crash_after_any_row() {
    const ROWS: usize = 5;
    let (old, new) = (MasterKey::generate(), MasterKey::generate());
    let (vault, original, sealed) = history(&old, ROWS);
    for done in 0..=ROWS {
        // The first process gets this far.
        let mut rows = original.clone();
        for row in &mut rows[..done] {
            *row = vault.rewrap(row, &new).unwrap();
        }

        // Neither key alone opens a mixture, and the error says which one is missing.
        let alone = Vault::open(copy(&new), &rows);
        if done < ROWS {
            let error = alone.unwrap_err();
            assert_eq!(
                error,
                VaultError::WrongMasterKey {
                    expected: old.id(),
                    found: new.id()
                }
            );
        }
        // Both together do, in whichever order they are given.
        assert_opens_all(
            &Vault::open_rotating(copy(&new), &old, &rows).unwrap(),
            &sealed,
        );
        assert_opens_all(
            &Vault::open_rotating(copy(&old), &new, &rows).unwrap(),
            &sealed,
        );

        // The second process finishes.
        let pending: Vec<_> = plan(&rows, old.id(), new.id())
            .unwrap()
            .into_iter()
            .map(|row| row.id)
            .collect();
        assert_eq!(
            pending,
            original[done..]
                .iter()
                .map(|row| row.id)
                .collect::<Vec<_>>()
        );
        for row in &mut rows {
            // Those already done come back as they are.
            let again = rewrap(row, &old, &new).unwrap();
            assert_eq!(again == *row, !pending.contains(&row.id));
            *row = again;
        }
        assert!(plan(&rows, old.id(), new.id()).unwrap().is_empty());
        assert_opens_all(&Vault::open(copy(&new), &rows).unwrap(), &sealed);
        let error = Vault::open(copy(&old), &rows).unwrap_err();
        assert_eq!(
            error,
            VaultError::WrongMasterKey {
                expected: new.id(),
                found: old.id()
            }
        );
    }
}

#[test]
fn a_row_under_a_third_master_key_stops_the_plan() {
    let (old, new, third) = (
        MasterKey::generate(),
        MasterKey::generate(),
        MasterKey::generate(),
    );
    let (_, mut rows, _) = history(&old, 2);
    rows.extend(history(&third, 1).1);
    let error = plan(&rows, old.id(), new.id()).unwrap_err();
    assert_eq!(
        error,
        VaultError::WrongMasterKey {
            expected: third.id(),
            found: old.id()
        }
    );
    assert!(rewrap(&rows[2], &old, &new).is_err());
}

#[test]
fn a_data_key_rotation_survives_a_crash_after_any_row() {
    const ROWS: usize = 5;
    let master = MasterKey::generate();
    for done in 0..=ROWS {
        let (mut vault, first) = Vault::create(copy(&master));
        let mut rows: Vec<_> = (0..ROWS).map(|number| seal(&vault, number)).collect();
        let second = vault.new_data_key();
        assert_ne!(
            vault.newest_data_key_id(),
            second.id,
            "not used before it is stored"
        );
        vault.add_data_key(&second).unwrap();
        let mut reseal = |vault: &Vault, until: usize| {
            let mut changed = 0;
            for (number, row) in rows[..until].iter_mut().enumerate() {
                if let Some(resealed) = vault.reseal(row, &place(number as u128)).unwrap() {
                    *row = resealed;
                    changed += 1;
                }
            }
            assert_opens_all(vault, &rows);
            changed
        };
        assert_eq!(reseal(&vault, done), done);
        drop(vault);

        // In whichever order the rows come back, the newest key seals.
        let vault = Vault::open(copy(&master), &[second.clone(), first]).unwrap();
        assert_eq!(vault.newest_data_key_id(), second.id);
        assert_eq!(reseal(&vault, ROWS), ROWS - done);
        assert_eq!(reseal(&vault, ROWS), 0);
        drop(vault);
        // The old data key is no longer needed.
        assert_opens_all(&Vault::open(copy(&master), &[second]).unwrap(), &rows);
    }
}

#[test]
fn resealing_checks_the_place() {
    let (mut vault, _) = Vault::create(MasterKey::generate());
    let sealed = seal(&vault, 0);
    let second = vault.new_data_key();
    vault.add_data_key(&second).unwrap();
    assert_eq!(
        vault.reseal(&sealed, &place(9)).unwrap_err(),
        VaultError::Rejected
    );
}

#[test]
fn data_keys_may_arrive_late_and_twice() {
    let master = MasterKey::generate();
    let (full, wrapped, sealed) = history(&master, 3);
    let mut vault = Vault::open(master, &wrapped[1..2]).unwrap();
    let error = vault.open_secret(&sealed[2], &place(2)).err();
    assert_eq!(error, Some(VaultError::UnknownDataKey(wrapped[2].id)));
    for key in [&wrapped[2], &wrapped[0], &wrapped[2], &wrapped[0]] {
        vault.add_data_key(key).unwrap();
    }
    assert_eq!(vault.data_key_ids(), full.data_key_ids());
    assert_eq!(vault.newest_data_key_id(), wrapped[2].id);
    assert_opens_all(&vault, &sealed);
}
