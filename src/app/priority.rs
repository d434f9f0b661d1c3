//! Who gives way to whom when the processor is short.

/// Against the 0 of the threads that answer routers: a third of their share where both want all of it, and theirs at once where they have little to do.
const NICE: i32 = 5;

/// Lets the threads that answer routers go before the calling thread and those that it starts. Waiting requests are worth more than a transaction that ends
/// a moment earlier; the other way round a login would wait behind whole time slices of bookkeeping.
pub fn give_way() {
    // Whoever may not even be nicer works at the pace he is given.
    let _ = rustix::process::nice(NICE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_calling_thread_and_its_children_give_way() {
        let nice = || rustix::process::nice(0).expect("read");
        let before = nice();
        let inside = std::thread::spawn(move || {
            give_way();
            (nice(), std::thread::spawn(nice).join().expect("ends"))
        });
        let (own, childs) = inside.join().expect("ends");
        assert_eq!((own, childs), (own, own));
        assert_eq!(own, (before + NICE).min(19));
        assert_eq!(nice(), before);
    }
}
