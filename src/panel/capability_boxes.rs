//! The catalogue of capabilities as boxes of a form, by menu group.

use crate::accounts::capability::{Capability, Menu};
use crate::web::Shell;

/// One group of the catalogue.
pub struct BoxGroup {
    /// What it is called.
    pub name: String,
    /// Its boxes; never none.
    pub boxes: Vec<CapabilityBox>,
}

/// One box.
pub struct CapabilityBox {
    /// The capability's stable word.
    pub word: &'static str,
    /// What it means.
    pub says: String,
    /// Whether it is ticked.
    pub is_ticked: bool,
    /// Whether it can be ticked.
    pub is_open: bool,
    /// The id of a word beside it.
    pub mark: Option<&'static str>,
}

impl CapabilityBox {
    /// A box that can be ticked.
    pub fn new(shell: &Shell, capability: Capability, is_ticked: bool) -> CapabilityBox {
        CapabilityBox { word: capability.as_str(), says: shell.capability(&capability), is_ticked, is_open: true, mark: None }
    }
}

/// The boxes that `make` gives, by group, in the catalogue's order; groups without any are left out.
pub fn box_groups(shell: &Shell, make: impl Fn(Capability) -> Option<CapabilityBox>) -> Vec<BoxGroup> {
    let groups = Menu::ALL.iter().map(|menu| Some(*menu)).chain([None]);
    let of = |group: Option<Menu>| Capability::ALL.iter().filter(|c| c.menu() == group).filter_map(|c| make(*c)).collect::<Vec<_>>();
    groups
        .map(|group| BoxGroup { name: shell.t2("menu-group", group.map_or("always", |menu| menu.as_str())), boxes: of(group) })
        .filter(|group| !group.boxes.is_empty())
        .collect()
}
