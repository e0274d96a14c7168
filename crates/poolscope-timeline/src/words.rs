//! Every word of this crate, in English and 简体中文. Names of options, events and variables stay as they are.

use poolscope_sim::text;
use poolscope_sim::trace::Rule;

use crate::timeline::{BarKind, Condition, DisagreementKind};

/// The languages that there are words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    En,
    ZhCn,
}

/// One text in every language; `{0}`, `{1}` … are places for names and numbers.
#[derive(Clone, Copy, Debug)]
pub struct Phrase(&'static str, &'static str);

impl Lang {
    /// From a BCP 47 tag; anything unknown is English.
    pub fn of(tag: &str) -> Lang {
        if tag.starts_with("zh") { Lang::ZhCn } else { Lang::En }
    }

    /// Only the tags that there are words for.
    pub fn exactly(tag: &str) -> Option<Lang> {
        match tag {
            "en" => Some(Lang::En),
            "zh-CN" => Some(Lang::ZhCn),
            _ => None,
        }
    }

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::ZhCn => "zh-CN",
        }
    }

    pub(crate) fn word(self, phrase: Phrase) -> &'static str {
        match self {
            Lang::En => phrase.0,
            Lang::ZhCn => phrase.1,
        }
    }

    pub(crate) fn say(self, phrase: Phrase, names: &[&str]) -> String {
        let mut text = String::new();
        let mut rest = self.word(phrase);
        while let Some(open) = rest.find('{') {
            let Some(close) = rest[open..].find('}').map(|c| open + c) else { break };
            text.push_str(&rest[..open]);
            let place: usize = text::whole(&rest[open + 1..close]).map_or(usize::MAX, |n| n as usize);
            text.push_str(names.get(place).copied().unwrap_or(""));
            rest = &rest[close + 1..];
        }
        text.push_str(rest);
        text
    }
}

macro_rules! phrases {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        $(pub(crate) const $name: Phrase = Phrase($en, $zh);)+
        #[cfg(test)]
        const ALL: &[Phrase] = &[$($name),+];
    };
}

phrases! {
    // The picture.
    APPLICATION: "Application", "应用程序";
    POOL: "Pool", "连接池";
    SERVER: "Server", "服务器";
    APPLICATION_MORE: "what it holds", "持有什么";
    POOL_MORE: "what it counts", "记着什么账";
    SERVER_MORE: "what it has", "实际有什么";
    LEFT_BEHIND: "left behind", "被遗弃";
    BACKLOG: "no free thread", "等待线程";
    REFUSED: "refused", "被拒绝";
    CHECKED_OUT: "checked out", "已取出";
    LIMIT: "limit {0}", "上限 {0}";
    LIMIT_AND_PEAK: "limit {0} · peak {1}", "上限 {0} · 最高 {1}";
    TITLE: "{0}: timeline", "{0}：时间线";
    DESCRIPTION: "Three groups of lanes from {0} to {1}: what the application holds, what the pool counts, what the server has. Exceptions: {2}. Connections that only the pool still counts: {3}. Connections that the server closed without the pool's knowledge: {4}.",
                 "从 {0} 到 {1} 的三组泳道：应用程序持有什么，连接池记着什么账，服务器实际有什么。异常：{2} 次。只有连接池还记着的连接：{3} 个。服务器已关闭而连接池不知道的连接：{4} 个。";

    // The legend: as short as can be.
    KEY_WORK: "runs", "运行";
    KEY_CONNECT: "connects", "建立连接";
    KEY_QUERY: "query", "查询";
    KEY_HOLD: "holds a connection", "占着连接";
    KEY_KEEP: "keeps it after the request", "请求结束后仍占着";
    KEY_STALE: "to be replaced", "下次取出时替换";
    KEY_AGE: "age against pool_recycle", "年龄与 pool_recycle";
    KEY_SLEEP: "clock of wait_timeout", "wait_timeout 计时";
    KEY_LOST: "nobody refers to it", "已无人引用";
    KEY_DEAD: "dead, not noticed", "已失效，未察觉";
    KEY_TRANSACTION: "Sleep in transaction", "事务中 Sleep";

    // What something is doing.
    IDLE: "idle", "空闲";
    WAIT_FOR_THREAD: "waits for a thread", "等待线程";
    WORK: "runs, without a connection", "运行中，不占连接";
    WAIT_FOR_POOL: "waits for the pool", "等待连接池";
    CONNECT: "opens a connection", "正在建立连接";
    PING: "waits for the ping", "等待 ping 的回应";
    QUERY: "waits for the server", "等待服务器";
    HOLD: "holds a connection", "占着一个连接";
    KEEP: "request over, still holds a connection", "请求已结束，仍占着一个连接";
    IN_POOL: "in the pool", "在池中";
    OUT: "checked out", "已取出";
    SLEEP: "Sleep", "Sleep";
    SLEEP_IN_TRANSACTION: "Sleep, in a transaction", "Sleep，事务未结束";
    COMMAND: "Query", "Query";
    DEAD: "dead", "已失效";

    // Events.
    THREAD_GONE: "The thread", "线程";
    END: "The run ends.", "运行到此结束。";
    TRUNCATED: "The run is cut short here: it reached its limit of {0}.", "运行在此中断：达到了 {0} 的上限。";
    ARRIVE: "Request {0} arrives.", "请求 {0} 到达。";
    START: "{0} begins request {1}.", "{0} 开始处理请求 {1}。";
    FINISH: "{0} finishes request {1}.", "{0} 处理完请求 {1}。";
    PROCESS_START: "The process \"{0}\" starts.", "进程“{0}”启动。";
    PROCESS_EXIT: "The process \"{0}\" exits; its sockets close.", "进程“{0}”退出，它的套接字随之关闭。";
    LOG: "{0} writes into the log: {1} {2}", "{0} 写入日志：{1} {2}";
    FAIL: "Request {1} fails with {2}.", "请求 {1} 失败：{2}。";
    LINE: "{0} executes line {1}: {2}", "{0} 执行第 {1} 行：{2}";
    BUSY: "{0} is busy without the database until {1}.", "{0} 在 {1} 之前忙别的事，不用数据库。";
    SESSION: "{0} makes Session {1}. It holds no connection yet.", "{0} 创建 Session {1}，它还不占连接。";
    HOLDS: "Session {1} of {0} holds connection {2} from now on.", "从现在起，{0} 的 Session {1} 占着连接 {2}。";
    SESSION_END: "{0}: {2}() on Session {1}.", "{0}：对 Session {1} 调用 {2}()。";
    LOST: "{0} loses Session {1} without closing it. Only the garbage collector can give its connection back now.",
          "{0} 没有关闭 Session {1} 就丢掉了它。现在只有垃圾回收能归还它的连接。";
    ENGINE_LOST: "{0} loses an engine without dispose(). Its connections stay open until the garbage collector finds it.",
                 "{0} 没有 dispose() 就丢掉了一个 engine。在垃圾回收找到它之前，它的连接一直开着。";
    ENGINE_GONE: "The garbage collector has found an engine that nobody refers to: the driver closes its connections.",
                 "垃圾回收找到了一个没人引用的 engine：驱动关闭它的连接。";
    COLLECT: "The garbage collector runs. Lost Sessions found: {0}.", "垃圾回收运行，找到丢失的 Session：{0} 个。";
    RAISE: "{0} gets an exception: {1}", "{0} 收到异常：{1}";
    WAIT: "{0} finds nothing free in the pool and waits, until {1} at most.", "{0} 在池中没有拿到空闲连接，开始等待，最多等到 {1}。";
    WAIT_FOREVER: "{0} finds nothing free in the pool and waits.", "{0} 在池中没有拿到空闲连接，开始等待。";
    WAKE: "{0} stops waiting.", "{0} 不再等待。";
    POOL_CONNECT: "The pool has a new connection: {1} in slot {2}.", "连接池有了一个新连接：槽位 {2} 的连接 {1}。";
    FIRST_CONNECT: "It is the pool's first connection: the dialect looks at the server once.", "这是连接池的第一个连接：方言查看一次服务器。";
    CHECKOUT: "{0} checks out connection {1}.", "{0} 取出连接 {1}。";
    CHECKIN: "Connection {1} goes back into the pool.", "连接 {1} 回到池中。";
    CHECKIN_EMPTY: "Slot {2} goes back into the pool, without a connection.", "槽位 {2} 回到池中，但里面没有连接。";
    RESET: "The pool resets connection {1} before it takes it back.", "连接池在收回连接 {1} 之前先重置它。";
    INVALIDATE: "The pool throws connection {1} away.", "连接池丢弃连接 {1}。";
    SOFT_INVALIDATE: "Connection {1} will be replaced at its next checkout.", "连接 {1} 在下次取出时会被替换。";
    CLOSE: "The pool closes connection {1}.", "连接池关闭连接 {1}。";
    DETACH: "Connection {1} leaves the pool.", "连接 {1} 脱离连接池。";
    STATUS: "The pool now says: {0}", "连接池现在的状态：{0}";
    PING_START: "A ping tests connection {0}.", "用 ping 测试连接 {0}。";
    PING_OK: "Connection {0} answers the ping.", "连接 {0} 回应了 ping。";
    PING_DEAD: "Connection {0} is dead, says the ping {1}. The pool replaces it, and nobody sees an error.",
               "ping 发现连接 {0} 已失效 {1}。连接池替换它，谁也不会看到错误。";
    PING_FAILED: "The ping on connection {0} fails with {1}, and the caller gets the error.", "连接 {0} 的 ping 失败 {1}，调用者会收到这个错误。";
    INVALIDATE_POOL: "The pool will replace every connection older than this moment at its next checkout.",
                     "此刻之前建立的连接，连接池都会在下次取出时替换。";
    DISPOSE: "engine.dispose(): what is in the pool is closed; what is checked out is no longer counted.",
             "engine.dispose()：池中的连接被关闭；已取出的连接不再计入。";
    CONNECTING: "The driver opens a connection for slot {0}.", "驱动为槽位 {0} 建立连接。";
    CONNECT_FAILED: "The driver cannot connect: {1}.", "驱动无法连接：{1}。";
    EXECUTE: "{0} sends {2} on connection {1}.", "{0} 在连接 {1} 上发送 {2}。";
    INHERIT: "{0} inherits a connection on the socket of connection {1}: here it is connection {2}.", "{0} 继承了连接 {1} 的套接字，在这里是连接 {2}。";
    WRONG_ANSWER: "{0} reads what the server has answered to another process on connection {1}: {2}.", "{0} 在连接 {1} 上读到了服务器对另一个进程的回答：{2}。";
    EXECUTED: "The answer has come back on connection {0}.", "连接 {0} 上的结果已返回。";
    EXECUTE_FAILED: "Connection {0} fails with {1}.", "连接 {0} 出错：{1}。";
    SERVER_OPEN: "The server opens session {0}. Threads_connected: {1}.", "服务器建立会话 {0}。Threads_connected：{1}。";
    SERVER_REFUSE: "The server refuses a client with error {0}. Threads_connected: {1}.", "服务器拒绝了一个客户端，错误 {0}。Threads_connected：{1}。";
    SERVER_RUN: "Server session {0} runs {1}.", "服务器会话 {0} 执行 {1}。";
    A_COMMAND: "a command", "一条命令";
    SERVER_SLEEP: "Server session {0} sleeps. The clock of wait_timeout starts.", "服务器会话 {0} 进入 Sleep，wait_timeout 开始计时。";
    SERVER_SLEEP_IN_TRANSACTION: "Server session {0} sleeps, with its transaction open. The clock of wait_timeout starts.",
                                 "服务器会话 {0} 进入 Sleep，事务仍未结束，wait_timeout 开始计时。";
    SERVER_QUIT: "Server session {0} ends: its client has closed it.", "服务器会话 {0} 结束：客户端关闭了它。";
    SERVER_GIVES_UP: "Server session {0} ends: TCP has given up on its client.", "服务器会话 {0} 结束：TCP 已放弃它的客户端。";
    CUT: "Between the two, connection {0} is forgotten. Neither end is told; the session on the server lives on.",
         "中间的设备忘掉了连接 {0}。两端都没有得到通知，服务器上的会话还在。";
    CUT_CLOSE: "A proxy closes both sides of connection {0}.", "代理关闭了连接 {0} 的两端。";
    SERVER_TIMEOUT: "The server closes session {0} after wait_timeout ({1} s) of sleep.", "会话 {0} 睡满 wait_timeout（{1} s），服务器关闭了它。";
    SERVER_KILL: "KILL ends server session {0}.", "KILL 结束服务器会话 {0}。";
    SERVER_KILL_QUERY: "KILL QUERY ends the statement of server session {0}, not the session.", "KILL QUERY 终止服务器会话 {0} 的语句，会话仍在。";
    SERVER_ENDS: "Server session {0} ends with the server.", "服务器会话 {0} 随服务器一同结束。";
    SERVER_DOWN: "The server goes down. Sessions lost: {0}.", "服务器停止，丢失 {0} 个会话。";
    SERVER_UP: "The server is up again.", "服务器重新启动。";
    SERVER_SILENT: "The server falls silent: it accepts connections, and answers nobody.", "服务器不作声了：照样接受连接，但谁也不回答。";
    SERVER_ANSWERS: "The server answers again.", "服务器又开始回答。";
    CONNECTION_OF: " On the client's side it is connection {0}.", "在客户端一侧，它是连接 {0}。";

    // What a run comes to.
    OUTCOME: "{0} requests: {1} served", "{0} 个请求：{1} 个成功";
    OUTCOME_FAILED: ", {0} failed ({1})", "，{0} 个失败（{1}）";
    OUTCOME_RUNNING: ", {0} still running", "，{0} 个还没有结束";
    OUTCOME_CUT: " (cut short by the limit on {0})", "（运行被上限 {0} 截断）";
    FULL_STOP: ".", "。";
    OUTCOME_COSTS: "{0} waited for a connection, {1} connections opened, {2} pings.",
                   "{0} 次等待连接，新建连接 {1} 个，ping {2} 次。";

    // Two runs beside each other.
    BEFORE: "before", "修改前";
    FIRST_DIFFERENCE: "first difference", "首个不同";
    ROW_REQUESTS: "requests", "请求";
    ROW_SERVED: "served", "成功";
    ROW_FAILED: "failed", "失败";
    ROW_FAILED_BY: "failed: {0}", "失败：{0}";
    ROW_UNFINISHED: "still running at the end", "结束时仍在运行";
    ROW_WAITED: "waited for a connection", "等待过连接";
    ROW_WAIT_P50: "wait, p50", "等待时间 p50";
    ROW_WAIT_P95: "wait, p95", "等待时间 p95";
    ROW_WAIT_MAX: "longest wait", "最长等待";
    ROW_PINGS: "pings", "ping 次数";
    ROW_CONNECTS: "connections opened", "新建连接";
    ROW_PEAK: "Max_used_connections", "Max_used_connections";
    ROW_REFUSED: "clients refused", "被拒绝的客户端";
    ROW_ABORTED: "Aborted_clients", "Aborted_clients";

    // The outline.
    CHECKOUT_DEAD: "{0} checks out connection {1}. It ended on the server at {2}, and nobody has noticed.",
                   "{0} 取出连接 {1}。它在服务器上已于 {2} 结束，而谁也没有察觉。";
    CHECKOUT_WAITED: "{0} checks out connection {1} after waiting {2}.", "{0} 等了 {2}，取出连接 {1}。";
    GETS: "{0} gets an exception: {1}.", "{0} 收到异常：{1}。";
    ONCE_MORE: "{0} The same happens once more, at {1}.", "{0}{1} 又发生一次。";
    MORE_TIMES: "{0} The same happens {2} more times, the last at {1}.", "{0}之后又发生 {2} 次，最后一次在 {1}。";

    // Disagreements, about one connection and about several.
    POOL_KEEPS_DEAD: "Connection {0}: it ended on the server at {1}; the pool does not know and still keeps it.",
                     "连接 {0}：它在服务器上已于 {1} 结束；连接池不知道，仍留着它。";
    POOL_KEEPS_DEAD_MANY: "Connections {0}: they ended on the server, the last at {1}; the pool does not know and still keeps them.",
                          "连接 {0}：它们在服务器上已经结束，最后一个在 {1}；连接池不知道，仍留着它们。";
    APPLICATION_HOLDS_DEAD: "Connection {0}: it ended on the server at {1}; the application still holds it and will find out at its next statement.",
                            "连接 {0}：它在服务器上已于 {1} 结束；应用程序还占着它，到下一条语句才会发现。";
    APPLICATION_HOLDS_DEAD_MANY: "Connections {0}: they ended on the server, the last at {1}; the application still holds them and will find out at the next statements.",
                                 "连接 {0}：它们在服务器上已经结束，最后一个在 {1}；应用程序还占着它们，到下一条语句才会发现。";
    POOL_KEEPS_CUT: "Cut on the way: connection {0}, the last at {1}. Neither end knows: the pool still keeps them, the server still counts them.",
                    "连接 {0}：在中途被切断，最后一个在 {1}。两端都不知道：连接池仍留着它们，服务器还数着它们。";
    APPLICATION_HOLDS_CUT: "Cut on the way: connection {0}, the last at {1}. The application still holds them, and its next statement gets no answer.",
                           "连接 {0}：在中途被切断，最后一个在 {1}。应用程序还占着它们，下一条语句不会有回答。";
    CHECKOUT_CUT: "{0} checks out connection {1}. It was cut on the way at {2}, and nobody has noticed.",
                  "{0} 取出连接 {1}。它在 {2} 就在中途被切断了，而谁也没有察觉。";
    ONLY_POOL: "Connection {0}: the pool counts it as checked out; since {1} nothing in the application refers to it.",
               "连接 {0}：连接池记为已取出；但从 {1} 起，应用程序里已经没有任何东西引用它。";
    ONLY_POOL_MANY: "Connections {0}: the pool counts them as checked out; nothing in the application refers to them any more, the last since {1}.",
                    "连接 {0}：连接池记为已取出；但应用程序里已经没有任何东西引用它们，最后一个从 {1} 起。";
    ONLY_ENGINE: "Connections {0}: since {1} nothing refers to their engine; they stay open until the garbage collector finds it.",
                 "连接 {0}：从 {1} 起已经没有任何东西引用它们的 engine；在垃圾回收找到它之前，它们一直开着。";
    FORGOTTEN: "Connection {0}: the application holds it; since dispose() at {1} the pool does not count it.",
               "连接 {0}：应用程序占着它；从 {1} 的 dispose() 起，连接池不再计入它。";
    FORGOTTEN_MANY: "Connections {0}: the application holds them; since dispose() at {1} the pool does not count them.",
                    "连接 {0}：应用程序占着它们；从 {1} 的 dispose() 起，连接池不再计入它们。";
}

pub(crate) const fn doing(kind: BarKind) -> Phrase {
    match kind {
        BarKind::WaitForThread => WAIT_FOR_THREAD,
        BarKind::Work => WORK,
        BarKind::WaitForPool => WAIT_FOR_POOL,
        BarKind::Connect => CONNECT,
        BarKind::Ping => PING,
        BarKind::Query => QUERY,
        BarKind::Hold => HOLD,
        BarKind::Keep => KEEP,
        BarKind::LeftBehind => LEFT_BEHIND,
        BarKind::InPool => IN_POOL,
        BarKind::CheckedOut => OUT,
        BarKind::Sleep => SLEEP,
        BarKind::SleepInTransaction => SLEEP_IN_TRANSACTION,
        BarKind::Command => COMMAND,
    }
}

/// For one connection, and for several.
pub(crate) const fn parted(kind: DisagreementKind, indirect: bool) -> (Phrase, Phrase) {
    match kind {
        DisagreementKind::PoolKeepsDead if indirect => (POOL_KEEPS_CUT, POOL_KEEPS_CUT),
        DisagreementKind::ApplicationHoldsDead if indirect => (APPLICATION_HOLDS_CUT, APPLICATION_HOLDS_CUT),
        DisagreementKind::PoolKeepsDead => (POOL_KEEPS_DEAD, POOL_KEEPS_DEAD_MANY),
        DisagreementKind::ApplicationHoldsDead => (APPLICATION_HOLDS_DEAD, APPLICATION_HOLDS_DEAD_MANY),
        DisagreementKind::Lost if indirect => (ONLY_ENGINE, ONLY_ENGINE),
        DisagreementKind::Lost => (ONLY_POOL, ONLY_POOL_MANY),
        DisagreementKind::Forgotten => (FORGOTTEN, FORGOTTEN_MANY),
    }
}

pub(crate) fn is_dead(condition: Condition) -> bool {
    condition == Condition::Dead
}

/// The rule in a sentence; a rule that has no translation yet speaks English.
pub fn rule(rule: Rule, lang: Lang) -> &'static str {
    if lang == Lang::En {
        return rule.sentence();
    }
    match rule {
        Rule::Scenario => "场景如此规定。",
        Rule::Listing => "线程执行这一行。",
        Rule::Thread => "请求要等到所在进程有空闲线程。",
        Rule::SessionLazy => "新的 Session 不占连接。",
        Rule::SessionAutobegin => "第一条语句开始事务，并从池中取出一个连接。",
        Rule::SessionKeeps => "Session 一直占着连接，直到 commit、rollback、close 或被垃圾回收。",
        Rule::SessionGivesBack => "commit、rollback 和 close 把连接归还给连接池。",
        Rule::RegistryPerThread => "没有 scopefunc 时，scoped_session 为每个线程保留一个 Session。",
        Rule::RegistryRemove => "remove() 先关闭当前的 Session，再忘掉它。",
        Rule::Garbage => "带事务的 Session 是循环引用：只有循环垃圾回收器能释放它。",
        Rule::GarbageEngine => {
            "engine 和它的连接池是循环引用：连接一直开着，直到循环垃圾回收器运行；PyMySQL 那时不打招呼就关闭它们。"
        }
        Rule::Served => "处理函数已返回。",
        Rule::Propagate => "没有人捕获的异常会离开处理函数。",
        Rule::PendingRollback => "连接断开之后，必须先回滚事务，才能继续使用这个 Connection。",
        Rule::QueueGet => "池中等候的连接被交出。",
        Rule::QueueWait => "溢出数达到 max_overflow 时，取连接最多等待 pool_timeout。",
        Rule::QueueWake => "归还的连接唤醒等得最久的线程。",
        Rule::QueueTimeout => "在 pool_timeout 之内没有连接归还。",
        Rule::Overflow => "池中没有空闲连接，又未到上限：再建立一个连接。",
        Rule::QueueReturn => "归还的连接在池中等待下一个使用者。",
        Rule::QueueFull => "池中已有 pool_size 个连接：归还的这个被关闭。",
        Rule::Connect => "连接的年龄从这里算起。",
        Rule::FirstConnect => "在连接池的一生中只触发一次；方言此时查看服务器。",
        Rule::ConnectFails => "驱动连接失败：连接池的计数恢复原样。",
        Rule::Recycle => "年龄超过 pool_recycle（只在取出时检查）：关闭后重新建立。",
        Rule::PoolInvalidated => "在连接池失效之前建立：取出时关闭并重新建立。",
        Rule::SoftInvalidated => "被软失效：取出时关闭并重新建立。",
        Rule::PrePing => "ping 在取出时、应用程序见到连接之前先测试它。",
        Rule::PingListener => "checkout 事件的监听器测试连接；它若抛出 DisconnectionError，连接池就另开一个。",
        Rule::ResetOnReturn => "连接回到池中时先回滚。",
        Rule::ResetAgent => "1.4 之前，带着事务归还的连接由该事务回滚。",
        Rule::ResetFails => "归还时如果回滚失败，连接被丢弃，调用者毫不知情。",
        Rule::Disconnect => "驱动的错误说明连接已断：这个连接被丢弃，池中更早的连接也一并丢弃。",
        Rule::Detach => "detach() 把连接从池中拿走：它的槽位空出来，之后关闭就是真正关闭。",
        Rule::Dispose => "dispose() 关闭池中的连接，不关闭已取出的。",
        Rule::Wire => "驱动与服务器通信：一次或多次往返。",
        Rule::MaxConnections => "服务器已有 max_connections 个会话：下一个客户端被拒绝。",
        Rule::ServerAccepts => "每个客户端连接都是服务器上的一个会话，空闲与否都算。",
        Rule::ServerCommand => "任何命令，包括 ping，结束后都会让会话的空闲时钟重新开始。",
        Rule::WaitTimeout => "空闲达到 wait_timeout 的会话被服务器关闭，客户端得不到通知。",
        Rule::Kill => "KILL 结束这个会话。",
        Rule::Restart => "重启会结束所有会话。",
        Rule::ClientQuits => "客户端关闭了连接：它的会话结束。",
        Rule::DeadSocket => "服务器一端已经消失；客户端报 2006、2013 还是 4031，取决于驱动、传输方式和服务器。",
        Rule::IdleCut => "中间的设备在它的空闲时限内没有见到报文，就切断这个连接。",
        Rule::TcpGivesUp => "没有人确认的报文会一再重发，共 tcp_retries2 次，间隔越来越长；之后 TCP 放弃。",
        Rule::Keepalive => "tcp_keepalive_time 之内没有报文，TCP 就询问对方是否还在。",
        Rule::ReadTimeout => "驱动等待回答不超过 read_timeout，到时就关闭连接。",
        Rule::Limit => "每次运行都有上限，因此总会结束。",
        #[allow(unreachable_patterns, reason = "The simulator may learn a rule before its translation is written.")]
        _ => rule.sentence(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_name_the_same_places() {
        let places = |text: &str| {
            let mut found: Vec<char> =
                text.match_indices('{').filter_map(|(i, _)| text[i + 1..].chars().next()).collect();
            found.sort_unstable();
            found
        };
        for phrase in ALL {
            assert_eq!(places(phrase.0), places(phrase.1), "{phrase:?}");
        }
        assert_eq!(Lang::ZhCn.say(START, &["app", "{3}"]), "app 开始处理请求 {3}。");
    }
}
