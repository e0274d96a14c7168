//! The same work on simulators of other people, as their documentation would have it.

pub mod nexosim;
pub mod simu_des;
