//! What was measured: lines of words, which `peers compare` and scripts/bench write and the report reads.
//!
//! `sample SCENARIO PEER CPU WALL MEMORY`, `build PEER SECONDS CRATES BYTES`, `version PACKAGE VERSION`,
//! `failed SCENARIO PEER WHY…`, `note TEXT…`.

use std::collections::HashMap;

use crate::measure::{BoxError, Sample};

#[derive(Default)]
pub(crate) struct Results {
    samples: HashMap<(String, String), Sample>,
    versions: HashMap<String, String>,
    pub(crate) builds: Vec<Build>,
    /// Scenario, peer and why.
    pub(crate) failed: Vec<[String; 3]>,
    pub(crate) notes: Vec<String>,
}

/// What a program of one GET costs.
pub(crate) struct Build {
    pub(crate) peer: String,
    pub(crate) seconds: f64,
    pub(crate) crates: u32,
    pub(crate) bytes: f64,
}

impl Results {
    pub(crate) fn read(file: &str) -> Result<Self, BoxError> {
        let mut results = Self::default();
        for line in std::fs::read_to_string(file)?.lines() {
            results.add(line).map_err(|error| format!("'{line}': {error}"))?;
        }
        Ok(results)
    }

    fn add(&mut self, line: &str) -> Result<(), BoxError> {
        let (kind, rest) = line.split_once(' ').ok_or("a kind and more words expected")?;
        let mut words = rest.splitn(3, ' ').map(str::to_owned);
        let mut word = || words.next().ok_or("a word is missing");
        match kind {
            "sample" => drop(self.samples.insert((word()?, word()?), word()?.parse()?)),
            "version" => drop(self.versions.insert(word()?, word()?)),
            "failed" => self.failed.push([word()?, word()?, word()?]),
            "note" => self.notes.push(rest.to_owned()),
            "build" => self.builds.push(Build::parse(rest)?),
            other => return Err(format!("no such kind: {other}").into()),
        }
        Ok(())
    }

    pub(crate) fn sample(&self, scenario: &str, peer: &str) -> Option<Sample> {
        self.samples.get(&(scenario.to_owned(), peer.to_owned())).copied()
    }

    pub(crate) fn version(&self, package: &str) -> &str {
        self.versions.get(package).map(String::as_str).or(crate::peers::version(package)).unwrap_or("?")
    }
}

impl Build {
    fn parse(text: &str) -> Result<Self, BoxError> {
        let words: Vec<&str> = text.split(' ').collect();
        let [peer, seconds, crates, bytes] = words[..] else { return Err("four words expected".into()) };
        Ok(Self { peer: peer.to_owned(), seconds: seconds.parse()?, crates: crates.parse()?, bytes: bytes.parse()? })
    }
}
