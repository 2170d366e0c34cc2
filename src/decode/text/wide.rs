//! UTF-16 and UTF-32, for text and for JSON.

use std::borrow::Cow;
use std::mem::take;

/// How many bytes a code unit has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Width {
    Two,
    Four,
}

/// Which of them comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Big,
    Little,
}

/// UTF-16 or UTF-32 that comes piece by piece.
pub(crate) struct Wide {
    width: Width,
    order: Option<Order>,
    /// The start of a character whose end is still to come: three bytes at most.
    rest: Vec<u8>,
}

impl Wide {
    pub(crate) fn new(width: Width, order: Option<Order>) -> Self {
        Self { width, order, rest: Vec::new() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        let mut bytes = [&take(&mut self.rest), bytes].concat();
        let order = match self.order {
            Some(order) => order,
            None if bytes.len() < self.width.bytes() => {
                self.rest = bytes;
                return String::new();
            }
            None => self.find_order(&mut bytes),
        };
        self.rest = bytes.split_off(self.width.whole(&bytes, order));
        self.width.decode(&bytes, order)
    }

    pub(crate) fn finish(self) -> String {
        self.width.decode(&self.rest, self.order.unwrap_or(Order::Little))
    }

    /// As the byte order mark tells, which is then no part of the text; without one little (WHATWG, and HTTPX on usual machines).
    fn find_order(&mut self, bytes: &mut Vec<u8>) -> Order {
        let (mark, big) = match self.width {
            Width::Two => (&[0xff, 0xfe][..], &[0xfe, 0xff][..]),
            Width::Four => (&[0xff, 0xfe, 0, 0][..], &[0, 0, 0xfe, 0xff][..]),
        };
        if bytes.starts_with(mark) || bytes.starts_with(big) {
            self.order = Some(if bytes.starts_with(big) { Order::Big } else { Order::Little });
            bytes.drain(..mark.len());
        }
        *self.order.get_or_insert(Order::Little)
    }
}

impl Width {
    const fn bytes(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// How many of these bytes are whole characters. UTF-16 has some of two units, which a high surrogate begins.
    fn whole(self, bytes: &[u8], order: Order) -> usize {
        let whole = bytes.len() - bytes.len() % self.bytes();
        match (self, bytes[..whole].last_chunk::<2>()) {
            (Self::Two, Some(last)) if matches!(order.two(*last), 0xd800..0xdc00) => whole - 2,
            _ => whole,
        }
    }

    /// What is no character becomes U+FFFD, part of a unit at the end too.
    fn decode(self, bytes: &[u8], order: Order) -> String {
        match self {
            Self::Two => {
                let (units, rest) = bytes.as_chunks::<2>();
                let text = char::decode_utf16(units.iter().map(|bytes| order.two(*bytes)));
                text.map(|letter| letter.unwrap_or('\u{fffd}')).chain(rest.first().map(|_| '\u{fffd}')).collect()
            }
            Self::Four => {
                let (units, rest) = bytes.as_chunks::<4>();
                let text = units.iter().map(|bytes| char::from_u32(order.four(*bytes)).unwrap_or('\u{fffd}'));
                text.chain(rest.first().map(|_| '\u{fffd}')).collect()
            }
        }
    }
}

impl Order {
    fn two(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Big => u16::from_be_bytes(bytes),
            Self::Little => u16::from_le_bytes(bytes),
        }
    }

    fn four(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Big => u32::from_be_bytes(bytes),
            Self::Little => u32::from_le_bytes(bytes),
        }
    }
}

/// JSON as UTF-8. A byte order mark, or where the zeros of its first, ASCII, letters are, tell how it is encoded (RFC 4627 3).
pub(crate) fn json_as_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (text, width, order) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => return Cow::Borrowed(rest),
        [0, 0, 0xfe, 0xff, rest @ ..] => (rest, Width::Four, Order::Big),
        [0xff, 0xfe, 0, 0, rest @ ..] => (rest, Width::Four, Order::Little),
        [0xfe, 0xff, rest @ ..] => (rest, Width::Two, Order::Big),
        [0xff, 0xfe, rest @ ..] => (rest, Width::Two, Order::Little),
        [0, 0, 0, _, ..] => (bytes, Width::Four, Order::Big),
        [_, 0, 0, 0, ..] => (bytes, Width::Four, Order::Little),
        [0, _, ..] => (bytes, Width::Two, Order::Big),
        [_, 0, ..] => (bytes, Width::Two, Order::Little),
        _ => return Cow::Borrowed(bytes),
    };
    Cow::Owned(width.decode(text, order).into_bytes())
}
