//! Every word of this crate, in English and 简体中文. Names of options, events and variables stay as they are.

/// The languages that there are words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    En,
    ZhCn,
}

impl Lang {
    /// From a BCP 47 tag; anything unknown is English.
    pub fn of(tag: &str) -> Lang {
        if tag.starts_with("zh") { Lang::ZhCn } else { Lang::En }
    }
}
