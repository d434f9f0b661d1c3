//! A disk for tests that keeps synced and unsynced octets apart, forgets at a power cut, and fails on demand.
//!
//! It is public and not hidden behind `cfg(test)`, so that tests outside the library can run a whole server on it.
//! What it imitates: sectors of 512 octets written in any order, file creations and removals lost without a folder sync,
//! short writes, a full disk, and an fsync that fails once, drops the dirty octets and succeeds the next time.

use super::disk::{AppendFile, Disk, DiskEntry, ReadFile};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

const SECTOR_BYTES: usize = 512;

/// See the head of this file. Clones are the same disk.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

struct State {
    powered: bool,
    files: Vec<FileState>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    capacity_bytes: Option<u64>,
    failing: Failing,
    random: Random,
    syncs: u64,
}

#[derive(Default)]
struct Failing {
    writes: u32,
    syncs: u32,
    creates: u32,
    per_mille: u32,
}

#[derive(Clone, Default)]
struct FileState {
    /// What readers see.
    cache: Vec<u8>,
    /// What a power cut leaves.
    durable: Vec<u8>,
    /// Ranges of `cache` that the next successful sync moves to `durable`.
    dirty: Vec<Range<usize>>,
}

impl SimulatedDisk {
    /// An empty disk; `seed` decides what random faults do.
    pub fn new(seed: u64) -> Self {
        let state = State {
            powered: true,
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            capacity_bytes: None,
            failing: Failing::default(),
            random: Random(seed),
            syncs: 0,
        };
        SimulatedDisk { state: Arc::new(Mutex::new(state)) }
    }

    /// Cuts the power: from now on every call on this disk fails, and the disk returned holds what survived. Of
    /// unsynced octets an arbitrary part survives, chosen by `seed`; the rest is missing, zero or garbage.
    pub fn power_cut(&self, seed: u64) -> SimulatedDisk {
        let mut state = self.state.lock();
        state.powered = false;
        let mut random = Random(seed);
        let mut names = state.durable_names.clone();
        for (name, file) in &state.names {
            if names.get(name) != Some(file) && random.below(2) == 0 {
                names.insert(name.clone(), *file);
            }
        }
        names.retain(|name, _| state.names.contains_key(name) || random.below(2) == 0);
        let after = SimulatedDisk::new(random.next());
        {
            let mut survived = after.state.lock();
            for (name, file) in names {
                let content = state.files[file].after_power_cut(&mut random);
                survived.files.push(FileState { cache: content.clone(), durable: content, dirty: Vec::new() });
                let index = survived.files.len() - 1;
                survived.names.insert(name.clone(), index);
                survived.durable_names.insert(name, index);
            }
            survived.capacity_bytes = state.capacity_bytes;
        }
        after
    }

    /// Kills the process but not the machine: from now on every call on this disk fails, and the disk returned has the
    /// same page cache, dirty octets and unsynced names included.
    pub fn kill_process(&self) -> SimulatedDisk {
        let mut state = self.state.lock();
        state.powered = false;
        let after = SimulatedDisk::new(state.random.next());
        {
            let mut same = after.state.lock();
            same.files = state.files.clone();
            same.names = state.names.clone();
            same.durable_names = state.durable_names.clone();
            same.capacity_bytes = state.capacity_bytes;
        }
        after
    }

    /// The next `count` appends write a part and fail.
    pub fn fail_next_writes(&self, count: u32) {
        self.state.lock().failing.writes = count;
    }

    /// The next `count` file syncs fail; the dirty octets are then clean, but not on disk.
    pub fn fail_next_syncs(&self, count: u32) {
        self.state.lock().failing.syncs = count;
    }

    /// The next `count` file creations fail.
    pub fn fail_next_creates(&self, count: u32) {
        self.state.lock().failing.creates = count;
    }

    /// Each append, sync, creation and removal fails with this probability.
    pub fn fail_randomly(&self, per_mille: u32) {
        self.state.lock().failing.per_mille = per_mille;
    }

    /// Ends all failures asked for; the capacity stays.
    pub fn stop_failing(&self) {
        self.state.lock().failing = Failing::default();
    }

    /// Limits the sum of all files; an append beyond it is short and fails with `StorageFull`.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state.lock().capacity_bytes = bytes;
    }

    /// How many file syncs succeeded.
    pub fn sync_count(&self) -> u64 {
        self.state.lock().syncs
    }

    /// A disk with exactly the octets and names that are certain to survive a power cut now; this one goes on.
    pub fn certain_image(&self) -> SimulatedDisk {
        let state = self.state.lock();
        let image = SimulatedDisk::new(0);
        {
            let mut copy = image.state.lock();
            for (name, file) in &state.durable_names {
                let content = state.files[*file].durable.clone();
                copy.files.push(FileState { cache: content.clone(), durable: content, dirty: Vec::new() });
                let index = copy.files.len() - 1;
                copy.names.insert(name.clone(), index);
                copy.durable_names.insert(name.clone(), index);
            }
        }
        image
    }

    /// Overwrites octets of a file, cache and disk alike: rot, for tests of what notices it.
    pub fn corrupt(&self, name: &str, offset: usize, bytes: &[u8]) {
        let mut state = self.state.lock();
        let Some(&file) = state.names.get(name) else { return };
        let file = &mut state.files[file];
        for content in [&mut file.cache, &mut file.durable] {
            for (at, byte) in bytes.iter().enumerate() {
                if let Some(place) = content.get_mut(offset + at) {
                    *place = *byte;
                }
            }
        }
    }

    /// Puts a synced file with this content on the disk.
    pub fn plant(&self, name: &str, content: &[u8]) {
        let mut state = self.state.lock();
        state.files.push(FileState { cache: content.to_vec(), durable: content.to_vec(), dirty: Vec::new() });
        let index = state.files.len() - 1;
        state.names.insert(name.to_string(), index);
        state.durable_names.insert(name.to_string(), index);
    }
}

impl FileState {
    fn sync(&mut self) {
        for range in std::mem::take(&mut self.dirty) {
            self.persist(range);
        }
    }

    fn persist(&mut self, range: Range<usize>) {
        if self.durable.len() < range.end {
            self.durable.resize(range.end, 0);
        }
        self.durable[range.clone()].copy_from_slice(&self.cache[range]);
    }

    /// A failed sync: each dirty sector is on disk or not, and none of them is dirty any more.
    fn fail_sync(&mut self, random: &mut Random) {
        for range in std::mem::take(&mut self.dirty) {
            for sector in sectors(range) {
                if random.below(3) == 0 {
                    self.persist(sector);
                }
            }
        }
    }

    fn after_power_cut(&self, random: &mut Random) -> Vec<u8> {
        let mut survivor = self.clone();
        for range in &self.dirty {
            match random.below(4) {
                0 => {}
                1 => {
                    let kept = random.below(range.len() as u64 + 1) as usize;
                    survivor.persist(range.start..range.start + kept);
                }
                2 => survivor.persist(range.clone()),
                _ => {
                    for sector in sectors(range.clone()) {
                        match random.below(3) {
                            0 => {}
                            1 => survivor.persist(sector),
                            _ => {
                                survivor.persist(sector.clone());
                                survivor.durable[sector].iter_mut().for_each(|byte| *byte = random.next() as u8);
                            }
                        }
                    }
                }
            }
        }
        survivor.durable
    }
}

fn sectors(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    let mut at = range.start;
    std::iter::from_fn(move || {
        let start = at;
        at = ((start / SECTOR_BYTES + 1) * SECTOR_BYTES).min(end);
        (start < end).then_some(start..at)
    })
}

impl State {
    fn check_power(&self) -> io::Result<()> {
        if self.powered { Ok(()) } else { Err(io::Error::other("the power is cut")) }
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.check_power()?;
        self.names.get(name).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn fails(&mut self, pick: impl Fn(&mut Failing) -> &mut u32) -> bool {
        let count = pick(&mut self.failing);
        if *count > 0 {
            *count -= 1;
            return true;
        }
        let per_mille = self.failing.per_mille;
        per_mille > 0 && self.random.below(1000) < u64::from(per_mille)
    }

    fn used_bytes(&self) -> u64 {
        self.names.values().map(|&file| self.files[file].cache.len() as u64).sum()
    }

    /// Writes from `start` on, which is within the file or at its end; what reaches beyond makes it longer.
    fn write(&mut self, file: usize, start: usize, bytes: &[u8]) -> io::Result<()> {
        self.check_power()?;
        let there = self.files[file].cache.len() - start;
        let free = self.capacity_bytes.map_or(u64::MAX, |capacity| capacity.saturating_sub(self.used_bytes())) as usize;
        let room = there.saturating_add(free);
        let fails = self.fails(|failing| &mut failing.writes);
        let written = if fails { self.random.below(bytes.len() as u64 + 1) as usize } else { bytes.len() }.min(room);
        let file = &mut self.files[file];
        let over = written.min(there);
        file.cache[start..start + over].copy_from_slice(&bytes[..over]);
        file.cache.extend_from_slice(&bytes[over..written]);
        if written > 0 {
            file.dirty.push(start..start + written);
        }
        if fails {
            Err(io::Error::other("simulated write failure"))
        } else if written < bytes.len() {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        } else {
            Ok(())
        }
    }

    fn sync(&mut self, file: usize) -> io::Result<()> {
        self.check_power()?;
        if self.fails(|failing| &mut failing.syncs) {
            self.files[file].fail_sync(&mut self.random);
            return Err(io::Error::other("simulated sync failure"));
        }
        self.files[file].sync();
        self.syncs += 1;
        Ok(())
    }
}

impl Disk for SimulatedDisk {
    fn create(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let mut state = self.state.lock();
        state.check_power()?;
        if state.names.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        if state.fails(|failing| &mut failing.creates) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        state.files.push(FileState::default());
        let file = state.files.len() - 1;
        state.names.insert(name.to_string(), file);
        Ok(Box::new(Handle { disk: self.clone(), file, offset: 0 }))
    }

    fn reserve(&self, name: &str, bytes: u64) -> io::Result<()> {
        let mut file = self.create(name)?;
        file.append(&vec![0; bytes as usize])?;
        file.sync()
    }

    fn take_reserved(&self, reserved: &str, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let mut state = self.state.lock();
        let file = state.find(reserved)?;
        if state.fails(|failing| &mut failing.creates) {
            return Err(io::Error::other("simulated renaming failure"));
        }
        state.names.remove(reserved);
        state.names.insert(name.to_string(), file);
        Ok(Box::new(Handle { disk: self.clone(), file, offset: 0 }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        let file = self.state.lock().find(name)?;
        Ok(Box::new(Handle { disk: self.clone(), file, offset: 0 }))
    }

    fn list(&self) -> io::Result<Vec<DiskEntry>> {
        let state = self.state.lock();
        state.check_power()?;
        let entry = |(name, file): (&String, &usize)| DiskEntry { name: name.clone(), bytes: state.files[*file].cache.len() as u64 };
        Ok(state.names.iter().map(entry).collect())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.find(name)?;
        if state.fails(|failing| &mut failing.creates) {
            return Err(io::Error::other("simulated removal failure"));
        }
        state.names.remove(name);
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check_power()?;
        if state.fails(|failing| &mut failing.syncs) {
            return Err(io::Error::other("simulated folder sync failure"));
        }
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn truncate(&self, name: &str, bytes: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        let index = state.find(name)?;
        let file = &mut state.files[index];
        let bytes = (bytes as usize).min(file.cache.len());
        file.cache.truncate(bytes);
        for range in &mut file.dirty {
            range.end = range.end.min(bytes);
        }
        file.dirty.retain(|range| range.start < range.end);
        state.sync(index)?;
        state.files[index].durable.truncate(bytes);
        Ok(())
    }
}

struct Handle {
    disk: SimulatedDisk,
    file: usize,
    /// Where the next octets are written.
    offset: usize,
}

impl AppendFile for Handle {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.state.lock().write(self.file, self.offset, bytes)?;
        self.offset += bytes.len();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.state.lock().sync(self.file)
    }
}

impl ReadFile for Handle {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.disk.state.lock();
        state.check_power()?;
        let rest = state.files[self.file].cache.get(offset as usize..).unwrap_or(&[]);
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// splitmix64: enough randomness for faults, the same on every machine.
pub(crate) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }
}
