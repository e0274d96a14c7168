//! The run of an experiment as the element's attribute `recording` holds it, so that a page shows it without loading the simulator:
//! `FINGERPRINT:DATA`, the fingerprint being that of the attribute `scenario`, which the run belongs to.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use poolscope_sim::trace::Recording;

use crate::experiment::Experiment;

/// Of a long run the simulator is lighter than a recording.
const BYTES_MAX: usize = 40_000;

impl Experiment {
    /// `None` for a run so long that it is better made where it is shown.
    pub fn recording(&self) -> Option<String> {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(&Recording::of(&self.scenario).into_bytes()).ok()?;
        let data = BASE64.encode(zlib.finish().ok()?);
        (data.len() <= BYTES_MAX).then(|| format!("{:08x}:{data}", fingerprint(&self.document.to_json())))
    }
}

/// FNV-1a over UTF-16, as `web/elements/runs.js` has it. Against mistakes only: whoever writes a page may show in it what they want.
fn fingerprint(text: &str) -> u32 {
    text.encode_utf16().fold(0x811c_9dc5, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn a_fingerprint_is_that_of_the_page() {
        assert_eq!(format!("{:08x}", fingerprint("")), "811c9dc5");
        assert_eq!(format!("{:08x}", fingerprint("a")), "e40c292c");
    }
}
