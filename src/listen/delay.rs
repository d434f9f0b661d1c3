//! Rejects are held back a little, so that guessing passwords is slow (RFC 5080 section 2.2.2) — but never longer than the router waits. No worker waits for it.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::batch::SendBatch;

/// More held replies than this are sent at once: a flood must not fill memory.
const MAX_HELD: usize = 20_000;

struct Held {
    due: Instant,
    socket: Arc<UdpSocket>,
    peer: SocketAddr,
    local: Option<IpAddr>,
    reply: Box<[u8]>,
}

#[derive(Default)]
struct Queue {
    held: VecDeque<Held>,
    stopping: bool,
}

/// Replies on their way, with the thread that sends them when they are due.
pub struct DelayedReplies {
    delay: Duration,
    shared: Arc<(Mutex<Queue>, Condvar)>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl DelayedReplies {
    /// Starts the thread. Without delay it has nothing to do.
    pub fn start(delay: Duration) -> std::io::Result<DelayedReplies> {
        let shared = Arc::new((Mutex::new(Queue::default()), Condvar::new()));
        let theirs = shared.clone();
        let thread = std::thread::Builder::new().name("rejects".into()).spawn(move || run(&theirs))?;
        Ok(DelayedReplies { delay, shared, thread: Mutex::new(Some(thread)) })
    }

    /// How long replies are held back, milliseconds.
    pub fn delay_ms(&self) -> i64 {
        self.delay.as_millis() as i64
    }

    /// Takes a reply to send later; false if it must be sent now.
    pub fn hold(&self, socket: &Arc<UdpSocket>, peer: SocketAddr, local: Option<IpAddr>, reply: &[u8]) -> bool {
        if self.delay.is_zero() {
            return false;
        }
        let (queue, wake) = &*self.shared;
        let mut queue = queue.lock();
        if queue.held.len() >= MAX_HELD || queue.stopping {
            return false;
        }
        queue.held.push_back(Held { due: Instant::now() + self.delay, socket: socket.clone(), peer, local, reply: reply.into() });
        if queue.held.len() == 1 {
            wake.notify_one();
        }
        true
    }

    /// Sends what is held and ends the thread.
    pub fn stop(&self) {
        let (queue, wake) = &*self.shared;
        queue.lock().stopping = true;
        wake.notify_one();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that holds rejects back had panicked");
        }
    }
}

fn run(shared: &(Mutex<Queue>, Condvar)) {
    let (queue, wake) = shared;
    let mut batch = SendBatch::new();
    loop {
        let due = {
            let mut queue = queue.lock();
            let now = Instant::now();
            match queue.held.front() {
                None if queue.stopping => return,
                None => {
                    wake.wait(&mut queue);
                    continue;
                }
                Some(first) if first.due > now && !queue.stopping => {
                    let until = first.due;
                    wake.wait_until(&mut queue, until);
                    continue;
                }
                Some(_) => queue.held.pop_front(),
            }
        };
        if let Some(held) = due {
            batch.push(&held.reply, held.peer, held.local);
            batch.flush(&held.socket);
        }
    }
}
