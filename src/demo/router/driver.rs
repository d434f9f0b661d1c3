//! Drives a simulated router over UDP: one socket per exchange, as RouterOS uses a new source port for every request.

use super::{
    Counters, Datagram, DemoCustomer, Faults, Incoming, Method, Personality, Port, RouterOptions, Service, SimulatedRouter, random::Random,
};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How often the router looks at its timers.
const TICK: Duration = Duration::from_millis(20);
/// No new logins while this many exchanges wait, so that an unreachable server does not eat all file descriptors.
const MAX_PENDING: usize = 400;
/// Longest datagram the router takes.
const MAX_DATAGRAM: usize = 4096;

/// One simulated router and its customers.
#[derive(Debug, Clone)]
pub struct SimulationOptions {
    /// Where Access-Requests go.
    pub auth: SocketAddr,
    /// Where Accounting-Requests go.
    pub acct: SocketAddr,
    /// Source address of the router's datagrams (127.0.0.2 and so on give several routers on one machine); none: the system's choice.
    pub source: Option<IpAddr>,
    /// Shared secret.
    pub secret: Vec<u8>,
    /// NAS-Identifier.
    pub identity: String,
    /// NAS-IP-Address.
    pub nas_address: Ipv4Addr,
    /// Which RouterOS.
    pub personality: Personality,
    /// Customers behind the router.
    pub users: Vec<DemoCustomer>,
    /// New logins in a second while customers are offline.
    pub logins_per_sec: f64,
    /// Share of logins with a wrong password, 0..=1.
    pub wrong_password_share: f64,
    /// How long customers stay, in seconds: least and most.
    pub stay_secs: (u64, u64),
    /// The router loses power this often; none: never.
    pub reboot_every_secs: Option<u64>,
    /// `/radius timeout` in milliseconds.
    pub timeout_ms: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// What it does with CoA and Disconnect requests.
    pub incoming: Incoming,
    /// Port of `/radius incoming` at `source`; none: it takes no CoA.
    pub coa_port: Option<u16>,
    /// Seed of everything random; the timing of replies still differs between runs.
    pub seed: u64,
}

/// Runs one router until `stop` is set (seen within 20 ms). Customers online are then left online, as when a router is unplugged.
///
/// # Errors
/// When a socket cannot be opened at the source address. Errors while sending count like lost datagrams.
pub async fn run(options: SimulationOptions, stop: Arc<AtomicBool>, counters: Arc<Counters>) -> io::Result<()> {
    let mut driver = Driver::new(&options, counters);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let started = Instant::now();
    let mut next_reboot = options.reboot_every_secs.map(|secs| started + Duration::from_secs(secs));
    let mut logins_done = 0.0;
    let incoming = match options.coa_port {
        Some(port) => Some(UdpSocket::bind(SocketAddr::new(driver.source.ip(), port)).await?),
        None => None,
    };
    let mut request = vec![0; MAX_DATAGRAM];
    while !stop.load(Relaxed) {
        tokio::select! {
            _ = tick.tick() => {
                if next_reboot.is_some_and(|at| at <= Instant::now()) {
                    driver.router.reboot(unix_ms());
                    next_reboot = options.reboot_every_secs.map(|secs| Instant::now() + Duration::from_secs(secs));
                }
                let wanted = started.elapsed().as_secs_f64() * options.logins_per_sec;
                while logins_done < wanted {
                    logins_done += 1.0;
                    driver.start_login(&options).await?;
                }
                driver.send_due().await?;
            }
            Some(Ok((length, peer))) = receive(incoming.as_ref(), &mut request) => {
                if let (Some(socket), Some(answer)) = (&incoming, driver.router.incoming(&request[..length], peer.ip(), unix_ms())) {
                    // What cannot be sent counts like a lost datagram.
                    let _ = socket.send_to(&answer, peer).await;
                }
                driver.send_due().await?;
            }
            Some((exchange, bytes)) = driver.replies.recv() => {
                driver.router.receive(exchange, &bytes, unix_ms());
                driver.send_due().await?;
            }
        }
    }
    Ok(())
}

/// The next datagram of `/radius incoming`; `None` where there is none, which ends the wait for it.
async fn receive(socket: Option<&UdpSocket>, buffer: &mut [u8]) -> Option<io::Result<(usize, SocketAddr)>> {
    match socket {
        Some(socket) => Some(socket.recv_from(buffer).await),
        None => None,
    }
}

struct Driver {
    router: SimulatedRouter,
    customers: Vec<Arc<DemoCustomer>>,
    random: Random,
    source: SocketAddr,
    servers: [SocketAddr; 2],
    sockets: HashMap<u64, OpenSocket>,
    sender: mpsc::Sender<(u64, Vec<u8>)>,
    replies: mpsc::Receiver<(u64, Vec<u8>)>,
}

/// An exchange's socket and the task that reads it; dropping it ends both.
struct OpenSocket {
    socket: Arc<UdpSocket>,
    reader: JoinHandle<()>,
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Driver {
    fn new(options: &SimulationOptions, counters: Arc<Counters>) -> Self {
        let (sender, replies) = mpsc::channel(1024);
        let any: IpAddr = if options.auth.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { std::net::Ipv6Addr::UNSPECIFIED.into() };
        let router_options = RouterOptions {
            identity: options.identity.clone(),
            nas_address: options.nas_address,
            secret: options.secret.clone(),
            personality: options.personality,
            boot: (options.seed & 0x0f) as u8,
            timeout_ms: options.timeout_ms,
            stay_secs: Some(options.stay_secs),
            faults: options.faults,
            incoming: options.incoming,
            enforces_limits: true,
            use_permille: None,
            server: None,
            seed: options.seed,
        };
        Self {
            router: SimulatedRouter::new(router_options, counters, unix_ms()),
            customers: options.users.iter().cloned().map(Arc::new).collect(),
            random: Random::new(options.seed ^ 0x5851_f42d_4c95_7f2d),
            source: SocketAddr::new(options.source.unwrap_or(any), 0),
            servers: [options.auth, options.acct],
            sockets: HashMap::new(),
            sender,
            replies,
        }
    }

    /// Lets an offline customer dial; does nothing when a few random picks are all online, or too much is pending.
    async fn start_login(&mut self, options: &SimulationOptions) -> io::Result<()> {
        if self.router.pending() >= MAX_PENDING || self.customers.is_empty() {
            return Ok(());
        }
        let picked = (0..8).find_map(|_| {
            let customer = &self.customers[self.random.below(self.customers.len() as u64) as usize];
            (!self.router.is_busy(&customer.username)).then(|| Arc::clone(customer))
        });
        let Some(customer) = picked else { return Ok(()) };
        let wrong = self.random.happens(options.wrong_password_share);
        let password = if wrong { format!("{}x", customer.password) } else { customer.password.clone() };
        let method = pick_method(customer.service, &mut self.random);
        match self.router.login(&customer, &password, method, unix_ms()) {
            Some(datagram) => self.send(datagram).await,
            None => Ok(()),
        }
    }

    async fn send_due(&mut self) -> io::Result<()> {
        for datagram in self.router.due(unix_ms()) {
            self.send(datagram).await?;
        }
        self.sockets.retain(|&exchange, _| self.router.is_pending(exchange));
        Ok(())
    }

    async fn send(&mut self, datagram: Datagram) -> io::Result<()> {
        let open = match self.sockets.get(&datagram.exchange) {
            Some(open) => open,
            None => {
                let open = self.open(datagram.exchange).await?;
                self.sockets.entry(datagram.exchange).or_insert(open)
            }
        };
        let server = self.servers[usize::from(datagram.port == Port::Accounting)];
        // A refused or unreachable port shows here; for a router that is a lost datagram.
        let _ = open.socket.send_to(&datagram.bytes, server).await;
        Ok(())
    }

    async fn open(&self, exchange: u64) -> io::Result<OpenSocket> {
        let socket = Arc::new(UdpSocket::bind(self.source).await?);
        let reader = tokio::spawn(read_replies(Arc::clone(&socket), self.servers, exchange, self.sender.clone()));
        Ok(OpenSocket { socket, reader })
    }
}

async fn read_replies(socket: Arc<UdpSocket>, servers: [SocketAddr; 2], exchange: u64, sender: mpsc::Sender<(u64, Vec<u8>)>) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) if servers.contains(&from) => {
                if sender.send((exchange, buffer[..length].to_vec())).await.is_err() {
                    return;
                }
            }
            Ok(_) => {}
            // An ICMP "port unreachable" of an earlier datagram; the next try may find the server.
            Err(_) => tokio::time::sleep(TICK).await,
        }
    }
}

/// RouterOS offers the strongest method first, so most PPPoE devices end with MS-CHAPv2; hotspots use CHAP or PAP by their login-by setting.
fn pick_method(service: Service, random: &mut Random) -> Method {
    match (service, random.below(10)) {
        (Service::Ppp, 0) => Method::Pap,
        (Service::Ppp, 1 | 2) => Method::Chap,
        (Service::Ppp, 3) => Method::MsChapV1,
        (Service::Ppp, _) => Method::MsChapV2,
        (Service::Hotspot, 0..=6) => Method::Chap,
        (Service::Hotspot, _) => Method::Pap,
    }
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radius::client::{Code, reply_to};

    fn options(server: SocketAddr) -> SimulationOptions {
        let user = |number| DemoCustomer {
            username: format!("guest{number}"),
            password: "pw".into(),
            mac: format!("02:00:00:00:00:{number:02X}"),
            service: Service::Hotspot,
        };
        SimulationOptions {
            auth: server,
            acct: server,
            source: Some(Ipv4Addr::LOCALHOST.into()),
            secret: b"secret".to_vec(),
            identity: "r".into(),
            nas_address: Ipv4Addr::LOCALHOST,
            personality: Personality::V7,
            users: (0..20).map(user).collect(),
            logins_per_sec: 500.0,
            wrong_password_share: 0.0,
            stay_secs: (3600, 3600),
            reboot_every_secs: None,
            timeout_ms: 3000,
            faults: Faults::default(),
            incoming: Incoming::Obey,
            coa_port: None,
            seed: 1,
        }
    }

    /// Real UDP: every login is accepted, every Start acknowledged, and every request comes from a source port of its own.
    #[tokio::test]
    async fn logs_customers_in_over_udp() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (stop, counters) = (Arc::new(AtomicBool::new(false)), Arc::new(Counters::default()));
        let running = tokio::spawn(run(options(server.local_addr().unwrap()), Arc::clone(&stop), Arc::clone(&counters)));
        let (mut ports, mut starts, mut buffer) = (std::collections::HashSet::new(), 0, [0; 4096]);
        while starts < 20 {
            let received = tokio::time::timeout(Duration::from_secs(30), server.recv_from(&mut buffer)).await;
            let (length, from) = received.expect("the router goes on sending").unwrap();
            let access = buffer[0] == 1;
            starts += usize::from(!access);
            ports.insert(from.port());
            let code = if access { Code::AccessAccept } else { Code::AccountingResponse };
            server.send_to(&reply_to(&buffer[..length], code, &[], b"secret", access), from).await.unwrap();
        }
        stop.store(true, Relaxed);
        running.await.unwrap().unwrap();
        let counted = counters.snapshot();
        assert_eq!((counted.accepts, counted.online, counted.bad_replies, counted.rejects), (20, 20, 0, 0), "{counted:?}");
        assert!(ports.len() >= 20, "{} source ports for 40 requests", ports.len());
    }
}
