//! A scene as SVG text, and the stylesheet that gives it its colours.
//!
//! Neighbours of the same class are written as one path or one group, and numbers with one decimal at most, so that a
//! picture stays small enough to be part of the page.

use crate::scene::{Anchor, Glyph, Item, Scene, Shape};

/// The one stylesheet of all pictures. Colours are custom properties with fallbacks, so a host can override them.
pub fn css() -> &'static str {
    include_str!("poolscope-scene.css")
}

/// A complete `<svg>` element: escaped, without ids and inline styles.
pub fn svg(scene: &Scene) -> String {
    let mut out = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ps\" role=\"img\" viewBox=\"0 0 ");
    number(&mut out, scene.width);
    out.push(' ');
    number(&mut out, scene.height);
    out.push_str("\" width=\"");
    number(&mut out, scene.width);
    out.push_str("\" height=\"");
    number(&mut out, scene.height);
    out.push_str("\"><title>");
    escape(&mut out, &scene.title);
    out.push_str("</title><desc>");
    escape(&mut out, &scene.desc);
    out.push_str("</desc>");
    out.push_str(&svg_items(scene));
    out.push_str("</svg>");
    out
}

/// Only what is inside the `<svg>` element, without title and description: for a widget that owns the element.
pub fn svg_items(scene: &Scene) -> String {
    let mut out = String::new();
    let mut open = Open::Nothing;
    for item in &scene.items {
        let next = Open::of(item);
        if next != open {
            open.close(&mut out);
            next.begin(&mut out);
            open = next;
        }
        shape(&mut out, &item.shape, open.shares_x());
    }
    open.close(&mut out);
    out
}

/// The element that is being written: one for as many shapes as fit into it.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Nothing,
    Path {
        class: &'static str,
        thick: f32,
    },
    /// Labels stand in a column; their group carries the x that they share.
    Texts {
        class: &'static str,
        anchor: Anchor,
        column: Option<f32>,
    },
}

impl Open {
    fn of(item: &Item) -> Open {
        match item.shape {
            Shape::Text { x, anchor, .. } => {
                Open::Texts { class: item.class, anchor, column: (item.class == "lane").then_some(x) }
            }
            Shape::Stroke { thick, .. } => Open::Path { class: item.class, thick },
            _ => Open::Path { class: item.class, thick: 0.0 },
        }
    }

    fn shares_x(self) -> bool {
        matches!(self, Open::Texts { column: Some(_), .. })
    }

    fn begin(self, out: &mut String) {
        match self {
            Open::Nothing => {}
            Open::Path { class, thick } => {
                out.push_str("<path class=\"");
                out.push_str(class);
                if thick > 0.0 {
                    out.push_str("\" stroke-width=\"");
                    number(out, thick);
                }
                out.push_str("\" d=\"");
            }
            Open::Texts { class, anchor, column } => {
                out.push_str("<g class=\"");
                out.push_str(class);
                if let Some(x) = column {
                    out.push_str("\" transform=\"translate(");
                    number(out, x);
                    out.push(')');
                }
                out.push_str(match anchor {
                    Anchor::Start => "\">",
                    Anchor::Middle => "\" text-anchor=\"middle\">",
                    Anchor::End => "\" text-anchor=\"end\">",
                });
            }
        }
    }

    fn close(self, out: &mut String) {
        out.push_str(match self {
            Open::Nothing => "",
            Open::Path { .. } => "\"/>",
            Open::Texts { .. } => "</g>",
        });
    }
}

/// `shared`: the group has the x of its texts already.
fn shape(out: &mut String, shape: &Shape, shared: bool) {
    match shape {
        Shape::Rect { x, y, width, height, .. } => {
            let mut pen = Pen::at(out, *x, *y);
            pen.to(x + width, *y);
            pen.to(x + width, y + height);
            pen.to(*x, y + height);
            out.push('z');
        }
        Shape::Line { x1, y1, x2, y2 } => Pen::at(out, *x1, *y1).to(*x2, *y2),
        Shape::Stroke { x1, x2, y, .. } => Pen::at(out, *x1, *y).to(*x2, *y),
        Shape::Path { points, closed } => {
            let Some(((x, y), rest)) = points.split_first() else { return };
            let mut pen = Pen::at(out, *x, *y);
            for (x, y) in rest {
                pen.to(*x, *y);
            }
            if *closed {
                out.push('z');
            }
        }
        Shape::Glyph { glyph, x, y, size } => glyph_path(out, *glyph, *x, *y, size / 2.0),
        Shape::Text { x, y, text, .. } => {
            out.push_str("<text");
            if !shared {
                out.push_str(" x=\"");
                number(out, *x);
                out.push('"');
            }
            out.push_str(" y=\"");
            number(out, *y);
            out.push_str("\">");
            escape(out, text);
            out.push_str("</text>");
        }
    }
}

/// `r` is half the size.
fn glyph_path(out: &mut String, glyph: Glyph, x: f32, y: f32, r: f32) {
    // A tail of unit vectors is a polygon; crosses and bars are lines.
    let strokes = |out: &mut String, points: &[(f32, f32)]| {
        let mut points = points.iter().map(|(dx, dy)| (x + dx * r, y + dy * r));
        if let Some((x, y)) = points.next() {
            let mut pen = Pen::at(out, x, y);
            points.for_each(|(x, y)| pen.to(x, y));
        }
    };
    let closed: &[(f32, f32)] = match glyph {
        Glyph::Cross => {
            strokes(out, &[(-0.8, -0.8), (0.8, 0.8)]);
            return strokes(out, &[(0.8, -0.8), (-0.8, 0.8)]);
        }
        Glyph::Barred => {
            circle(out, x, y, r * 0.9);
            return strokes(out, &[(-0.6, 0.6), (0.6, -0.6)]);
        }
        Glyph::Dot => return circle(out, x, y, r * 0.5),
        Glyph::Ring => return circle(out, x, y, r * 0.75),
        Glyph::Up => &[(0.0, -0.8), (0.8, 0.7), (-0.8, 0.7)],
        Glyph::Down => &[(0.0, 0.8), (0.8, -0.7), (-0.8, -0.7)],
        Glyph::Diamond => &[(0.0, -1.0), (0.9, 0.0), (0.0, 1.0), (-0.9, 0.0)],
        Glyph::Stop => &[(-0.25, -1.0), (0.25, -1.0), (0.25, 1.0), (-0.25, 1.0)],
        Glyph::Hourglass => &[(-0.85, -1.0), (0.85, -1.0), (-0.85, 1.0), (0.85, 1.0)],
        Glyph::Bolt => &[(0.3, -1.1), (-0.7, 0.2), (0.0, 0.2), (-0.3, 1.1), (0.7, -0.2), (0.0, -0.2)],
    };
    strokes(out, closed);
    out.push('z');
}

/// One arc that ends a tenth of a pixel before its start, which closing it hides.
fn circle(out: &mut String, x: f32, y: f32, r: f32) {
    Pen::at(out, x, y - r);
    out.push('a');
    number(out, r);
    out.push(' ');
    number(out, r);
    out.push_str(" 0 1 0 .1 0z");
}

/// Writes a line as differences of rounded positions, which are short and do not drift.
struct Pen<'o> {
    out: &'o mut String,
    x: i32,
    y: i32,
}

impl Pen<'_> {
    fn at(out: &mut String, x: f32, y: f32) -> Pen<'_> {
        let (x, y) = (tenths(x), tenths(y));
        out.push('M');
        pair(out, x, y);
        Pen { out, x, y }
    }

    fn to(&mut self, x: f32, y: f32) {
        let (x, y) = (tenths(x), tenths(y));
        let (dx, dy) = (x - self.x, y - self.y);
        match (dx, dy) {
            (0, 0) => {}
            (_, 0) => {
                self.out.push('h');
                decimal(self.out, dx);
            }
            (0, _) => {
                self.out.push('v');
                decimal(self.out, dy);
            }
            _ => {
                self.out.push('l');
                pair(self.out, dx, dy);
            }
        }
        (self.x, self.y) = (x, y);
    }
}

/// Two numbers in tenths; a minus separates as well as a space does.
fn pair(out: &mut String, a: i32, b: i32) {
    decimal(out, a);
    if 0 <= b {
        out.push(' ');
    }
    decimal(out, b);
}

fn tenths(value: f32) -> i32 {
    // Saturates far outside of any picture, and turns NaN into 0.
    (value * 10.0).round() as i32
}

fn number(out: &mut String, value: f32) {
    decimal(out, tenths(value));
}

/// Tenths as a decimal without needless zeros: whole numbers only, so that no float formatting comes into the wasm.
fn decimal(out: &mut String, value: i32) {
    if value < 0 {
        out.push('-');
    }
    let value = value.unsigned_abs();
    if value == 0 || 10 <= value {
        whole(out, value / 10);
    }
    if !value.is_multiple_of(10) {
        out.push('.');
        whole(out, value % 10);
    }
}

fn whole(out: &mut String, value: u32) {
    if value >= 10 {
        whole(out, value / 10);
    }
    out.push(char::from(b'0' + (value % 10) as u8));
}

/// Text content; the same five characters would be escaped in an attribute. Control characters are not allowed in XML at all.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let written = |value| {
            let mut out = String::new();
            number(&mut out, value);
            out
        };
        assert_eq!(
            [0.0, -0.04, 12.0, 3.16, -7.96, 0.5, f32::NAN].map(written),
            ["0", "0", "12", "3.2", "-8", ".5", "0"]
        );
    }

    #[test]
    fn hostile_text_is_escaped() {
        let mut out = String::new();
        escape(&mut out, "</text><script>\"&'\u{0}\n");
        assert_eq!(out, "&lt;/text&gt;&lt;script&gt;&quot;&amp;&#39;\u{fffd} ");
    }
}
