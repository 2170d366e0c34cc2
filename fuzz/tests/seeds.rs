//! Every seed, and every seed changed a little, as libFuzzer would: what the fuzz targets found once stays found, and their
//! code stays in use, without libFuzzer and in seconds.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use whimbrel_fuzz::TARGETS;

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "seeds", name].iter().collect()
}

fn names(folder: PathBuf) -> BTreeSet<String> {
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Cut off at every place, and with some bytes at every place; fewer of them where it is long.
fn changed(seed: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    const BYTES: &[u8] = b"\0\r\n :0\xff";
    let places = (0..seed.len()).step_by(1 + seed.len() / 256);
    places.flat_map(move |at| {
        let byte = BYTES[at % BYTES.len()];
        let [mut other, mut longer] = [seed.to_vec(), seed.to_vec()];
        other[at] = byte;
        longer.insert(at, byte);
        [seed[..at].to_vec(), other, longer]
    })
}

#[test]
fn every_target_has_seeds_and_a_file() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(folder("")), targets);
    let files = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(folder("../fuzz_targets")), files);
}

macro_rules! targets {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            let (_, target) = TARGETS.iter().find(|(name, _)| *name == stringify!($name)).unwrap();
            for name in names(folder(stringify!($name))) {
                let seed = fs::read(folder(stringify!($name)).join(&name)).unwrap();
                println!("{name}");
                target(&seed);
                changed(&seed).for_each(|bytes| target(&bytes));
            }
        }
    )* };
}

targets! {
    response_head chunked_body exchange proxy_reply socks_reply against_hyper content_coding set_cookie challenge header_fields
    text netrc
}
