//! What `account add|set|permit|revoke` take.

use clap::Args;

use crate::accounts::Role;
use crate::accounts::capability::{Capability, Menu};
use crate::cli::values::OrNone;

#[derive(Debug, Args)]
pub struct AddArgs {
    /// Name for signing in, unique in the tenant
    pub name: String,
    /// What it is, such as admin, operator or manager
    #[arg(long)]
    pub role: Role,
    /// The account above it; only a developer has none
    #[arg(long, value_name = "ACCOUNT")]
    pub parent: Option<String>,
    /// E-mail address, also for signing in
    #[arg(long)]
    pub email: Option<String>,
    /// Full name
    #[arg(long, value_name = "TEXT")]
    pub full_name: Option<String>,
    /// Phone number
    #[arg(long)]
    pub phone: Option<String>,
}

#[derive(Debug, Args)]
pub struct SetArgs {
    /// Its name or e-mail address
    pub name: String,
    /// New name for signing in
    #[arg(long, value_name = "NEW")]
    pub rename: Option<String>,
    /// E-mail address; none removes it
    #[arg(long)]
    pub email: Option<OrNone<String>>,
    /// Full name
    #[arg(long, value_name = "TEXT")]
    pub full_name: Option<String>,
    /// Phone number
    #[arg(long)]
    pub phone: Option<String>,
    /// Another role
    #[arg(long)]
    pub role: Option<Role>,
    /// Menu group to switch off for it and all below it; may be repeated
    #[arg(long, value_name = "MENU")]
    pub disable_menu: Vec<Menu>,
    /// Menu group to switch on again; may be repeated
    #[arg(long, value_name = "MENU")]
    pub enable_menu: Vec<Menu>,
}

#[derive(Debug, Args)]
pub struct PermitArgs {
    /// Its name or e-mail address
    pub name: String,
    /// Which, such as customers.view; `tollgate role ls --capabilities` lists them
    pub capability: Capability,
    /// Only for this, such as zone:5
    #[arg(long, value_name = "KIND:ID")]
    pub resource: Option<String>,
    /// When a permission ends, such as 2026-12-31 [default: never]; not for revoke
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<String>,
}
