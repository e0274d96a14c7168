//! Three small runs: connections that die, Sessions that are lost, threads that wait.

#![allow(dead_code, reason = "not every suite needs every run")]

use poolscope_sim::scenario::KnobValue;
use poolscope_sim::{Document, Scenario, Trace, simulate};

pub fn run(toml: &str, knobs: &[(&str, &str)]) -> Trace {
    let mut document = Document::from_toml(toml).unwrap();
    for (path, value) in knobs {
        document.set(path, &KnobValue::parse(value)).unwrap();
    }
    simulate(&Scenario::read(&document, "test").unwrap())
}

/// wait_timeout, KILL and a restart.
pub const DEAD: &str = r#"
title = "Dead connections"
seed = 1
until = "40 s"
look_at = "first error"
[variables]
wait_timeout = 8
[engine]
pool_size = 2
max_overflow = 0
pool_recycle = 20
[[process]]
name = "app"
threads = 2
[programs.handler]
text = '''
def handler():
    with Session() as session:
        session.execute(text("SELECT 1"))
        time.sleep(1)
'''
[statements]
"SELECT 1" = "800 ms"
[[traffic]]
run = "handler"
at = ["1 s", "1.5 s", "15 s", "17 s", "23 s", "31 s", "36 s"]
[[fault]]
at = "20 s"
kind = "kill"
[[fault]]
at = "34 s"
kind = "restart"
down = "1 s"
"#;

/// Nobody closes the Session; later the collector runs.
pub const LEAK: &str = r#"
title = "Left behind"
seed = 1
until = "20 s"
look_at = "end"
[variables]
wait_timeout = 12
max_connections = 4
[engine]
pool_size = 1
max_overflow = 2
pool_timeout = 3
[[process]]
name = "web"
count = 2
threads = 1
[programs.handler]
text = '''
def handler():
    session = Session()
    session.execute(text("SELECT 1"))
    time.sleep(0.5)
'''
[[traffic]]
run = "handler"
every = "1 s"
start = "1 s"
[gc]
at = ["16 s"]
"#;

/// More threads than connections, more requests than threads.
pub const WAIT: &str = r#"
title = "Waiting"
seed = 1
until = "12 s"
[engine]
pool_size = 1
max_overflow = 1
pool_timeout = 3
[[process]]
name = "app"
threads = 4
[programs.handler]
text = '''
def handler():
    with Session() as session:
        session.execute(text("SELECT SLEEP(2)"))
'''
[statements]
"SELECT SLEEP(2)" = "2 s"
[[traffic]]
run = "handler"
at = ["1 s", "1 s", "1.5 s", "1.6 s", "1.7 s", "2 s", "2.5 s"]
"#;

/// Two requests in the evening, two in the morning.
pub const NIGHT: &str = r#"
title = "A night"
seed = 1
until = "9 h"
[[process]]
name = "app"
threads = 2
[programs.handler]
text = '''
def handler():
    with Session() as session:
        session.execute(text("SELECT 1"))
'''
[statements]
"SELECT 1" = "800 ms"
[[traffic]]
run = "handler"
at = ["1 s", "3 s", "28810 s", "28812 s"]
"#;
