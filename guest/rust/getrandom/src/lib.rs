//! Random bytes of the box, with the interface of the getrandom crate, version 0.2.
#![no_std]

#[cfg(feature = "std")]
extern crate std;

use core::fmt;
use core::num::NonZeroU32;

/// The most that one call of getentropy() gives (getentropy(3)).
const AT_ONCE: usize = 256;

extern "C" {
    fn getentropy(bytes: *mut u8, length: usize) -> i32;
}

/// Why there are no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(NonZeroU32);

impl Error {
    pub const INTERNAL_START: u32 = 1 << 31;
    pub const CUSTOM_START: u32 = (1 << 31) + (1 << 30);
    pub const UNSUPPORTED: Error = Error(NonZeroU32::new(Self::INTERNAL_START).unwrap());

    pub const fn raw_os_error(self) -> Option<i32> {
        None
    }

    pub const fn code(self) -> NonZeroU32 {
        self.0
    }
}

impl From<NonZeroU32> for Error {
    fn from(code: NonZeroU32) -> Self {
        Error(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "no random bytes: error {}", self.0)
    }
}

#[cfg(feature = "std")]
impl std::error::Error for Error {}

/// Fills `bytes`.
pub fn getrandom(bytes: &mut [u8]) -> Result<(), Error> {
    for part in bytes.chunks_mut(AT_ONCE) {
        // SAFETY: the pointer and the length are those of one slice.
        if unsafe { getentropy(part.as_mut_ptr(), part.len()) } != 0 {
            return Err(Error::UNSUPPORTED);
        }
    }
    Ok(())
}
