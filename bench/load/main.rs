//! Load generator for RADIUS servers: `cargo bench --bench load -- MODE [FLAGS]`; `--help` lists the flags, `bench/README.md`
//! says what each mode prints. Also the limit responder (`limit-serve`).

// Its output is its purpose.
#![allow(clippy::print_stdout)]

mod accounting;
mod batch;
mod cpu;
mod engine;
mod limit;
mod logins;
mod mschap;
mod report;
mod users;
mod wire;

use accounting::{ClassLogins, Sessions};
use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use cpu::Meter;
use engine::{Engine, Pace, Plan, ports_for};
use logins::{Login, Mac, Method, Pool, Router, Status};
use report::Outcome;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use users::{Dice, Users};
use wire::Secret;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Access-Requests with User-Password
    Pap,
    /// Access-Requests with CHAP-Password
    Chap,
    /// Access-Requests with MS-CHAP2-Response
    Mschapv2,
    /// Accounting of live sessions: starts --sessions of them, then measures the mix
    Acct,
    /// Accounting of --sessions sessions that start and stop at once, as fast as they go: fills a server with history
    AcctClosed,
    /// Status-Server requests
    Status,
    /// Not a load: answers on --server as the limit responder
    LimitServe,
}

#[derive(Clone, Copy, ValueEnum)]
enum MacPlace {
    First,
    Last,
    None,
}

/// Measures a RADIUS server and prints one line of JSON.
#[derive(Parser)]
#[command(name = "load")]
struct Flags {
    /// Without one nothing is done: plain `cargo bench` starts every benchmark without arguments
    mode: Option<Mode>,
    /// Address of the server under test
    #[arg(long, default_value = "127.0.0.1:1812")]
    server: SocketAddr,
    #[arg(long, default_value = "testing123")]
    secret: String,
    /// Open loop: requests per second, sent whether or not earlier ones were answered
    #[arg(long)]
    rate: Option<f64>,
    /// Closed loop: requests outstanding over all ports
    #[arg(long, default_value_t = 512)]
    window: usize,
    /// Source ports; an open loop takes as many as its rate needs unless told
    #[arg(long)]
    ports: Option<usize>,
    /// Seconds measured
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Seconds before that
    #[arg(long, default_value_t = 1.0)]
    warmup: f64,
    /// Microseconds of sleep between rounds of sending and receiving
    #[arg(long, default_value_t = 50)]
    pause_us: u64,
    /// Seconds after which an unanswered request is lost [default: 1 in an open loop, 5 in a closed one]
    #[arg(long)]
    patience: Option<f64>,
    /// Check the authenticators of every n-th reply; 0 checks none
    #[arg(long, default_value_t = 4)]
    verify_every: u32,
    /// Count checked replies to Access-Requests without Message-Authenticator as bad
    #[arg(long)]
    require_message_authenticator: bool,
    /// Number of users, from 1
    #[arg(long, default_value_t = 100_000)]
    users: u32,
    #[arg(long, default_value = "u")]
    username_prefix: String,
    /// Digits of the user's number
    #[arg(long, default_value_t = 6)]
    digits: usize,
    /// Password; {n} stands for the padded number
    #[arg(long, default_value = "pw{n}")]
    password_pattern: String,
    /// Where the Message-Authenticator of an Access-Request stands
    #[arg(long, default_value = "last")]
    message_authenticator: MacPlace,
    #[arg(long, default_value = "bras-1")]
    nas_identifier: String,
    #[arg(long, default_value = "127.0.0.1")]
    nas_ip_address: Ipv4Addr,
    #[arg(long, default_value_t = 15)]
    nas_port_type: u32,
    #[arg(long, default_value = "pppoe-1")]
    called_station_id: String,
    #[arg(long, default_value = "ether2")]
    nas_port_id: String,
    /// Accounting: sessions that live before the measurement, or that acct-closed closes
    #[arg(long, default_value_t = 50_000)]
    sessions: usize,
    /// Accounting: weights of start:interim:stop
    #[arg(long, default_value = "1:8:1")]
    mix: String,
    /// Accounting: boot nibble of the session ids, 0 to 15
    #[arg(long, default_value_t = 0)]
    boot_nibble: u8,
    /// Accounting: counter of the first session id, 0 to 1048575
    #[arg(long, default_value_t = 0)]
    first_session: u32,
    /// Accounting: write the ledger of acknowledged counters to this CSV file
    #[arg(long)]
    ledger: Option<PathBuf>,
    /// Accounting: octets of a constant Class in every packet, as a stand-in for the one of a login; 0 sends none
    #[arg(long, default_value_t = 0)]
    class_octets: usize,
    /// Accounting: log the sessions in by PAP first, at this address, and send the Class of each Accept
    #[arg(long)]
    class_from_login: Option<SocketAddr>,
    /// Accounting: with --class-from-login, sessions logged in beyond --sessions, for the starts within the measurement
    #[arg(long, default_value_t = 50_000)]
    spare_sessions: usize,
    /// Accounting: stop all live sessions after the measurement
    #[arg(long)]
    drain: bool,
    /// Processes whose CPU counts as the server's, with their children
    #[arg(long, value_delimiter = ',')]
    server_pids: Vec<u32>,
    /// Keep the generator on this processor
    #[arg(long)]
    pin: Option<usize>,
    /// Of the random choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Limit responder: reply with nothing but the authenticators
    #[arg(long)]
    small_replies: bool,
    /// Set by cargo bench; means nothing here
    #[arg(long, hide = true)]
    bench: bool,
}

impl Flags {
    fn users(&self) -> Users {
        Users {
            prefix: self.username_prefix.clone(),
            count: self.users.max(1),
            digits: self.digits,
            password_pattern: self.password_pattern.clone(),
        }
    }

    fn router(&self) -> Router {
        Router {
            identifier: self.nas_identifier.clone(),
            address: self.nas_ip_address.octets(),
            port_type: self.nas_port_type,
            called: self.called_station_id.clone(),
            port_id: self.nas_port_id.clone(),
            boot_nibble: self.boot_nibble,
        }
    }

    fn login(&self, method: Method, secret: &Rc<Secret>) -> Login {
        let mac = match self.message_authenticator {
            MacPlace::First => Mac::First,
            MacPlace::Last => Mac::Last,
            MacPlace::None => Mac::Absent,
        };
        Login::new(self.users(), &self.router(), method, mac, secret.clone())
    }

    fn pace(&self) -> Pace {
        match self.rate {
            Some(per_second) => Pace::Open { per_second },
            None => Pace::Closed { window: self.window },
        }
    }

    /// A closed loop measures what a server can do, and slow is not lost; an open loop measures what a router gets.
    fn patience(&self) -> Duration {
        Duration::from_secs_f64(self.patience.unwrap_or(if self.rate.is_some() { 1.0 } else { 5.0 }))
    }

    fn plan(&self) -> Plan {
        Plan {
            pace: self.pace(),
            warmup: Duration::from_secs_f64(self.warmup),
            measured: Some(Duration::from_secs_f64(self.seconds)),
            verify_every: self.verify_every,
            require_mac: self.require_message_authenticator && !matches!(self.mode, Some(Mode::Acct | Mode::AcctClosed)),
            pause: Duration::from_micros(self.pause_us),
            patience: self.patience(),
        }
    }

    /// A closed-loop plan that lasts until its load is finished.
    fn until_finished(&self) -> Plan {
        Plan { pace: Pace::Closed { window: self.window }, warmup: Duration::ZERO, measured: None, ..self.plan() }
    }

    fn weights(&self) -> Result<[u32; 3]> {
        let parts: Vec<u32> =
            self.mix.split(':').map(str::parse).collect::<Result<_, _>>().context("--mix is three numbers, such as 1:8:1")?;
        match parts[..] {
            [start, interim, stop] if start + interim + stop > 0 => Ok([start, interim, stop]),
            _ => bail!("--mix is three numbers, such as 1:8:1"),
        }
    }
}

fn main() -> Result<()> {
    let flags = Flags::parse();
    let Some(mode) = flags.mode else {
        println!("load: give a mode, see cargo bench --bench load -- --help");
        return Ok(());
    };
    if let Some(processor) = flags.pin {
        batch::pin_to(processor);
    }
    let secret = Rc::new(Secret::new(flags.secret.as_bytes()));
    if mode == Mode::LimitServe {
        let SocketAddr::V4(address) = flags.server else { bail!("the limit responder speaks IPv4 only") };
        return serve_limit(address, &secret, !flags.small_replies);
    }
    let ports = flags.ports.unwrap_or_else(|| flags.rate.map_or(16, |per_second| ports_for(per_second, flags.patience())));
    let mut engine = Engine::new(flags.server, ports.max(1), secret.clone()).context("cannot open the source ports")?;
    let mut meter = Meter::new(&flags.server_pids);
    let (outcome, extra) = match mode {
        Mode::Pap => (logins(&flags, Method::Pap, &secret, &mut engine, &mut meter), String::new()),
        Mode::Chap => (logins(&flags, Method::Chap, &secret, &mut engine, &mut meter), String::new()),
        Mode::Mschapv2 => (logins(&flags, Method::MsChap2, &secret, &mut engine, &mut meter), String::new()),
        Mode::Status => (engine.run(&flags.plan(), &mut Status::new(&secret, &mut Dice(flags.seed)), &mut meter), String::new()),
        Mode::Acct | Mode::AcctClosed => accounting(&flags, mode, &secret, &mut engine, &mut meter)?,
        Mode::LimitServe => bail!("handled above"),
    };
    let mode = mode.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
    let pace = if flags.rate.is_some() { "open" } else { "closed" };
    println!("{}", outcome.json(&mode, pace, &extra));
    Ok(())
}

fn serve_limit(address: SocketAddrV4, secret: &Secret, full: bool) -> Result<()> {
    limit::serve(address, secret, full).context("the limit responder cannot bind its address")
}

/// Packets per identifier in the pool of logins: 131,072 in all.
const POOL_DEPTH: usize = 512;

fn logins(flags: &Flags, method: Method, secret: &Rc<Secret>, engine: &mut Engine, meter: &mut Meter) -> Outcome {
    if method == Method::MsChap2 {
        mschap::self_check();
    }
    let mut pool = Pool::new(&flags.login(method, secret), &flags.router(), POOL_DEPTH, &mut Dice(flags.seed));
    engine.run(&flags.plan(), &mut pool, meter)
}

fn accounting(flags: &Flags, mode: Mode, secret: &Rc<Secret>, engine: &mut Engine, meter: &mut Meter) -> Result<(Outcome, String)> {
    let class = vec![b'c'; flags.class_octets.min(253)];
    let (users, router) = (flags.users(), flags.router());
    let mut sessions = Sessions::new(users, &router, secret.clone(), flags.seed, flags.first_session, flags.weights()?, &class);
    let mut extra = String::new();
    if let Some(address) = flags.class_from_login {
        sessions.prepare(flags.sessions + flags.spare_sessions);
        let login = flags.login(Method::Pap, secret);
        let mut logins = ClassLogins::new(&mut sessions, &login, flags.seed.wrapping_add(7));
        let outcome = Engine::new(address, 16, secret.clone())?.run(&flags.until_finished(), &mut logins, &mut Meter::new(&[]));
        extra += &format!(",\"logins\":{},\"logins_without_class\":{}", outcome.accepts, logins.without_class);
    }
    let outcome = if mode == Mode::AcctClosed {
        sessions.close_count(flags.sessions);
        engine.run(&flags.until_finished(), &mut sessions, meter)
    } else {
        sessions.fill_to(flags.sessions);
        engine.run(&flags.until_finished(), &mut sessions, &mut Meter::new(&[]));
        sessions.mix();
        engine.run(&flags.plan(), &mut sessions, meter)
    };
    if flags.drain {
        sessions.drain();
        engine.run(&flags.until_finished(), &mut sessions, &mut Meter::new(&[]));
    }
    extra += &format!(",\"live_sessions\":{}", sessions.live_count());
    if let Some(path) = &flags.ledger {
        sessions.write_ledger(path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok((outcome, extra))
}
