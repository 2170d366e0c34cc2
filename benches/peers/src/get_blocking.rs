//! Small GETs by clients that block, one after the other.

use curl::easy::{Easy2, Handler, WriteError};

use crate::clients;
use crate::measure::{BoxError, Plan, Sample};

pub(crate) fn run(peer: &str, plan: &Plan) -> Result<Sample, BoxError> {
    match peer {
        "whimbrel-blocking" => whimbrel(plan),
        "ureq" => ureq(plan),
        "reqwest-blocking" => reqwest(plan),
        "curl" => curl(plan),
        other => Err(format!("there is no peer '{other}' here").into()),
    }
}

fn whimbrel(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::whimbrel(plan)?.build_blocking()?;
    plan.measure(|| Ok(client.get(&plan.url).send()?.bytes().len()))
}

fn reqwest(plan: &Plan) -> Result<Sample, BoxError> {
    let client = clients::reqwest_blocking(plan)?;
    plan.measure(|| Ok(client.get(&plan.url).send()?.bytes()?.len()))
}

fn ureq(plan: &Plan) -> Result<Sample, BoxError> {
    let agent = clients::ureq(plan)?;
    plan.measure(|| Ok(agent.get(&plan.url).call()?.body_mut().read_to_vec()?.len()))
}

fn curl(plan: &Plan) -> Result<Sample, BoxError> {
    let mut easy = Easy2::new(Collected::default());
    clients::curl(&mut easy, plan)?;
    plan.measure(|| {
        easy.perform()?;
        Ok(easy.get_mut().take().len())
    })
}

/// A body in memory, as the other clients give it.
#[derive(Default)]
pub(crate) struct Collected(Vec<u8>);

impl Collected {
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl Handler for Collected {
    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        self.0.extend_from_slice(data);
        Ok(data.len())
    }
}
