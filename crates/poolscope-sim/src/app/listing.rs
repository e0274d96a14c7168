//! The Python text beside the timeline: what the engine options say, then the programs. It is the code that runs.

/// Lines are numbered from 1, as in a traceback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub lines: Vec<String>,
    /// `functions[i]` is the first and last line of `Scenario::programs[i]`, if the traffic runs it, with its name.
    pub functions: Vec<Function>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub first: u16,
    pub last: u16,
}

impl Listing {
    pub fn line(&self, number: u16) -> &str {
        usize::from(number).checked_sub(1).and_then(|i| self.lines.get(i)).map_or("", String::as_str)
    }

    fn function_of(&self, line: u16) -> Option<&Function> {
        self.functions.iter().find(|f| (f.first..=f.last).contains(&line))
    }

    pub fn traceback(&self, line: Option<u16>, error: &str) -> String {
        let mut text = String::from("Traceback (most recent call last):\n");
        if let Some((line, function)) = line.and_then(|l| Some((l, self.function_of(l)?))) {
            text += &format!("  File \"app.py\", line {line}, in {}\n    {}\n", function.name, self.line(line).trim());
        }
        text + error
    }
}
