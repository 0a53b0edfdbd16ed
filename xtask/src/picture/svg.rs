//! A screen as an SVG: a window, and text in the grid of a terminal.

use std::fmt::Write;

use super::screen::{Look, Run, Screen};

/// The width of a cell.
const CELL: f64 = 8.4;
/// The height of a line.
const LINE: f64 = 20.0;
/// The distance from the window's edge to the text.
const MARGIN: f64 = 22.0;
/// The height of the window's title bar.
const TITLE_BAR: f64 = 38.0;
/// Where letters stand in their line.
const BASELINE: f64 = 14.0;

/// The looks that a class stands for; everything a browser must know is in the file itself.
const STYLE: &str = "\
.window{fill:#16181d}.bar{fill:#1f2229}.edge{fill:none;stroke:#343842}\
text{font:14px ui-monospace,'SF Mono','Cascadia Mono','JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace;\
fill:#d7dae0;white-space:pre}\
.title{fill:#8b919e;text-anchor:middle;font-size:13px}\
.bold{font-weight:700;fill:#f2f4f8}.dim{fill:#868c99}.italic{font-style:italic}\
.underline{text-decoration:underline}\
.close{fill:#ef6a5e}.fold{fill:#f4be4f}.grow{fill:#61c454}.c1{fill:#f07178}.c2{fill:#8fce7c}.c3{fill:#f2c36b}.c4{fill:#7aa7f0}.c5{fill:#c795e8}.c6{fill:#6fd0d6}";

/// Draws a screen.
pub(super) fn draw(screen: &Screen, title: &str) -> String {
    let width = (screen.columns as f64) * CELL + 2.0 * MARGIN;
    let height = (screen.lines.len() as f64) * LINE + TITLE_BAR + 1.5 * MARGIN;
    let mut svg = String::new();
    // Writing to a text cannot fail.
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img" aria-label="{title}">
<title>{title}</title>
<style>{STYLE}</style>
<rect class="window" width="100%" height="100%" rx="10"/>
<path class="bar" d="M0 {TITLE_BAR:.0}V10a10 10 0 0 1 10-10H{right:.0}a10 10 0 0 1 10 10V{TITLE_BAR:.0}z"/>
<circle class="close" cx="20" cy="19" r="6"/><circle class="fold" cx="40" cy="19" r="6"/><circle class="grow" cx="60" cy="19" r="6"/>
<text class="title" x="50%" y="23.5">{title}</text>"#,
        title = escaped(title),
        right = width - 10.0,
    );
    for (index, line) in screen.lines.iter().enumerate() {
        let y = TITLE_BAR + 0.75 * MARGIN + (index as f64) * LINE + BASELINE;
        for run in line {
            draw_run(run, y, &mut svg);
        }
    }
    let _ = writeln!(
        svg,
        r#"<rect class="edge" x=".5" y=".5" width="{:.0}" height="{:.0}" rx="10"/>
</svg>"#,
        width - 1.0,
        height - 1.0
    );
    svg
}

/// Draws neighbouring cells, stretched to the grid whatever font the reader has.
fn draw_run(run: &Run, y: f64, svg: &mut String) {
    let x = MARGIN + (run.column as f64) * CELL;
    let length = (run.columns as f64) * CELL;
    let classes = classes(run.look);
    let class = match classes.is_empty() {
        true => String::new(),
        false => format!(r#" class="{classes}""#),
    };
    let _ = writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" textLength="{length:.1}" lengthAdjust="spacingAndGlyphs"{class}>{}</text>"#,
        escaped(&run.text)
    );
}

/// Returns the classes of a look; bright colours are those of the usual ones.
fn classes(look: Look) -> String {
    let mut classes = Vec::new();
    let flags = [
        (look.bold, "bold"),
        (look.dim, "dim"),
        (look.italic, "italic"),
        (look.underline, "underline"),
    ];
    classes.extend(
        flags
            .iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, name)| (*name).to_owned()),
    );
    classes.extend(look.color.map(|index| format!("c{}", index % 8)));
    classes.join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
