//! How large the head of a response may be.

use crate::config::Limits;
use crate::error::{Error, ErrorKind};

const MAX_STATUS_LINE: usize = 8 * 1024;

/// How large a head may be.
#[derive(Clone, Copy, Debug)]
pub(in crate::socket) struct HeadLimits {
    pub(super) size: usize,
    pub(super) fields: usize,
}

impl From<Limits> for HeadLimits {
    fn from(limits: Limits) -> Self {
        Self { size: limits.max_head_size, fields: limits.max_head_fields }
    }
}

impl HeadLimits {
    /// A line's limit: the first is the status, the others are fields.
    pub(super) fn line(self, is_first: bool) -> usize {
        if is_first { MAX_STATUS_LINE } else { self.size / 2 }
    }

    /// What a head comes to that arrived in one piece: the sizes of its fields.
    #[cfg(feature = "http2")]
    pub(in crate::socket) fn check(self, fields: impl IntoIterator<Item = usize>) -> crate::error::Result<()> {
        let (mut size, mut count) = (0_usize, 0);
        for field in fields {
            size = size.saturating_add(field);
            count += 1;
            if size > self.size || count > self.fields || field > self.line(false) {
                return Err(self.exceeded());
            }
        }
        Ok(())
    }

    pub(super) fn exceeded(self) -> Error {
        let Self { size, fields } = self;
        let message = format!(
            "The response's head is too large (limits: {size} bytes, {fields} fields, {} bytes a field, 8 KiB the status line); \
             Limits::max_head_size and max_head_fields allow more",
            size / 2
        );
        Error::new(ErrorKind::LimitExceeded, message)
    }
}
