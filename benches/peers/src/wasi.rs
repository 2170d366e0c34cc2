//! GETs by a component under wasmtime (benches/wasi), whose CPU time is the host's: starting it falls out of the difference
//! between a long run and a short one.

use std::env::var_os;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::UsageWho;

use crate::measure::{BoxError, Plan, Sample, cpu_time};

pub(crate) fn run(peer: &str, plan: &Plan) -> Result<Sample, BoxError> {
    let short = plan.count / 10;
    let (short_cpu, short_wall) = component(peer, plan, short)?;
    let (cpu, wall) = component(peer, plan, plan.count + short)?;
    let count = f64::from(plan.count);
    Ok(Sample { cpu: (cpu - short_cpu) / count, wall: (wall - short_wall) / count, memory: 0.0 })
}

/// Microseconds of CPU and of wall time.
#[expect(clippy::disallowed_methods, reason = "the ban is whimbrel's; here time is what is measured")]
fn component(peer: &str, plan: &Plan, count: u32) -> Result<(f64, f64), BoxError> {
    let wasmtime = var_os("PEERS_WASMTIME").ok_or("PEERS_WASMTIME names no wasmtime")?;
    let module = var_os("PEERS_WASI").ok_or("PEERS_WASI names no component")?;
    let (cpu, wall) = (cpu_time(UsageWho::RUSAGE_CHILDREN)?, Instant::now());
    let output = Command::new(wasmtime)
        .args(["run", "--allow-precompiled", "-S", "http", "-S", "inherit-network"])
        .arg(module)
        .args([peer, &plan.url, &count.to_string(), &plan.length.to_string()])
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let cpu = cpu_time(UsageWho::RUSAGE_CHILDREN)? - cpu;
    Ok((cpu.as_secs_f64() * 1e6, wall.elapsed().as_secs_f64() * 1e6))
}
