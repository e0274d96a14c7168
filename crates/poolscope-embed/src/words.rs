//! The words around a picture, in the languages of the book.

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
    pub predict: &'static str,
    /// Of errors.
    pub none: &'static str,
    pub see: &'static str,
    pub right: &'static str,
    /// `{}` is what the run came to.
    pub wrong: &'static str,
    pub figure_heading: &'static str,
    pub before: &'static str,
    pub now: &'static str,
    pub colon: &'static str,
    /// The first thing that happens in one of two runs only.
    pub difference: &'static str,
    pub no_difference: &'static str,
    pub at_most: &'static str,
    pub kept: &'static str,
    pub mended: &'static str,
    /// `{}` is the number of figures over the budget.
    pub broken: &'static str,
    pub scenario: &'static str,
    /// Between two sentences.
    pub gap: &'static str,
    /// Around the instant, what happens in the broken run, and what happens in the mended one.
    pub parting: [&'static str; 3],
    /// Of a run in which nothing happens any more.
    pub over: &'static str,
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
                predict: "先猜后看。",
                none: "没有错误",
                see: "看这次运行",
                right: "猜对了，运行结果就是这样。",
                wrong: "不对：运行结果是 {}。",
                figure_heading: "指标",
                before: "修改前",
                now: "现在",
                colon: "：",
                difference: "首个不同",
                no_difference: "两次运行完全相同。",
                at_most: "至多",
                kept: "达标",
                mended: "修好了：所有指标都达标。",
                broken: "还没修好：有 {} 项超标。",
                scenario: "场景",
                gap: "",
                parting: ["和坏的那次运行相比，从 ", " 起不同。那次：", "；这次："],
                over: "已经结束。",
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
                predict: "Predict, then see.",
                none: "no error",
                see: "See the run",
                right: "Right, that is what the run comes to.",
                wrong: "No: the run comes to {}.",
                figure_heading: "Figure",
                before: "Before",
                now: "Now",
                colon: ": ",
                difference: "First difference",
                no_difference: "The same happens in both runs.",
                at_most: "At most",
                kept: "Kept",
                mended: "Fixed: everything is within the budget.",
                broken: "Not fixed yet: {} over the budget.",
                scenario: "Scenario",
                gap: " ",
                parting: ["This run parts from the broken one at ", ". There: ", ". Here: "],
                over: "it is over.",
            }
        }
    }

    /// What a figure of a run is called; server variables keep their names.
    pub fn figure<'n>(&self, name: &'n str) -> &'n str {
        match (name, self.chinese) {
            ("failed", false) => "failed requests",
            ("failed", true) => "失败的请求",
            ("waited", false) => "waits for a connection",
            ("waited", true) => "等待连接的次数",
            ("wait_max", false) => "longest wait",
            ("wait_max", true) => "最长的等待",
            ("connects", false) => "connections opened",
            ("connects", true) => "新建的连接",
            ("pings", false) => "pings",
            ("pings", true) => "ping 次数",
            ("max_used_connections", _) => "Max_used_<wbr>connections",
            ("aborted_clients", _) => "Aborted_clients",
            _ => name,
        }
    }
}
