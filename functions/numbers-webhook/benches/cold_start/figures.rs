//! What was measured, kept from one measure to the next in `figures.json`.

use std::{fs, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The figures of one built function.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// What was changed before.
    pub name: String,
    pub init_ms: f64,
    pub first_ms: f64,
    pub warm_ms: f64,
    pub processor_us: f64,
    pub processor_us_per_number: f64,
    pub peak_kib: u64,
    pub zip_bytes: Option<u64>,
    pub init_instructions: Option<u64>,
    pub request_instructions: Option<u64>,
}

/// Every measure that was recorded, oldest first, and what may not be exceeded.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub budget: Budget,
    pub measures: Vec<Figures>,
}

/// How many instructions may be executed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    pub init_instructions: u64,
    pub request_instructions: u64,
}

impl Figures {
    /// A cold start as who waits for the answer sees it, in milliseconds.
    pub fn cold_ms(&self) -> f64 {
        self.init_ms + self.first_ms
    }

    fn lines(&self) -> [(&'static str, Option<String>); 10] {
        let milliseconds = |time: f64| Some(format!("{time:.2} ms"));
        let microseconds = |time: f64| Some(format!("{time:.2} µs"));
        [
            ("cold start: INIT", milliseconds(self.init_ms)),
            ("cold start: first answer", milliseconds(self.first_ms)),
            ("warm answer", milliseconds(self.warm_ms)),
            ("processor, warm", microseconds(self.processor_us)),
            (
                "processor, each number",
                microseconds(self.processor_us_per_number),
            ),
            ("peak memory", Some(format!("{} KiB", self.peak_kib))),
            ("zip", self.zip_bytes.map(|bytes| format!("{bytes} bytes"))),
            ("instructions, INIT", self.init_instructions.map(grouped)),
            ("instructions, warm", self.request_instructions.map(grouped)),
            ("cold start", milliseconds(self.cold_ms())),
        ]
    }
}

impl Record {
    /// Reads what was recorded.
    pub fn read() -> Self {
        serde_json::from_str(&fs::read_to_string(file()).unwrap()).unwrap()
    }

    /// Adds a measure, in place of one of the same name.
    pub fn add(&mut self, figures: Figures) {
        match self
            .measures
            .iter_mut()
            .find(|one| one.name == figures.name)
        {
            Some(one) => *one = figures,
            None => self.measures.push(figures),
        }
        let text = serde_json::to_string_pretty(self).unwrap();
        fs::write(file(), text + "\n").unwrap();
    }

    /// Prints figures beside those that were recorded last.
    pub fn compare(&self, now: &Figures) {
        let before = self.measures.last().map(Figures::lines);
        println!("{:<26} {:>16} {:>16}", "", "now", "recorded");
        for (line, (about, figure)) in now.lines().into_iter().enumerate() {
            let before = before.as_ref().and_then(|lines| lines[line].1.clone());
            let [figure, before] = [figure, before].map(|text| text.unwrap_or_else(|| "-".into()));
            println!("{about:<26} {figure:>16} {before:>16}");
        }
    }
}

impl Budget {
    /// Tells whether so many instructions are few enough, and says so.
    pub fn holds(&self, (init, request): (u64, u64)) -> bool {
        let holds = |about, count, most| {
            println!(
                "{about:<26} {:>16} of at most {}",
                grouped(count),
                grouped(most)
            );
            count <= most
        };
        let init = holds("instructions, INIT", init, self.init_instructions);
        holds("instructions, warm", request, self.request_instructions) && init
    }
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/cold_start/figures.json")
}

/// Writes a number with a comma before each group of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8(groups.join(&b',')).unwrap()
}
