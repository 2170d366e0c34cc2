//! libcurl with many requests in flight: a multi handle, which its own loop drives.

use std::time::Duration;

use curl::easy::Easy2;
use curl::multi::{Easy2Handle, Multi};

use crate::clients;
use crate::get_blocking::Collected;
use crate::measure::{BoxError, Plan, Sample, Start};

pub(crate) fn curl(plan: &Plan) -> Result<Sample, BoxError> {
    let mut multi = Multi::new();
    multi.pipelining(false, plan.http2)?;
    let mut idle = Vec::new();
    for _ in 0..plan.at_once {
        let mut easy = Easy2::new(Collected::default());
        clients::curl(&mut easy, plan)?;
        idle.push(easy);
    }
    // Alone, as get::measure does it.
    let mut transfers = Transfers { multi, idle, active: Vec::new() };
    transfers.make(1, plan)?;
    transfers.make(plan.warm_up(), plan)?;
    let start = Start::now()?;
    transfers.make(plan.count, plan)?;
    start.per_request(plan.count)
}

struct Transfers {
    multi: Multi,
    idle: Vec<Easy2<Collected>>,
    /// A transfer's token is its place here.
    active: Vec<Option<Easy2Handle<Collected>>>,
}

impl Transfers {
    fn make(&mut self, mut requests: u32, plan: &Plan) -> Result<(), BoxError> {
        self.active.clear();
        while requests > 0
            && let Some(easy) = self.idle.pop()
        {
            self.active.push(None);
            self.start(self.active.len() - 1, easy)?;
            requests -= 1;
        }
        while self.multi.perform()? > 0 || self.active.iter().any(Option::is_some) {
            for place in self.finished() {
                let easy = self.finish(place, plan)?;
                match requests.checked_sub(1) {
                    Some(left) => (requests, ()) = (left, self.start(place, easy)?),
                    None => self.idle.push(easy),
                }
            }
            self.multi.wait(&mut [], Duration::from_secs(1))?;
        }
        Ok(())
    }

    fn start(&mut self, place: usize, easy: Easy2<Collected>) -> Result<(), BoxError> {
        let mut handle = self.multi.add2(easy)?;
        handle.set_token(place)?;
        self.active[place] = Some(handle);
        Ok(())
    }

    fn finished(&self) -> Vec<usize> {
        let mut places = Vec::new();
        self.multi.messages(|message| places.extend(message.token().ok()));
        places
    }

    /// What failed has no body, or not all of it.
    fn finish(&mut self, place: usize, plan: &Plan) -> Result<Easy2<Collected>, BoxError> {
        let handle = self.active[place].take().ok_or("a transfer ended twice")?;
        let mut easy = self.multi.remove2(handle)?;
        plan.check(easy.get_mut().take().len())?;
        Ok(easy)
    }
}
