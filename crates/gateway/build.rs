//! Lists the files of the built dashboard, for `src/dashboard.rs` to embed. Without one the list is
//! empty: nobody needs Node.js to build the gateway.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // Always in git, so that cargo has something to watch before the first build.
    let dist = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../web/dist")
        .canonicalize()?;
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(&dist, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for path in &files {
        let name = path.strip_prefix(&dist).map_err(io::Error::other)?;
        let name = name.with_extension("");
        let (Some(name), Some(path)) = (name.to_str(), path.to_str()) else {
            return Err(io::ErrorKind::InvalidFilename.into());
        };
        let _ = writeln!(list, "({name:?}, include_bytes!({path:?})),");
    }
    list.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("dashboard.rs"), list)
}

/// Every file there in its compressed form, which is the one that is kept.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            files.push(path);
        }
    }
    Ok(())
}
