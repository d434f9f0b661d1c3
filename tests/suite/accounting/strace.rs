//! Reads a trace of system calls and judges in which order the accounting socket and the journal's files were used.

/// What strace must record.
pub const CALLS: &str = "trace=recvmmsg,recvmsg,recvfrom,sendmmsg,sendmsg,sendto,write,pwrite64,writev,pwritev,pwritev2,fdatasync,fsync";

/// What was counted.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    pub requests: usize,
    pub responses: usize,
    pub syncs: usize,
}

/// One system call. Lines of the trace are the clock: strace writes a line when a call begins and, if others came between, one more
/// when it ends.
struct Call<'a> {
    thread: &'a str,
    name: &'a str,
    /// The first argument: a descriptor with its file or socket, such as `7<UDP:[127.0.0.1:1813]>`.
    target: &'a str,
    begins: usize,
    ends: usize,
    /// `None` when the trace ends before the call does.
    result: Option<i64>,
}

/// Checks that before each send on the UDP port `port`, enough requests were durable: read from the socket, then a write to a file
/// whose path holds `journal`, then an fdatasync of that file which began after the write had ended and had itself ended.
pub fn judge(trace: &str, port: u16, journal: &str) -> Result<Order, String> {
    let calls = calls(trace);
    let socket = format!(":{port}");
    let on_socket = |call: &&Call| call.target.contains("UDP") && call.target.contains(&format!("{socket}]"));
    let on_journal = |call: &&Call| call.target.contains(journal);
    let done = |call: &&Call| call.result.is_some_and(|result| result >= 0);
    let receives: Vec<&Call> = calls.iter().filter(on_socket).filter(done).filter(|call| call.name.starts_with("recv")).collect();
    let sends: Vec<&Call> = calls.iter().filter(on_socket).filter(|call| call.name.starts_with("send")).collect();
    let writes: Vec<&Call> = calls.iter().filter(on_journal).filter(done).filter(|call| call.name.contains("write")).collect();
    let syncs: Vec<&Call> = calls.iter().filter(on_journal).filter(|call| call.name.ends_with("sync") && call.result == Some(0)).collect();

    // After a sync: how many requests had been read before the last write that it covers.
    let mut durable: Vec<(usize, usize)> = Vec::new();
    for sync in &syncs {
        let written = writes.iter().filter(|write| write.target == sync.target && write.ends < sync.begins).map(|write| write.ends).max();
        let read =
            receives.iter().filter(|receive| written.is_some_and(|written| receive.ends < written)).map(|receive| packets(receive)).sum();
        durable.push((sync.ends, read));
    }
    let mut responses = 0;
    for send in &sends {
        responses += packets(send);
        let covered = durable.iter().filter(|(ended, _)| *ended < send.begins).map(|(_, read)| *read).max().unwrap_or(0);
        if responses > covered {
            let line = send.begins + 1;
            return Err(format!("line {line}: {responses} responses were sent when only {covered} requests were on disk"));
        }
    }
    Ok(Order { requests: receives.iter().map(|call| packets(call)).sum(), responses, syncs: syncs.len() })
}

/// How many datagrams a call moved: the batched calls return their number, the others the octets of one.
fn packets(call: &Call) -> usize {
    match call.result {
        Some(result) if call.name.ends_with("mmsg") => usize::try_from(result).unwrap_or(0),
        Some(result) if result >= 0 => 1,
        // A send that had not returned may have sent anything; one is the least.
        _ => 1,
    }
}

fn calls(trace: &str) -> Vec<Call<'_>> {
    let mut calls: Vec<Call> = Vec::new();
    for (number, line) in trace.lines().enumerate() {
        // With -f each line begins with the thread's number.
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let name = resumed.split(' ').next().unwrap_or_default();
            let open = calls.iter_mut().rev().find(|call| call.ends == usize::MAX && call.name == name && call.thread == thread);
            if let Some(call) = open {
                (call.ends, call.result) = (number, result(rest));
            }
        } else if let Some((name, arguments)) = rest.split_once('(') {
            let target = arguments.split([',', ')']).next().unwrap_or_default();
            let target = target.trim_end_matches(" <unfinished ...>");
            let unfinished = rest.ends_with("<unfinished ...>");
            let (ends, result) = if unfinished { (usize::MAX, None) } else { (number, result(rest)) };
            calls.push(Call { thread, name, target, begins: number, ends, result });
        }
    }
    calls
}

fn result(line: &str) -> Option<i64> {
    line.rsplit_once(" = ")?.1.split(' ').next()?.parse().ok()
}

#[test]
fn tells_a_response_before_its_sync_from_one_after() {
    let receive = "11 recvmmsg(5<UDP:[127.0.0.1:1813]>, [{}], 64, MSG_WAITFORONE, NULL) = 2\n";
    let write = "12 pwrite64(9</data/journal/0001.seg>, \"\"..., 400, 0) = 400\n";
    let sync_begins = "12 fdatasync(9</data/journal/0001.seg> <unfinished ...>\n";
    let sync_ends = "12 <... fdatasync resumed>)        = 0\n";
    let sync = "12 fdatasync(9</data/journal/0001.seg>) = 0\n";
    let send = "12 sendmmsg(5<UDP:[127.0.0.1:1813]>, [{}], 2, 0) = 2\n";
    let good = [receive, write, sync_begins, receive, sync_ends, send, write, sync, send].concat();
    assert_eq!(judge(&good, 1813, "/journal/"), Ok(Order { requests: 4, responses: 4, syncs: 2 }));
    let bad = [
        ("no sync", vec![receive, write, send]),
        ("sent while the sync runs", vec![receive, write, sync_begins, send, sync_ends]),
        ("synced before it was written", vec![receive, sync, write, send]),
        ("written before it was read", vec![write, receive, sync, send]),
        ("read while the sync runs", vec![receive, write, sync_begins, receive, sync_ends, send, send]),
        ("another file synced", vec![receive, write, "12 fdatasync(8</data/tollgate.db>) = 0\n", send]),
        ("a failed sync", vec![receive, write, "12 fdatasync(9</data/journal/0001.seg>) = -1 EIO (Input/output error)\n", send]),
    ];
    for (name, lines) in bad {
        assert!(judge(&lines.concat(), 1813, "/journal/").is_err(), "{name}");
    }
    assert!(judge(&send.replace("1813", "1812"), 1813, "/journal/").is_ok(), "another socket");
}
