//! The widget's own words, in English and 简体中文. What the timeline has words for is taken from there.

use poolscope_sim::Outcome;
use poolscope_timeline::{Lang, outcome};

#[derive(Debug)]
pub struct Words {
    pub knobs: &'static str,
    pub reset: &'static str,
    pub was: &'static str,
    pub timeline: &'static str,
    pub back_error: &'static str,
    pub back: &'static str,
    pub play: &'static str,
    pub pause: &'static str,
    pub next: &'static str,
    pub next_error: &'static str,
    pub position: &'static str,
    pub closer: &'static str,
    pub farther: &'static str,
    pub fit: &'static str,
    pub why: &'static str,
    pub nothing_yet: &'static str,
    pub listing: &'static str,
    pub application: &'static str,
    pub pool: &'static str,
    pub server: &'static str,
    pub server_down: &'static str,
    pub disagreement: &'static str,
    pub last_error: &'static str,
    pub no_error: &'static str,
    pub not_run: &'static str,
    pub tools: &'static str,
}

static EN: Words = Words {
    knobs: "Change an option",
    reset: "Reset",
    was: "was",
    timeline: "Timeline. Left and Right: step; with Shift: from error to error; Space: play",
    back_error: "Previous error",
    back: "Previous step",
    play: "Play",
    pause: "Pause",
    next: "Next step",
    next_error: "Next error",
    position: "Position in the run",
    closer: "Zoom in",
    farther: "Zoom out",
    fit: "Show the whole run",
    why: "Why?",
    nothing_yet: "Nothing has happened yet.",
    listing: "The program",
    application: "What the application holds",
    pool: "What the pool counts",
    server: "What the server has",
    server_down: "The server is down.",
    disagreement: "They disagree",
    last_error: "In the application's log",
    no_error: "No exception so far.",
    not_run: "This value cannot be run; the picture shows the last run that could.",
    tools: "More tools",
};

static ZH_CN: Words = Words {
    knobs: "修改选项",
    reset: "还原",
    was: "原为",
    timeline: "时间轴。左右方向键：单步；加 Shift：在错误之间跳转；空格：播放",
    back_error: "上一个错误",
    back: "上一步",
    play: "播放",
    pause: "暂停",
    next: "下一步",
    next_error: "下一个错误",
    position: "在这次运行中的位置",
    closer: "放大",
    farther: "缩小",
    fit: "显示整次运行",
    why: "为什么？",
    nothing_yet: "还什么都没有发生。",
    listing: "程序",
    application: "应用持有什么",
    pool: "连接池怎么数",
    server: "服务器上有什么",
    server_down: "服务器已停止。",
    disagreement: "三者不一致",
    last_error: "应用日志里的异常",
    no_error: "到目前为止没有异常。",
    not_run: "这个值无法运行；图中仍是上一次可以运行的结果。",
    tools: "更多工具",
};

pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::En => &EN,
        Lang::ZhCn => &ZH_CN,
    }
}

/// How the run with the reader's changes compares to the scenario's own; empty while nothing is changed.
pub fn comparison(now: &Outcome, plain: &Outcome, lang: Lang) -> &'static str {
    let zh = lang == Lang::ZhCn;
    match (plain.failed, now.failed) {
        (0, 0) => "",
        (_, 0) if zh => "现在没有请求失败。",
        (_, 0) => "No request fails now.",
        (before, now) if now < before => {
            if zh {
                "失败的请求变少了。"
            } else {
                "Fewer requests fail now."
            }
        }
        (before, now) if before < now => {
            if zh {
                "失败的请求变多了。"
            } else {
                "More requests fail now."
            }
        }
        _ if zh => "失败的请求一样多。",
        _ => "As many requests fail.",
    }
}

pub fn before(plain: &Outcome, lang: Lang) -> String {
    match lang {
        Lang::En => "Before: ".to_owned() + &outcome(plain, lang),
        Lang::ZhCn => "修改之前：".to_owned() + &outcome(plain, lang),
    }
}
