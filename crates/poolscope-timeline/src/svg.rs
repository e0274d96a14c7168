//! A scene as SVG text, and the stylesheet that gives it its colours.
//!
//! Neighbours of the same class are written as one path or one group, and numbers with one decimal at most, so that a
//! picture stays small enough to be part of the page.

use crate::scene::{Anchor, Glyph, Item, Scene, Shape};

/// The one stylesheet of all pictures. Colours are custom properties with fallbacks, so a host can override them.
pub fn css() -> &'static str {
    crate::stylesheet!("poolscope-scene.css")
}

/// An element inside of the picture: a `path` for as many shapes as fit into it, or a `g` with texts.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: &'static str,
    pub attributes: Vec<(&'static str, String)>,
    /// Markup, escaped.
    pub inside: String,
}

/// A complete `<svg>` element: escaped, without ids and inline styles.
pub fn svg(scene: &Scene) -> String {
    let [width, height] = [scene.width, scene.height].map(|length| {
        let mut out = Ink::default();
        out.number(length);
        out.text()
    });
    let mut out = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ps\" role=\"img\" viewBox=\"0 0 ");
    for word in [&width, " ", &height, "\" width=\"", &width, "\" height=\"", &height, "\"><title>"] {
        out.push_str(word);
    }
    let mut words = Ink::default();
    words.escape(&scene.title);
    words.put("</title><desc>");
    words.escape(&scene.desc);
    out.push_str(&words.text());
    out.push_str("</desc>");
    for Part { name, attributes, inside } in parts(scene) {
        out.push('<');
        out.push_str(name);
        for (key, value) in attributes {
            for word in [" ", key, "=\"", &value, "\""] {
                out.push_str(word);
            }
        }
        if inside.is_empty() {
            out.push_str("/>");
        } else {
            out.push('>');
            out.push_str(&inside);
            out.push_str("</g>");
        }
    }
    out.push_str("</svg>");
    out
}

/// What is inside the `<svg>` element, without title and description: for a widget that owns the element and replaces what has changed.
pub fn parts(scene: &Scene) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut out = Ink::default();
    let mut open = None;
    for item in &scene.items {
        let next = Open::of(item);
        if open != Some(next) {
            parts.extend(open.map(|open| open.part(&mut out)));
            open = Some(next);
        }
        shape(&mut out, &item.shape, next.shares_x());
    }
    parts.extend(open.map(|open| open.part(&mut out)));
    parts
}

/// The element that is being written: one for as many shapes as fit into it.
#[derive(Clone, Copy, PartialEq)]
enum Open {
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

    /// With what has been drawn so far.
    fn part(self, out: &mut Ink) -> Part {
        let drawn = std::mem::take(out).text();
        match self {
            Open::Path { class, thick } => {
                let mut attributes = vec![("class", class.to_owned())];
                if thick > 0.0 {
                    out.number(thick);
                    attributes.push(("stroke-width", std::mem::take(out).text()));
                }
                attributes.push(("d", drawn));
                Part { name: "path", attributes, inside: String::new() }
            }
            Open::Texts { class, anchor, column } => {
                let mut attributes = vec![("class", class.to_owned())];
                if let Some(x) = column {
                    out.put("translate(");
                    out.number(x);
                    out.put(")");
                    attributes.push(("transform", std::mem::take(out).text()));
                }
                let anchor = match anchor {
                    Anchor::Start => None,
                    Anchor::Middle => Some("middle"),
                    Anchor::End => Some("end"),
                };
                attributes.extend(anchor.map(|anchor| ("text-anchor", anchor.to_owned())));
                Part { name: "g", attributes, inside: drawn }
            }
        }
    }
}

/// `shared`: the group has the x of its texts already.
fn shape(out: &mut Ink, shape: &Shape, shared: bool) {
    match shape {
        Shape::Rect { x, y, width, height, .. } => {
            let mut pen = Pen::at(out, *x, *y);
            pen.to(x + width, *y);
            pen.to(x + width, y + height);
            pen.to(*x, y + height);
            out.put("z");
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
                out.put("z");
            }
        }
        Shape::Glyph { glyph, x, y, size } => glyph_path(out, *glyph, *x, *y, size / 2.0),
        Shape::Text { x, y, text, .. } => {
            out.put("<text");
            if !shared {
                out.put(" x=\"");
                out.number(*x);
                out.put("\"");
            }
            out.put(" y=\"");
            out.number(*y);
            out.put("\">");
            out.escape(text);
            out.put("</text>");
        }
    }
}

/// `r` is half the size.
fn glyph_path(out: &mut Ink, glyph: Glyph, x: f32, y: f32, r: f32) {
    // A tail of unit vectors is a polygon; crosses and bars are lines.
    let strokes = |out: &mut Ink, points: &[(f32, f32)]| {
        let mut points = points.iter().map(|(dx, dy)| (x + dx * r, y + dy * r));
        if let Some((x, y)) = points.next() {
            let mut pen = Pen::at(out, x, y);
            points.for_each(|(x, y)| pen.to(x, y));
        }
    };
    let closed: &[(f32, f32)] = match glyph {
        Glyph::Cross => {
            let [left, right, top, bottom] = [x - 0.8 * r, x + 0.8 * r, y - 0.8 * r, y + 0.8 * r];
            let mut pen = Pen::at(out, left, top);
            pen.to(right, bottom);
            pen.hop(right, top);
            return pen.to(left, bottom);
        }
        Glyph::Barred => {
            circle(out, x, y, r * 0.9);
            return strokes(out, &[(-0.6, 0.6), (0.6, -0.6)]);
        }
        Glyph::Dot => return circle(out, x, y, r * 0.5),
        Glyph::Ring => return circle(out, x, y, r * 0.75),
        Glyph::Speck => &[(-0.48, -0.48), (0.48, -0.48), (0.48, 0.48), (-0.48, 0.48)],
        Glyph::Up => &[(0.0, -0.8), (0.8, 0.7), (-0.8, 0.7)],
        Glyph::Down => &[(0.0, 0.8), (0.8, -0.7), (-0.8, -0.7)],
        Glyph::Diamond => &[(0.0, -1.0), (0.9, 0.0), (0.0, 1.0), (-0.9, 0.0)],
        Glyph::Stop => &[(-0.25, -1.0), (0.25, -1.0), (0.25, 1.0), (-0.25, 1.0)],
        Glyph::Hourglass => &[(-0.85, -1.0), (0.85, -1.0), (-0.85, 1.0), (0.85, 1.0)],
        Glyph::Bolt => &[(0.3, -1.1), (-0.7, 0.2), (0.0, 0.2), (-0.3, 1.1), (0.7, -0.2), (0.0, -0.2)],
    };
    strokes(out, closed);
    out.put("z");
}

/// One arc that ends a tenth of a pixel before its start, which closing it hides.
fn circle(out: &mut Ink, x: f32, y: f32, r: f32) {
    Pen::at(out, x, y - r);
    out.put("a");
    out.number(r);
    out.put(" ");
    out.number(r);
    out.put(" 0 1 0 .1 0z");
}

/// Writes a line as differences of rounded positions, which are short and do not drift.
struct Pen<'o> {
    out: &'o mut Ink,
    x: i32,
    y: i32,
}

impl Pen<'_> {
    fn at(out: &mut Ink, x: f32, y: f32) -> Pen<'_> {
        let (x, y) = (tenths(x), tenths(y));
        out.put("M");
        out.pair(x, y);
        Pen { out, x, y }
    }

    fn to(&mut self, x: f32, y: f32) {
        let (x, y) = (tenths(x), tenths(y));
        let (dx, dy) = (x - self.x, y - self.y);
        match (dx, dy) {
            (0, 0) => {}
            (_, 0) => {
                self.out.put("h");
                self.out.decimal(dx);
            }
            (0, _) => {
                self.out.put("v");
                self.out.decimal(dy);
            }
            _ => {
                self.out.put("l");
                self.out.pair(dx, dy);
            }
        }
        (self.x, self.y) = (x, y);
    }

    /// To a place nearby, without a line.
    fn hop(&mut self, x: f32, y: f32) {
        let (x, y) = (tenths(x), tenths(y));
        self.out.put("m");
        self.out.pair(x - self.x, y - self.y);
        (self.x, self.y) = (x, y);
    }
}

fn tenths(value: f32) -> i32 {
    // Saturates far outside of any picture, and turns NaN into 0.
    (value * 10.0).round() as i32
}

/// What is being written, as bytes: a text would take each of its many digits for a character that may be longer.
#[derive(Debug, Default)]
struct Ink(Vec<u8>);

impl Ink {
    fn text(self) -> String {
        // Only texts and digits have come in.
        String::from_utf8(self.0).unwrap_or_default()
    }

    fn put(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Two numbers in tenths; a minus separates as well as a space does.
    fn pair(&mut self, a: i32, b: i32) {
        self.decimal(a);
        if 0 <= b {
            self.0.push(b' ');
        }
        self.decimal(b);
    }

    fn number(&mut self, value: f32) {
        self.decimal(tenths(value));
    }

    /// Tenths as a decimal without needless zeros: whole numbers only, so that no float formatting comes into the wasm.
    fn decimal(&mut self, value: i32) {
        if value < 0 {
            self.0.push(b'-');
        }
        let value = value.unsigned_abs();
        if value == 0 || 10 <= value {
            self.whole(value / 10);
        }
        if !value.is_multiple_of(10) {
            self.0.push(b'.');
            self.whole(value % 10);
        }
    }

    fn whole(&mut self, value: u32) {
        if value >= 10 {
            self.whole(value / 10);
        }
        self.0.push(b'0' + (value % 10) as u8);
    }

    /// Text content; the same five characters would be escaped in an attribute. Control characters are not allowed in XML at all.
    fn escape(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.put("&amp;"),
                '<' => self.put("&lt;"),
                '>' => self.put("&gt;"),
                '"' => self.put("&quot;"),
                '\'' => self.put("&#39;"),
                '\t' | '\n' | '\r' => self.put(" "),
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => self.put("\u{fffd}"),
                c => self.put(c.encode_utf8(&mut [0; 4])),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let written = |value| {
            let mut out = Ink::default();
            out.number(value);
            out.text()
        };
        assert_eq!(
            [0.0, -0.04, 12.0, 3.16, -7.96, 0.5, f32::NAN].map(written),
            ["0", "0", "12", "3.2", "-8", ".5", "0"]
        );
    }

    #[test]
    fn hostile_text_is_escaped() {
        let mut out = Ink::default();
        out.escape("</text><script>\"&'\u{0}\n");
        assert_eq!(out.text(), "&lt;/text&gt;&lt;script&gt;&quot;&amp;&#39;\u{fffd} ");
    }
}
