//! The cold start before and after each measure, as a bar chart.

use std::{fmt::Write, fs, path::PathBuf};

use crate::figures::Figures;

const WIDTH: f64 = 720.0;
const ROW: f64 = 26.0;
const NAMES: f64 = 330.0;
const FIGURES: f64 = 70.0;

/// Draws the chart into `functions/cold-start.svg`.
pub fn draw(measures: &[Figures]) {
    let longest = measures.iter().map(Figures::cold_ms).fold(1.0, f64::max);
    let scale = (WIDTH - NAMES - FIGURES) / longest;
    let height = ROW * (measures.len() as f64 + 1.0);
    let mut rows = String::new();
    for (row, figures) in measures.iter().enumerate() {
        bar(&mut rows, ROW * row as f64, figures, scale).unwrap();
    }
    let text = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif" font-size="13">
<title>Milliseconds of a cold start after each measure</title>
<rect width="100%" height="100%" fill="#fff"/>
{rows}<rect x="{NAMES}" y="{legend}" width="12" height="12" fill="#2b6cb0"/><text x="{init}" y="{text}">INIT</text>
<rect x="{first_box}" y="{legend}" width="12" height="12" fill="#dd6b20"/><text x="{first}" y="{text}">first answer, in ms</text>
</svg>
"##,
        legend = height - 18.0,
        text = height - 7.0,
        init = NAMES + 17.0,
        first_box = NAMES + 62.0,
        first = NAMES + 79.0,
    );
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cold-start.svg");
    fs::write(file, text).unwrap();
}

fn bar(rows: &mut String, top: f64, figures: &Figures, scale: f64) -> std::fmt::Result {
    let (init, first) = (figures.init_ms * scale, figures.first_ms * scale);
    let (text, box_top) = (top + 17.0, top + 5.0);
    let name = figures.name.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        rows,
        r##"<text x="{end}" y="{text}" text-anchor="end">{name}</text>
<rect x="{NAMES}" y="{box_top}" width="{init:.1}" height="16" fill="#2b6cb0"/>
<rect x="{middle:.1}" y="{box_top}" width="{first:.1}" height="16" fill="#dd6b20"/>
<text x="{right:.1}" y="{text}">{cold:.1}</text>"##,
        end = NAMES - 8.0,
        middle = NAMES + init,
        right = NAMES + init + first + 6.0,
        cold = figures.cold_ms(),
    )
}
