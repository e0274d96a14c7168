//! Things that follow each other share a lane: no more lanes than ever exist at the same time.

use poolscope_sim::time::SimTime;

/// One thing that needs a lane for a while.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    pub from: SimTime,
    pub to: SimTime,
    /// It would rather follow a thing with the same key: the next connection of the same slot.
    pub key: Option<(u16, u32)>,
}

/// A lane for each, and the number of lanes; the fewest if they come in the order of `from`.
pub fn pack(stays: &[Stay]) -> (Vec<usize>, usize) {
    let mut lanes: Vec<Stay> = Vec::new();
    let mut places = Vec::with_capacity(stays.len());
    for stay in stays {
        let free = |lane: &Stay| lane.to <= stay.from;
        let place = lanes
            .iter()
            .position(|lane| stay.key.is_some() && lane.key == stay.key && free(lane))
            .or_else(|| lanes.iter().position(free));
        match place {
            Some(place) => {
                lanes[place] = *stay;
                places.push(place);
            }
            None => {
                places.push(lanes.len());
                lanes.push(*stay);
            }
        }
    }
    (places, lanes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn followers_share_a_lane() {
        let stay = |from, to, slot| Stay { from: SimTime(from), to: SimTime(to), key: Some((0, slot)) };
        let (places, lanes) = pack(&[stay(0, 9, 1), stay(1, 5, 2), stay(5, 8, 3), stay(9, 12, 3), stay(10, 12, 4)]);
        assert_eq!((places, lanes), (vec![0, 1, 1, 1, 0], 2));
    }
}
