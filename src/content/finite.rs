//! Finds what cannot be sent as JSON: numbers that JSON does not have, for which serde_json writes `null`, and values so deep
//! that writing them would overflow the stack.

use std::fmt;

use serde::ser::{self, Serialize, Serializer};

/// Walks a value, writes nothing and fails on NaN, the infinities and too many levels.
#[derive(Clone, Copy, Default)]
pub(super) struct Finite {
    depth: u16,
}

/// L4: serde calls itself for each level. This many fit half a megabyte even unoptimised, which every thread and every host has;
/// Python stops at a thousand, and serde_json reads 128.
const DEEPEST: u16 = 250;

impl Finite {
    /// What lies one level further in.
    fn walk<T: ?Sized + Serialize>(self, value: &T) -> Walk {
        match self.depth < DEEPEST {
            true => value.serialize(Self { depth: self.depth + 1 }),
            false => Err(NotFinite(format!("it is nested more than {DEEPEST} levels deep"))),
        }
    }
}

/// What the walk can fail with.
#[derive(Debug)]
pub(super) struct NotFinite(String);

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotFinite {}

impl ser::Error for NotFinite {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Walk = Result<(), NotFinite>;

fn finite(is_finite: bool) -> Walk {
    match is_finite {
        true => Ok(()),
        false => Err(NotFinite("out of range float values are not JSON compliant".into())),
    }
}

/// Methods that take a value, of the type given, which JSON always has.
macro_rules! always {
    ($($method:ident: $type:ty),*) => { $(fn $method(self, _: $type) -> Walk { Ok(()) })* };
}

impl Serializer for Finite {
    type Ok = ();
    type Error = NotFinite;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    always!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8], serialize_unit_struct: &'static str);

    fn serialize_f32(self, value: f32) -> Walk {
        finite(value.is_finite())
    }
    fn serialize_f64(self, value: f64) -> Walk {
        finite(value.is_finite())
    }
    fn serialize_none(self) -> Walk {
        Ok(())
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Walk {
        self.walk(value)
    }
    fn serialize_unit(self) -> Walk {
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Walk {
        Ok(())
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Walk {
        self.walk(value)
    }
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Walk {
        self.walk(value)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, NotFinite> {
        Ok(self)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self, NotFinite> {
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, NotFinite> {
        Ok(self)
    }
}

/// The compound forms differ only in their methods' names.
macro_rules! compound {
    ($($form:ident: $method:ident($($name:ty)?)),*) => { $(
        impl ser::$form for Finite {
            type Ok = ();
            type Error = NotFinite;

            fn $method<T: ?Sized + Serialize>(&mut self, $(_: $name,)? value: &T) -> Walk {
                self.walk(value)
            }

            fn end(self) -> Walk {
                Ok(())
            }
        }
    )* };
}

compound!(SerializeSeq: serialize_element(), SerializeTuple: serialize_element(), SerializeTupleStruct: serialize_field(),
    SerializeTupleVariant: serialize_field(), SerializeStruct: serialize_field(&'static str),
    SerializeStructVariant: serialize_field(&'static str));

impl ser::SerializeMap for Finite {
    type Ok = ();
    type Error = NotFinite;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, _: &T) -> Walk {
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Walk {
        self.walk(value)
    }

    fn end(self) -> Walk {
        Ok(())
    }
}
