//! The words around a picture, in the languages of the book.

#[derive(Debug)]
pub struct Words {
    pub steps: &'static str,
    pub time: &'static str,
    pub who: &'static str,
    pub what: &'static str,
    pub why: &'static str,
    /// Of rows that are not shown; `{}` is their number.
    pub more: &'static str,
}

impl Words {
    /// For a BCP 47 tag; anything unknown is English.
    pub fn of(lang: &str) -> Words {
        if lang.starts_with("zh") {
            Words {
                steps: "逐步经过", time: "时间", who: "谁", what: "发生了什么", why: "为什么", more: "另有 {} 步"
            }
        } else {
            Words { steps: "Step by step", time: "Time", who: "Who", what: "What", why: "Why", more: "{} more" }
        }
    }
}
