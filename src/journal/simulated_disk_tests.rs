//! The simulated disk forgets and fails as it says.

use super::disk::Disk;
use super::simulated_disk::SimulatedDisk;
use std::io;

fn content(disk: &SimulatedDisk, name: &str) -> Vec<u8> {
    let mut buffer = vec![0; 10_000];
    let read = disk.open(name).expect("opens").read_at(0, &mut buffer).expect("reads");
    buffer.truncate(read);
    buffer
}

#[test]
fn synced_octets_survive_every_power_cut_and_unsynced_ones_not_every() {
    let mut lost = 0;
    for seed in 0..200 {
        let disk = SimulatedDisk::new(seed);
        let mut file = disk.create("a").expect("creates");
        file.append(&[1; 700]).expect("appends");
        file.sync().expect("syncs");
        disk.sync_folder().expect("syncs the folder");
        file.append(&[2; 1500]).expect("appends");
        let after = disk.power_cut(seed);
        let left = content(&after, "a");
        assert_eq!(left[..700], [1; 700]);
        lost += usize::from(left.len() < 2200 || left[700..] != [2; 1500]);
        assert!(file.append(b"x").is_err() && disk.list().is_err(), "the old disk is dead");
    }
    assert!((50..190).contains(&lost), "lost in {lost} of 200");
}

#[test]
fn a_creation_without_folder_sync_may_be_lost() {
    let kept = (0..100).filter(|&seed| {
        let disk = SimulatedDisk::new(0);
        disk.create("a").expect("creates").sync().expect("syncs");
        disk.power_cut(seed).list().expect("lists").len() == 1
    });
    assert!((20..80).contains(&kept.count()));
}

#[test]
fn after_a_failed_sync_the_next_success_brings_nothing_back() {
    let disk = SimulatedDisk::new(3);
    let mut file = disk.create("a").expect("creates");
    disk.sync_folder().expect("syncs the folder");
    file.append(&[5; 2048]).expect("appends");
    disk.fail_next_syncs(1);
    assert!(file.sync().is_err());
    assert!(file.sync().is_ok(), "the kernel says it is clean");
    assert_eq!(content(&disk, "a"), [5; 2048], "and readers still see it");
    assert_ne!(content(&disk.power_cut(1), "a"), [5; 2048]);
}

#[test]
fn a_full_disk_writes_a_part_and_says_so() {
    let disk = SimulatedDisk::new(0);
    disk.set_capacity(Some(10));
    let mut file = disk.create("a").expect("creates");
    file.append(&[1; 8]).expect("fits");
    let error = file.append(&[1; 8]).expect_err("does not fit");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(content(&disk, "a").len(), 10);
}

#[test]
fn the_certain_image_holds_only_what_is_synced() {
    let disk = SimulatedDisk::new(0);
    let mut file = disk.create("a").expect("creates");
    file.append(b"one").expect("appends");
    file.sync().expect("syncs");
    assert!(disk.certain_image().list().expect("lists").is_empty(), "the name is not synced");
    disk.sync_folder().expect("syncs the folder");
    file.append(b"two").expect("appends");
    assert_eq!(content(&disk.certain_image(), "a"), b"one");
}
