//! The words around a picture, in the languages of the book.

use poolscope_sim::Outcome;

#[derive(Debug)]
pub struct Words {
    chinese: bool,
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
                chinese: true,
                steps: "逐步经过",
                time: "时间",
                who: "谁",
                what: "发生了什么",
                why: "为什么",
                more: "另有 {} 步",
            }
        } else {
            Words {
                chinese: false,
                steps: "Step by step",
                time: "Time",
                who: "Who",
                what: "What",
                why: "Why",
                more: "{} more",
            }
        }
    }

    /// What the run comes to, in one line.
    pub fn outcome(&self, outcome: &Outcome) -> String {
        let errors: Vec<_> = outcome.errors.iter().map(|(key, n)| format!("{n} × {}", key.label())).collect();
        let errors = errors.join(", ");
        let Outcome { requests, served, failed, waited, connects, pings, .. } = outcome;
        let unfinished = outcome.unfinished();
        if self.chinese {
            let mut text = format!("{requests} 个请求：成功 {served}，失败 {failed}");
            if !errors.is_empty() {
                text += &format!("（{errors}）");
            }
            if unfinished > 0 {
                text += &format!("，未完成 {unfinished}");
            }
            text + &format!("；{waited} 次等待连接，新建连接 {connects}，ping {pings}。")
        } else {
            let mut text = format!("{requests} requests: {served} served, {failed} failed");
            if !errors.is_empty() {
                text += &format!(" ({errors})");
            }
            if unfinished > 0 {
                text += &format!(", {unfinished} unfinished");
            }
            text + &format!("; {waited} waited for a connection, {connects} connections opened, {pings} pings.")
        }
    }
}
