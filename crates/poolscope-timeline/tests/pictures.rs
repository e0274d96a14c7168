//! Text in, text out: what the picture, the outline and the inspector say about three small runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod runs;

use expect_test::{Expect, expect};
use poolscope_sim::scenario::current;
use poolscope_sim::trace::{EventId, EventKind};
use poolscope_sim::{Document, SimSpan, SimTime};
use poolscope_timeline::{Moment, StepKind, Timeline, ascii, origin, outline, sentence, why};
use runs::{DEAD, LEAK, WAIT, run};

fn check_picture(toml: &str, knobs: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&ascii(&Timeline::new(&run(toml, knobs)), 80));
}

fn check_outline(toml: &str, knobs: &[(&str, &str)], lang: &str, expected: Expect) {
    let mut text = String::new();
    for row in outline(&run(toml, knobs), lang) {
        text += &format!("{} | {} | {}\n", row.at, row.who, row.what);
    }
    expected.assert_eq(&text);
}

#[test]
fn picture_of_connections_that_die_in_the_pool() {
    check_picture(
        DEAD,
        &[],
        expect![[r#"
            Dead connections        |0 s          10 s          20 s         30 s
            APPLICATION
            app, thread 1           | ===                ! ====     ===       !      ==-=
            app, thread 2           |  ===
            POOL
            checked out (2)         | 1221                 1111     111              1111
            slot 1                  | c##----------xxxxxxI          c##-------oooxxxxc###--
            slot 2                  |  c##----------xxxxxxxc###-xxxxxxxxxxxxxxI
            SERVER
            Threads_connected (151) | 122222222222221      111111   11111111111111   111111
            Id 8/11/8               | ===----------T                ===----------TD U==_=--
            Id 9/10                 |  ===----------T      ====-K
        "#]],
    );
}

#[test]
fn picture_with_pre_ping() {
    check_picture(
        DEAD,
        &[("engine.pool_pre_ping", "true")],
        expect![[r#"
        Dead connections        |0 s          10 s          20 s         30 s
        APPLICATION
        app, thread 1           | ===                ======     ===       ==-=   ==-=
        app, thread 2           |  ===
        POOL
        checked out (2)         | 1221               111111     111       1111   1111
        slot 1                  | c##----------xxxxxxP##----xxxxP##-------oooxxxxc###--
        slot 2                  |  c##----------xxxxxxxc###-xxxxxxxxxxxxxxP###xxxxxxxxx
        SERVER
        Threads_connected (151) | 122222222222221    11222222   111111111122221  111111
        Id 8/10/12/8            | ===----------T     ===----K   ===----------T  U==_=--
        Id 9/11/13              |  ===----------T      ====-K             ==_=D
    "#]],
    );
}

#[test]
fn picture_of_sessions_left_behind() {
    check_picture(
        LEAK,
        &[],
        expect![[r#"
            Left behind            |0 s          5 s           10 s          15 s
            APPLICATION
            web 1                  |  =-L   =L   !     !    !     !    !     =L   =-L   =L
            left behind            |    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~    ~~~~~~~
                                   |         ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~         ~~
                                   |                                          ~~~
            web 2                  |     =L    =L   !     !    !     !    =L    =L   =L
            left behind            |      ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ ~~~~~~~~~~
                                   |            ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~     ~~~~~
                                   |                                       ~~~~~~
            POOL
            web 1, checked out (3) |  1111112222232222232222322222322223222223333 111111222
            web 2, checked out (3) |     11111122222322222322223222223222233333331111222222
            web 1, slot 1          |  c##~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~I c##~~~~~~
            web 1, slot 2/9        |        c#~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~I       c#~
            web 1, slot 3–8        |             !     !    !     !    !     c#~~
            web 2, slot 1          |     c#~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~I#~~~~~~~~~
            web 2, slot 2          |           c#~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~----##~~~~
            web 2, slot 3–7        |                !     !    !     !    c#~~~~~
            SERVER
            Threads_connected (4)  |  11122233344444444444444444444444443343343332333333444
            refused                |             !  !  !  ! !  !  !  ! !
            Id 8/12/14             |  =________________________________T  =_____q__________
            Id 9/13/15             |     =________________________________T  =__q =________
            Id 10/16               |        =________________________________T          =__
            Id 11                  |           =________________________________=----=_____
        "#]],
    );
}

#[test]
fn picture_of_threads_that_wait() {
    check_picture(
        WAIT,
        &[],
        expect![[r#"
        Waiting                 |0 s                   5 s                    10 s
        APPLICATION
        no free thread          |       ttttttt
                                |         ttttt
                                |           tttttttttt
        app, thread 1           |    ===================
        app, thread 2           |    ===================
        app, thread 3           |      wwwwwwwwwwwwww!ww=========
        app, thread 4           |       wwwwwwwwwwwww!
        POOL
        checked out (2)         |    2222222222222222222111111111
        slot 1                  |    c###########################----------------------
        slot 2                  |    c##################
        SERVER
        Threads_connected (151) |    22222222222222222221111111111111111111111111111111
        Id 8                    |    ============================----------------------
        Id 9                    |    ==================q
    "#]],
    );
}

/// A StaticPool has one record, and only the first of those who have it says that it is back.
#[test]
fn picture_of_threads_that_share_a_connection() {
    const SHARED: &str = r#"
seed = 1
until = "6 s"

[engine]
poolclass = "StaticPool"

[[process]]
threads = 2

[programs.handler]
text = '''
def handler(request):
    with Session() as session:
        session.execute(text("SELECT 1"))
        time.sleep(1)
'''

[[traffic]]
run = "handler"
at = ["1 s", "1.5 s", "5 s"]
"#;
    check_picture(
        SHARED,
        &[],
        expect![[r#"
        test                    |0 s               2 s               4 s
        APPLICATION
        app, thread 1           |         =--------=                          =--------
        app, thread 2           |             =--------=
        POOL
        checked out (15)        |         1111111111                          111111111
        slot 1                  |         c#############----------------------#########
        SERVER
        Threads_connected (151) |         111111111111111111111111111111111111111111111
        Id 8                    |         =___=____=---=----------------------=________
    "#]],
    );
}

#[test]
fn outlines_tell_the_whole_story() {
    check_outline(
        DEAD,
        &[],
        "en",
        expect![[r#"
            1.006 s | Pool | The pool has a new connection: 1 in slot 1.
            1.503 s | Pool | The pool has a new connection: 2 in slot 2.
            2.8075 s | app, thread 1 | Finishes request 1. The same happens 4 more times, the last at 37.8045 s.
            10.8075 s | Server | The server closes session 8 after wait_timeout (8 s) of sleep. On the client's side it is connection 1.
            11.3045 s | Server | The server closes session 9 after wait_timeout (8 s) of sleep. On the client's side it is connection 2.
            15 s | app, thread 1 | Checks out connection 1. It ended on the server at 10.8075 s, and nobody has noticed.
            15 s | Pool | The pool throws connection 1 away.
            15 s | app, thread 1 | Gets an exception: 2013.
            sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
            [SQL: SELECT 1]
            (Background on this error at: https://sqlalche.me/e/21/e3q8)
            17 s | Pool | The pool closes connection 2.
            17.003 s | Pool | The pool has a new connection: 3 in slot 2. The same happens 2 more times, the last at 36.003 s.
            20 s | Server | KILL ends server session 10. On the client's side it is connection 3.
            31 s | app, thread 1 | Checks out connection 3. It ended on the server at 20 s, and nobody has noticed.
            31 s | Pool | The pool throws connection 3 away.
            31 s | app, thread 1 | Gets an exception: 2013.
            32.8045 s | Server | The server closes session 11 after wait_timeout (8 s) of sleep. On the client's side it is connection 4.
            34 s | Server | The server goes down. Sessions lost: 0.
            35 s | Server | The server is up again.
            36 s | Pool | The pool closes connection 4.
        "#]],
    );
    check_outline(
        DEAD,
        &[("engine.pool_pre_ping", "true")],
        "zh-CN",
        expect![[r#"
            1.006 s | 连接池 | 连接池有了一个新连接：槽位 1 的连接 1。
            1.503 s | 连接池 | 连接池有了一个新连接：槽位 2 的连接 2。
            2.8075 s | app, thread 1 | 处理完请求 1。之后又发生 6 次，最后一次在 37.8045 s。
            10.8075 s | 服务器 | 会话 8 睡满 wait_timeout（8 s），服务器关闭了它。在客户端一侧，它是连接 1。
            11.3045 s | 服务器 | 会话 9 睡满 wait_timeout（8 s），服务器关闭了它。在客户端一侧，它是连接 2。
            15 s | 连接池 | Ping 发现连接 1 已失效 (2013, 'Lost connection to MySQL server during query')。连接池替换它，谁也不会看到错误。
            15 s | 连接池 | 连接池丢弃连接 1。
            15.003 s | 连接池 | 连接池有了一个新连接：槽位 1 的连接 3。之后又发生 4 次，最后一次在 36.003 s。
            17 s | 连接池 | 连接池关闭连接 2。
            20 s | 服务器 | KILL 结束服务器会话 10。在客户端一侧，它是连接 3。
            20 s | 服务器 | KILL 结束服务器会话 11。在客户端一侧，它是连接 4。
            23 s | 连接池 | Ping 发现连接 3 已失效 (2013, 'Lost connection to MySQL server during query')。连接池替换它，谁也不会看到错误。
            23 s | 连接池 | 连接池丢弃连接 3。
            31 s | 连接池 | Ping 发现连接 4 已失效 (2013, 'Lost connection to MySQL server during query')。连接池替换它，谁也不会看到错误。
            31 s | 连接池 | 连接池丢弃连接 4。
            32.8045 s | 服务器 | 会话 12 睡满 wait_timeout（8 s），服务器关闭了它。在客户端一侧，它是连接 5。
            34 s | 服务器 | 服务器停止，丢失 1 个会话。
            35 s | 服务器 | 服务器重新启动。
            36 s | 连接池 | 连接池关闭连接 5。
        "#]],
    );
    check_outline(
        WAIT,
        &[],
        "en",
        expect![[r#"
        1.006 s | Pool | The pool has a new connection: 1 in slot 1.
        1.006 s | Pool | The pool has a new connection: 2 in slot 2.
        1.5 s | app, thread 3 | Finds nothing free in the pool and waits, until 4.5 s at most.
        1.6 s | app, thread 4 | Finds nothing free in the pool and waits, until 4.6 s at most.
        3.0075 s | app, thread 1 | Finishes request 1. The same happens 4 more times, the last at 7.0105 s.
        4.5 s | app, thread 3 | Gets an exception: QueuePool limit.
        sqlalchemy.exc.TimeoutError: QueuePool limit of size 1 overflow 1 reached, connection timed out, timeout 3.00 (Background on this error at: https://sqlalche.me/e/21/3o7r)
        4.5 s | app, thread 3 | Finds nothing free in the pool and waits, until 7.5 s at most.
        4.6 s | app, thread 4 | Gets an exception: QueuePool limit.
        5.009 s | Pool | The pool closes connection 2.
        5.009 s | app, thread 3 | Checks out connection 1 after waiting 509 ms.
    "#]],
    );
    check_outline(
        LEAK,
        &[],
        "zh-CN",
        expect![[r#"
        1.006 s | 连接池, web 1 | 连接池有了一个新连接：槽位 1 的连接 1。
        1.5085 s | web 1 | 没有关闭 Session 1 就丢掉了它。现在只有垃圾回收能归还它的连接。
        1.5085 s | web 1 | 处理完请求 1。之后又发生 9 次，最后一次在 19.5055 s。
        2.006 s | 连接池, web 2 | 连接池有了一个新连接：槽位 1 的连接 2。
        2.5085 s | web 2 | 没有关闭 Session 2 就丢掉了它。现在只有垃圾回收能归还它的连接。
        3.003 s | 连接池, web 1 | 连接池有了一个新连接：槽位 2 的连接 3。之后又发生 6 次，最后一次在 19.003 s。
        3.5055 s | web 1 | 没有关闭 Session 3 就丢掉了它。现在只有垃圾回收能归还它的连接。之后又发生 7 次，最后一次在 19.5055 s。
        5.003 s | 服务器 | 服务器拒绝了一个客户端，错误 1040。Threads_connected：4。
        5.003 s | web 1 | 收到异常：1040。
        sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (1040, 'Too many connections')
        (Background on this error at: https://sqlalche.me/e/21/e3q8)
        6.003 s | 服务器 | 服务器拒绝了一个客户端，错误 1040。Threads_connected：4。
        6.003 s | web 2 | 收到异常：1040。
        7.003 s | 服务器 | 服务器拒绝了一个客户端，错误 1040。Threads_connected：4。之后又发生 6 次，最后一次在 13.003 s。
        7.003 s | web 1 | 收到异常：1040。之后又发生 6 次，最后一次在 13.003 s。
        13.0085 s | 服务器 | 会话 8 睡满 wait_timeout（12 s），服务器关闭了它。在客户端一侧，它是连接 1。
        14.0085 s | 服务器 | 会话 9 睡满 wait_timeout（12 s），服务器关闭了它。在客户端一侧，它是连接 2。
        15.0055 s | 服务器 | 会话 10 睡满 wait_timeout（12 s），服务器关闭了它。在客户端一侧，它是连接 3。
        16 s | web 2 | 在池中没有拿到空闲连接，开始等待，最多等到 19 s。
        16 s | Python | 垃圾回收运行，找到丢失的 Session：6 个。
        16 s | 连接池, web 1 | 连接池丢弃连接 1。
        16 s | 连接池, web 2 | 连接池丢弃连接 2。
        16 s | 连接池, web 1 | 连接池丢弃连接 3。
        16.001 s | 连接池, web 2 | 连接池关闭连接 5。
        16.0015 s | 连接池, web 1 | 连接池关闭连接 6。
        16.003 s | web 2 | 等了 3 ms，取出连接 7。
    "#]],
    );
}

#[test]
fn the_inspector_shows_three_truths() {
    let trace = run(DEAD, &[]);
    let moment = Moment::at(&trace, SimTime(14_000_000));
    let tasks: Vec<String> = (0..trace.tasks.len()).map(|t| moment.task_text(t, "en")).collect();
    let text = format!(
        "{}\n{}\n{}\n{}",
        tasks.join(", "),
        moment.engines[0].status,
        moment.processlist_text(),
        moment.disagreement_texts("en").join("\n")
    );
    expect![[r#"
        idle, idle
        Pool size: 2  Connections in pool: 2 Current Overflow: 0 Current Checked out connections: 0
        +----+-----------------+-----------+------+---------+------+------------------------+------------------+
        | Id | User            | Host      | db   | Command | Time | State                  | Info             |
        +----+-----------------+-----------+------+---------+------+------------------------+------------------+
        |  5 | event_scheduler | localhost | NULL | Daemon  |   14 | Waiting on empty queue | NULL             |
        |  7 | root            | localhost | NULL | Query   |    0 | init                   | SHOW PROCESSLIST |
        +----+-----------------+-----------+------+---------+------+------------------------+------------------+
        2 rows in set (0.00 sec)
        Connections 1, 2: they ended on the server, the last at 11.3045 s; the pool does not know and still keeps them."#]].assert_eq(&text);

    let trace = run(DEAD, &[("server", "mariadb-10.11"), ("transport", "unix")]);
    expect![[r#"
        +----+------+-----------+------+---------+------+----------+------------------+----------+
        | Id | User | Host      | db   | Command | Time | State    | Info             | Progress |
        +----+------+-----------+------+---------+------+----------+------------------+----------+
        |  7 | root | localhost | NULL | Query   |    0 | starting | SHOW PROCESSLIST |    0.000 |
        |  8 | app  | localhost | shop | Sleep   |    0 |          | NULL             |    0.000 |
        |  9 | app  | localhost | shop | Sleep   |    0 |          | NULL             |    0.000 |
        +----+------+-----------+------+---------+------+----------+------------------+----------+
        3 rows in set (0.00 sec)"#]]
    .assert_eq(&Moment::at(&trace, SimTime(3_000_000)).processlist_text());
}

#[test]
fn the_inspector_shows_an_engine_once_it_is_made() {
    let trace = run(include_str!("../../../book/scenarios/engine-for-each-request.toml"), &[]);
    let made = |seconds| {
        let moment = Moment::at(&trace, SimTime::ZERO + SimSpan::from_secs(seconds));
        trace
            .engines
            .iter()
            .zip(&moment.engines)
            .filter(|(_, e)| e.made)
            .map(|(e, _)| e.name.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(made(0), "engine");
    assert_eq!(made(3), "engine own own own");
    assert_eq!(made(9), "engine own own own own own own own");
}

#[test]
fn the_last_error_has_its_traceback() {
    let trace = run(DEAD, &[]);
    let moment = Moment::at(&trace, Timeline::initial(&trace));
    expect![[r#"
        Traceback (most recent call last):
          File "app.py", line 11, in handler
            session.execute(text("SELECT 1"))
        sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        [SQL: SELECT 1]
        (Background on this error at: https://sqlalche.me/e/21/e3q8)"#]].assert_eq(&moment.error.unwrap().traceback);
    assert!(Moment::at(&trace, SimTime::ZERO).error.is_none());
}

#[test]
fn an_error_has_causes() {
    let trace = run(DEAD, &[]);
    let error = Timeline::initial(&trace);
    let told: Vec<String> =
        std::iter::once(error).chain(why(&trace, error)).map(|id| sentence(&trace, id, "en")).collect();
    expect![[r#"
        app, thread 1 gets an exception: sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        Connection 1 fails with (2013, 'Lost connection to MySQL server during query').
        The server closes session 8 after wait_timeout (8 s) of sleep. On the client's side it is connection 1.
        Server session 8 sleeps. The clock of wait_timeout starts."#]].assert_eq(&told.join("\n"));
}

#[test]
fn steps_lead_from_error_to_error() {
    let trace = run(DEAD, &[]);
    let timeline = Timeline::new(&trace);
    let first = timeline.next(EventId(0), Some(StepKind::Error)).unwrap();
    assert_eq!(first.event, Timeline::initial(&trace));
    let second = timeline.next(first.event, Some(StepKind::Error)).unwrap();
    assert!(first.at < second.at);
    assert_eq!(timeline.previous(second.event, Some(StepKind::Error)), Some(first));
    assert!(timeline.next(second.event, None).is_some());
}

#[test]
fn a_cause_ends_at_a_setting_and_at_a_line() {
    let trace = run(DEAD, &[]);
    let error = trace.events.iter().position(|e| matches!(e.kind, EventKind::Raise { .. })).unwrap();
    let error = EventId(error as u32);
    assert_eq!(
        trace.listing.line(origin::line_of(&trace, error).unwrap()).trim(),
        "session.execute(text(\"SELECT 1\"))"
    );
    let mut text = String::new();
    for event in std::iter::once(error).chain(why(&trace, error)) {
        let rule = trace.events[event.0 as usize].rule;
        text += &format!("{} → {}\n", rule.id(), origin::settings(rule).join(", "));
    }
    expect![[r#"
        python.raise → 
        driver.dead-socket → driver, transport, server
        server.wait_timeout → variables.wait_timeout
        server.command → 
    "#]]
    .assert_eq(&text);
    let runs = origin::runs_of(&trace, origin::line_of(&trace, error).unwrap());
    assert_eq!(runs.len(), 7, "once for each request");
    assert_eq!(origin::line_of(&trace, EventId(0)), None);
    // A setting that a chain names can be set.
    let document = Document::from_toml(DEAD).unwrap();
    for event in &trace.events {
        for path in origin::settings(event.rule) {
            assert!(current(path, &document, &trace.scenario).is_some(), "{path}");
        }
    }
}

#[test]
fn a_silent_server_is_seen() {
    let toml = r#"
seed = 1
until = 12
sqlalchemy = "2.1"
driver = "pymysql"

[network]
silent_from = 3
silent_until = 8

[programs.p]
text = '''
def handler(request):
    with Session() as session:
        session.execute(text("SELECT 1"))
'''

[[traffic]]
run = "p"
at = [1, 4, 10]
"#;
    check_picture(
        toml,
        &[],
        expect![[r#"
        test                    |0 s                   5 s                    10 s
        APPLICATION
        app, thread 1           |    =             ===================        =
        app, thread 2           |
        app, thread 3           |
        app, thread 4           |
        POOL
        checked out (15)        |    1             1111111111111111111        1
        slot 1                  |    c-------------###################--------#--------
        SERVER
        Threads_connected (151) |    11111111111111111111111111111111111111111111111111
        Id 8                    |    =--------D----==================U--------=--------
    "#]],
    );
    check_outline(
        toml,
        &[],
        "en",
        expect![[r#"
        1.006 s | Pool | The pool has a new connection: 1 in slot 1.
        1.0095 s | app, thread 1 | Finishes request 1. The same happens 2 more times, the last at 10.0035 s.
        3 s | Server | The server falls silent: it accepts connections, and answers nobody.
        8 s | Server | The server answers again.
    "#]],
    );
    check_outline(
        toml,
        &[],
        "zh-CN",
        expect![[r#"
        1.006 s | 连接池 | 连接池有了一个新连接：槽位 1 的连接 1。
        1.0095 s | app, thread 1 | 处理完请求 1。之后又发生 2 次，最后一次在 10.0035 s。
        3 s | 服务器 | 服务器不作声了：照样接受连接，但谁也不回答。
        8 s | 服务器 | 服务器又开始回答。
    "#]],
    );
}
