//! CPU time of the servers under test and of the generator, from `/proc/PID/stat` (proc(5)).
//!
//! A named process counts with all its descendants, and with its children that already ended (cutime and cstime), so that
//! a PostgreSQL postmaster stands for every backend, also for those that come and go within the window.

use std::collections::HashMap;
use std::fs;

/// Kernel clock ticks per second in /proc; fixed at 100 in the Linux user-space interface.
const TICKS_PER_SECOND: f64 = 100.0;

struct Usage {
    parent: u32,
    own_ticks: u64,
    ended_children_ticks: u64,
}

fn usage(pid: u32) -> Option<Usage> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces and parentheses: fields are counted from its end. The next one is field 3.
    let rest: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| rest.get(field - 3).and_then(|text| text.parse::<u64>().ok());
    Some(Usage { parent: number(4)? as u32, own_ticks: number(14)? + number(15)?, ended_children_ticks: number(16)? + number(17)? })
}

/// Ticks of each root with its whole tree.
fn tree_ticks(roots: &[u32]) -> Vec<u64> {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if let Some((pid, usage)) = pid.and_then(|pid| Some((pid, usage(pid)?))) {
            all.insert(pid, usage);
        }
    }
    let mut ticks = vec![0; roots.len()];
    for (pid, usage) in &all {
        let mut ancestor = *pid;
        while let Some(next) = all.get(&ancestor) {
            if let Some(index) = roots.iter().position(|root| *root == ancestor) {
                ticks[index] += usage.own_ticks + usage.ended_children_ticks;
                break;
            }
            ancestor = next.parent;
        }
    }
    ticks
}

/// Reads CPU times at both ends of the measured window.
pub struct Meter {
    roots: Vec<u32>,
    before: Vec<u64>,
    after: Vec<u64>,
}

impl Meter {
    /// For these server processes; their children count with them.
    pub fn new(servers: &[u32]) -> Self {
        let mut roots = servers.to_vec();
        roots.push(std::process::id());
        Meter { before: vec![0; roots.len()], after: vec![0; roots.len()], roots }
    }

    /// The window opens.
    pub fn start(&mut self) {
        self.before = tree_ticks(&self.roots);
    }

    /// The window closes.
    pub fn stop(&mut self) {
        self.after = tree_ticks(&self.roots);
    }

    fn micros(&self, index: usize) -> f64 {
        self.after[index].saturating_sub(self.before[index]) as f64 / TICKS_PER_SECOND * 1e6
    }

    /// CPU of each named server within the window, µs.
    pub fn root_micros(&self) -> Vec<f64> {
        (0..self.roots.len() - 1).map(|index| self.micros(index)).collect()
    }

    /// CPU of all servers within the window, µs.
    pub fn server_micros(&self) -> f64 {
        self.root_micros().iter().sum()
    }

    /// CPU of the generator itself, µs.
    pub fn own_micros(&self) -> f64 {
        self.micros(self.roots.len() - 1)
    }
}
