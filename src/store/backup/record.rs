//! Records inside the chunks: the key file, tables, rows; and the digest of a table's rows.
//!
//! Each begins with a kind octet. `K`: 32 octets of the key file. `T`: name, number of columns u16, per column name and kind octet. `R`: one
//! value per column of the last `T`. `E`: end of the table: number of rows u64, digest 32. `Z`: end of everything: number of tables u32, all
//! rows u64, SHA-256 over the tables' digests. Texts: u32 length and UTF-8. Numbers are little-endian.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::BackupError;
use super::chunks::{ChunkReader, ChunkWriter};

/// Longest text or octet string in one value.
const MOST_OCTETS: usize = 1 << 30;
const MOST_COLUMNS: usize = 1000;

/// What a column holds, whichever database it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// 64-bit signed.
    Integer,
    /// UTF-8.
    Text,
    /// Octets.
    Bytes,
    /// True or false.
    Boolean,
    /// 64-bit IEEE 754.
    Float,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// Of an integer column.
    Integer(i64),
    /// Of a text column.
    Text(String),
    /// Of a column of octets.
    Bytes(Vec<u8>),
    /// Of a truth column.
    Boolean(bool),
    /// Of a floating-point column.
    Float(f64),
}

/// A table as it stands in the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Names and kinds of its columns, in declared order.
    pub columns: Vec<(String, ColumnKind)>,
}

/// One record as read.
#[derive(Debug)]
pub enum Record {
    /// The key file.
    Key(Zeroizing<[u8; 32]>),
    /// A table begins.
    Table(Table),
    /// A row of it.
    Row(Vec<Value>),
    /// The table ends.
    TableEnd(TableDigest),
    /// Nothing follows.
    End {
        /// How many tables there were.
        tables: u32,
        /// How many rows in all of them.
        rows: u64,
        /// Of [`TotalDigest`].
        sha256: [u8; 32],
    },
}

/// Number of rows and a digest that does not depend on their order (databases sort text differently): the SHA-256 of each row, added up in four
/// lanes of 64 bits. It finds mistakes; against forgery the archive is sealed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableDigest {
    /// Rows added.
    pub rows: u64,
    lanes: [u64; 4],
}

impl TableDigest {
    /// Adds a row in its encoded form.
    pub fn add(&mut self, row: &[u8]) {
        self.rows += 1;
        let hash = Sha256::digest(row);
        for (lane, part) in self.lanes.iter_mut().zip(hash.chunks_exact(8)) {
            *lane = lane.wrapping_add(u64::from_le_bytes(part.try_into().expect("eight octets")));
        }
    }

    fn octets(&self) -> impl Iterator<Item = u8> {
        self.lanes.into_iter().flat_map(u64::to_le_bytes)
    }
}

/// SHA-256 over the tables' names, columns and digests, in the archive's order (by name).
#[derive(Clone, Default)]
pub struct TotalDigest {
    hash: Sha256,
    /// Rows of all tables.
    pub rows: u64,
    /// Tables added.
    pub tables: u32,
}

impl TotalDigest {
    /// Adds a finished table.
    pub fn add(&mut self, table: &Table, digest: &TableDigest) {
        self.hash.update(encode_table(table));
        self.hash.update(digest.rows.to_le_bytes());
        self.hash.update(digest.octets().collect::<Vec<u8>>());
        self.rows += digest.rows;
        self.tables += 1;
    }

    /// The hash of what was added so far.
    pub fn sha256(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }
}

impl ColumnKind {
    const ALL: [(ColumnKind, u8); 5] = [
        (ColumnKind::Integer, b'i'),
        (ColumnKind::Text, b't'),
        (ColumnKind::Bytes, b'o'),
        (ColumnKind::Boolean, b'b'),
        (ColumnKind::Float, b'f'),
    ];

    fn octet(self) -> u8 {
        Self::ALL.into_iter().find(|(kind, _)| *kind == self).expect("every kind is listed").1
    }

    fn of_octet(octet: u8) -> Option<ColumnKind> {
        Self::ALL.into_iter().find(|(_, o)| *o == octet).map(|(kind, _)| kind)
    }
}

/// Appends the encoded form of a value.
pub fn encode_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(b'n'),
        Value::Integer(number) => {
            out.push(b'i');
            out.extend(number.to_le_bytes());
        }
        Value::Text(text) => {
            out.push(b't');
            encode_octets(text.as_bytes(), out);
        }
        Value::Bytes(octets) => {
            out.push(b'o');
            encode_octets(octets, out);
        }
        Value::Boolean(truth) => out.push(if *truth { b'1' } else { b'0' }),
        Value::Float(number) => {
            out.push(b'f');
            out.extend(number.to_le_bytes());
        }
    }
}

fn encode_octets(octets: &[u8], out: &mut Vec<u8>) {
    out.extend((octets.len() as u32).to_le_bytes());
    out.extend(octets);
}

fn encode_table(table: &Table) -> Vec<u8> {
    let mut out = vec![b'T'];
    encode_octets(table.name.as_bytes(), &mut out);
    out.extend((table.columns.len() as u16).to_le_bytes());
    for (name, kind) in &table.columns {
        encode_octets(name.as_bytes(), &mut out);
        out.push(kind.octet());
    }
    out
}

/// Writes records.
pub struct RecordWriter<W: Write> {
    chunks: ChunkWriter<W>,
}

impl<W: Write> RecordWriter<W> {
    /// Onto chunks.
    pub fn new(chunks: ChunkWriter<W>) -> Self {
        RecordWriter { chunks }
    }

    /// The key file's octets.
    pub fn key(&mut self, key: &[u8; 32]) -> io::Result<()> {
        self.chunks.write(b"K")?;
        self.chunks.write(key)
    }

    /// A table begins.
    pub fn table(&mut self, table: &Table) -> io::Result<()> {
        self.chunks.write(&encode_table(table))
    }

    /// A row in its encoded form ([`encode_value`] for each column).
    pub fn row(&mut self, encoded: &[u8]) -> io::Result<()> {
        self.chunks.write(b"R")?;
        self.chunks.write(encoded)
    }

    /// The table ends.
    pub fn table_end(&mut self, digest: &TableDigest) -> io::Result<()> {
        let mut out = vec![b'E'];
        out.extend(digest.rows.to_le_bytes());
        out.extend(digest.octets());
        self.chunks.write(&out)
    }

    /// Ends the archive.
    pub fn finish(mut self, total: &TotalDigest) -> io::Result<W> {
        let mut out = vec![b'Z'];
        out.extend(total.tables.to_le_bytes());
        out.extend(total.rows.to_le_bytes());
        out.extend(total.sha256());
        self.chunks.write(&out)?;
        self.chunks.finish()
    }
}

/// Reads records.
pub struct RecordReader<R: Read> {
    chunks: ChunkReader<R>,
    columns: usize,
    buffer: Vec<u8>,
}

impl<R: Read> RecordReader<R> {
    /// From chunks.
    pub fn new(chunks: ChunkReader<R>) -> Self {
        RecordReader { chunks, columns: 0, buffer: Vec::new() }
    }

    /// An error at this place.
    pub fn damaged(&self, what: impl Into<String>) -> BackupError {
        self.chunks.damaged(what)
    }

    /// The next record. Behind [`Record::End`] there is none: do not call it again.
    #[allow(clippy::should_implement_trait)] // an iterator would go on behind an error
    pub fn next(&mut self) -> Result<Record, BackupError> {
        match self.array::<1>()? {
            [b'K'] => Ok(Record::Key(Zeroizing::new(self.array()?))),
            [b'T'] => self.table().map(Record::Table),
            [b'R'] => (0..self.columns).map(|_| self.value()).collect::<Result<_, _>>().map(Record::Row),
            [b'E'] => {
                let rows = u64::from_le_bytes(self.array()?);
                let mut lanes = [0; 4];
                for lane in &mut lanes {
                    *lane = u64::from_le_bytes(self.array()?);
                }
                Ok(Record::TableEnd(TableDigest { rows, lanes }))
            }
            [b'Z'] => {
                let (tables, rows) = (u32::from_le_bytes(self.array()?), u64::from_le_bytes(self.array()?));
                let sha256 = self.array()?;
                self.chunks.end()?;
                Ok(Record::End { tables, rows, sha256 })
            }
            [other] => Err(self.damaged(format!("a record of kind {other}, which this program does not know"))),
        }
    }

    fn table(&mut self) -> Result<Table, BackupError> {
        let name = self.text()?;
        let count = usize::from(u16::from_le_bytes(self.array()?));
        if count == 0 || count > MOST_COLUMNS {
            return Err(self.damaged(format!("table {name} of {count} columns")));
        }
        let mut columns = Vec::with_capacity(count);
        for _ in 0..count {
            let (column, [kind]) = (self.text()?, self.array()?);
            let kind = ColumnKind::of_octet(kind).ok_or_else(|| self.damaged(format!("column {column} of unknown kind {kind}")))?;
            columns.push((column, kind));
        }
        self.columns = count;
        Ok(Table { name, columns })
    }

    fn value(&mut self) -> Result<Value, BackupError> {
        Ok(match self.array::<1>()? {
            [b'n'] => Value::Null,
            [b'i'] => Value::Integer(i64::from_le_bytes(self.array()?)),
            [b't'] => Value::Text(self.text()?),
            [b'o'] => Value::Bytes(self.octets()?.to_vec()),
            [b'0'] => Value::Boolean(false),
            [b'1'] => Value::Boolean(true),
            [b'f'] => Value::Float(f64::from_le_bytes(self.array()?)),
            [other] => return Err(self.damaged(format!("a value of kind {other}, which this program does not know"))),
        })
    }

    fn text(&mut self) -> Result<String, BackupError> {
        let octets = self.octets()?.to_vec();
        String::from_utf8(octets).map_err(|_| self.damaged("a text that is not UTF-8"))
    }

    fn octets(&mut self) -> Result<&[u8], BackupError> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        if length > MOST_OCTETS {
            return Err(self.damaged(format!("a value of {length} octets")));
        }
        self.buffer.clear();
        self.chunks.take(length, &mut self.buffer)?;
        Ok(&self.buffer)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        self.buffer.clear();
        self.chunks.take(N, &mut self.buffer)?;
        Ok(self.buffer.as_slice().try_into().expect("as many as were taken"))
    }
}
