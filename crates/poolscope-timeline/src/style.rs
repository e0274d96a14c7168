//! Stylesheets as they are shipped: without comments, and without blanks that mean nothing. It happens when the crate is compiled.

/// The text of a stylesheet, by the path of its file.
#[macro_export]
macro_rules! stylesheet {
    ($file:literal) => {{
        const WRITTEN: &str = include_str!($file);
        const SQUEEZED: [u8; $crate::style::length(WRITTEN)] = $crate::style::squeeze(WRITTEN);
        const TEXT: &str = match std::str::from_utf8(&SQUEEZED) {
            Ok(text) => text,
            Err(_) => WRITTEN,
        };
        TEXT
    }};
}

/// How long it is when it is squeezed.
pub const fn length(css: &str) -> usize {
    squeezed::<0>(css).1
}

pub const fn squeeze<const N: usize>(css: &str) -> [u8; N] {
    squeezed::<N>(css).0
}

/// As much of it as there is room for, and how long all of it is.
const fn squeezed<const N: usize>(css: &str) -> ([u8; N], usize) {
    let (css, mut out, mut length) = (css.as_bytes(), [0; N], 0);
    let (mut at, mut last, mut blank, mut quote) = (0, b'}', false, 0);
    while at < css.len() {
        let byte = css[at];
        if quote == 0 && byte == b'/' && at + 1 < css.len() && css[at + 1] == b'*' {
            at += 2;
            while at + 1 < css.len() && !(css[at] == b'*' && css[at + 1] == b'/') {
                at += 1;
            }
            at += 2;
            continue;
        }
        at += 1;
        if quote == 0 && byte.is_ascii_whitespace() {
            blank = true;
            continue;
        }
        // Before a colon a blank may be that between an element and its descendant.
        if blank && !matches!(last, b'{' | b'}' | b';' | b':' | b',') && !matches!(byte, b'{' | b'}') {
            if length < N {
                out[length] = b' ';
            }
            length += 1;
        }
        if quote == byte {
            quote = 0;
        } else if quote == 0 && matches!(byte, b'"' | b'\'') {
            quote = byte;
        }
        if length < N {
            out[length] = byte;
        }
        length += 1;
        (last, blank) = (byte, false);
    }
    (out, length)
}

#[cfg(test)]
mod tests {
    use super::squeezed;

    #[test]
    fn what_means_something_stays() {
        let css = "/* why */\na  :hover,\n.b > c {\n    color: red; /* {} */\n    content: \" : {  /* \";\n}\n\n@media (width: 1px) { d{e:f} }\n";
        let small = "a :hover,.b > c{color:red;content:\" : {  /* \";}@media (width:1px){d{e:f}}";
        let (bytes, length) = squeezed::<200>(css);
        assert_eq!(std::str::from_utf8(&bytes[..length]), Ok(small));
    }
}
