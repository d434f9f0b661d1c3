//! What a run found: counters, a latency histogram, and the JSON line that is printed.

use crate::cpu::Meter;
use crate::engine::Verdict;
use std::fmt::Write;

/// Buckets per doubling: a value is known to within 1/64.
const FINE: u64 = 64;

/// A histogram of microseconds, exact below 128, then within 1.6 %.
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; 64 * 30], total: 0 }
    }
}

impl Histogram {
    /// Counts one value.
    pub fn add(&mut self, micros: u64) {
        let last = self.counts.len() - 1;
        self.counts[bucket(micros).min(last)] += 1;
        self.total += 1;
    }

    /// The value below which `share` (0 to 1) of all lie, in milliseconds; 0 if there are none.
    pub fn millis_at(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return floor_of(index) as f64 / 1000.0;
            }
        }
        0.0
    }
}

fn bucket(value: u64) -> usize {
    if value < 2 * FINE {
        return value as usize;
    }
    let shift = u64::from(63 - value.leading_zeros()) - 6;
    (shift * FINE + (value >> shift)) as usize
}

fn floor_of(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * FINE {
        return index;
    }
    let shift = index / FINE - 1;
    (index - shift * FINE) << shift
}

/// Counters of one run. "Measured" requests are those sent within the measured window.
#[derive(Default)]
pub struct Outcome {
    /// Measured requests.
    pub sent: u64,
    /// Of those: accepted (or acknowledged), rejected, answered wrongly, unanswered for too long.
    pub accepts: u64,
    pub rejects: u64,
    pub bad: u64,
    pub lost: u64,
    /// Replies to requests already given up, in the whole run.
    pub late: u64,
    /// Replies whose authenticators were checked, and how many of them had a Message-Authenticator; whole run.
    pub verified: u64,
    pub with_mac: u64,
    /// Datagrams that the kernel refused to take, and open-loop sends for which no identifier was free.
    pub send_blocked: u64,
    pub slots_missing: u64,
    /// Octets of the last request and the last reply.
    pub request_octets: usize,
    pub reply_octets: usize,
    /// Latency of the measured requests.
    pub latency: Histogram,
    /// Replies since the window opened, and those before it closed.
    pub replies_until_now: u64,
    pub replies_in_window: u64,
    seconds: f64,
    server_micros: f64,
    root_micros: Vec<f64>,
    own_micros: f64,
}

impl Outcome {
    /// Counts one answer.
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accept => self.accepts += 1,
            Verdict::Reject => self.rejects += 1,
            Verdict::Bad => self.bad += 1,
        }
    }

    /// Closes the run.
    pub fn finish(&mut self, seconds: f64, meter: &Meter) {
        self.seconds = seconds;
        self.server_micros = meter.server_micros();
        self.root_micros = meter.root_micros();
        self.own_micros = meter.own_micros();
    }

    fn answered(&self) -> u64 {
        self.accepts + self.rejects + self.bad
    }

    /// One JSON object on one line; `extra` is spliced in (`,"key":value`...). Units: names end in them, latencies are milliseconds.
    pub fn json(&self, mode: &str, pace: &str, extra: &str) -> String {
        let seconds = self.seconds.max(1e-9);
        let replies = self.replies_in_window.max(1) as f64;
        let mut line = String::from("{");
        let _ = write!(line, "\"mode\":\"{mode}\",\"pace\":\"{pace}\",\"seconds\":{:.3}", self.seconds);
        let _ = write!(line, ",\"sent\":{},\"answered\":{},\"accepts\":{}", self.sent, self.answered(), self.accepts);
        let _ = write!(line, ",\"rejects\":{},\"bad\":{},\"lost\":{},\"late\":{}", self.rejects, self.bad, self.lost, self.late);
        let _ = write!(line, ",\"offered_per_second\":{:.0}", self.sent as f64 / seconds);
        let _ = write!(line, ",\"requests_per_second\":{:.0}", self.replies_in_window as f64 / seconds);
        let _ = write!(line, ",\"goodput_per_second\":{:.0}", (self.accepts + self.rejects) as f64 / seconds);
        for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            let _ = write!(line, ",\"{name}_ms\":{:.3}", self.latency.millis_at(share));
        }
        let _ = write!(line, ",\"verified\":{},\"verified_with_message_authenticator\":{}", self.verified, self.with_mac);
        let _ = write!(line, ",\"send_blocked\":{},\"slots_missing\":{}", self.send_blocked, self.slots_missing);
        let _ = write!(line, ",\"request_octets\":{},\"reply_octets\":{}", self.request_octets, self.reply_octets);
        let _ = write!(line, ",\"generator_cpu_us_per_request\":{:.2}", self.own_micros / replies);
        if !self.root_micros.is_empty() {
            let _ = write!(line, ",\"cpu_us_per_request\":{:.2}", self.server_micros / replies);
            let each: Vec<String> = self.root_micros.iter().map(|micros| format!("{:.2}", micros / replies)).collect();
            let _ = write!(line, ",\"cpu_us_per_request_by_pid\":[{}]", each.join(","));
        }
        line.push_str(extra);
        line.push('}');
        line
    }
}
