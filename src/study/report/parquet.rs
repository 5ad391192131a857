//! The long form as Apache Parquet: the same lines as values.csv, typed and compressed.

use super::Report;
use super::long::Line;
use crate::error::{Error, Result};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

const SCHEMA: &str = "message values {
    REQUIRED BYTE_ARRAY model (STRING);
    REQUIRED BYTE_ARRAY method (STRING);
    REQUIRED BYTE_ARRAY picture (STRING);
    REQUIRED BYTE_ARRAY metric (STRING);
    OPTIONAL DOUBLE value;
    REQUIRED BYTE_ARRAY status (STRING);
    OPTIONAL BYTE_ARRAY reason (STRING);
    OPTIONAL INT64 label;
    OPTIONAL INT64 target;
    OPTIONAL INT64 predicted;
    OPTIONAL DOUBLE confidence;
    OPTIONAL DOUBLE seconds;
}";
/// Lines in memory at once.
const GROUP: usize = 100_000;

type Written<T = ()> = Result<T, ParquetError>;

impl Report {
    /// The long form: one row for every metric of every picture.
    ///
    /// # Errors
    /// When a column can't be encoded.
    pub fn values_parquet(&self) -> Result<Vec<u8>> {
        self.encoded().map_err(|e| Error::new("cannot write values.parquet", e))
    }

    fn encoded(&self) -> Written<Vec<u8>> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let about = vec![
            KeyValue::new("study".to_string(), self.plan().name.clone()),
            KeyValue::new("hash".to_string(), self.plan().hash()),
        ];
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(about));
        let mut file = SerializedFileWriter::new(vec![], schema, Arc::new(properties.build()))?;
        let mut lines = self.lines();
        loop {
            let group: Vec<Line> = lines.by_ref().take(GROUP).collect();
            if group.is_empty() {
                return file.into_inner();
            }
            write(file.next_row_group()?, &group)?;
        }
    }
}

/// Writes a group of lines, column by column in the order of the schema.
fn write(mut group: SerializedRowGroupWriter<Vec<u8>>, lines: &[Line]) -> Written {
    texts(&mut group, lines, |line| line.model)?;
    texts(&mut group, lines, |line| line.method)?;
    texts(&mut group, lines, |line| line.picture)?;
    texts(&mut group, lines, |line| line.metric)?;
    maybe::<DoubleType>(&mut group, lines, |line| line.value)?;
    texts(&mut group, lines, |line| line.status)?;
    maybe::<ByteArrayType>(&mut group, lines, |line| line.reason.map(ByteArray::from))?;
    maybe::<Int64Type>(&mut group, lines, |line| line.label.map(|class| class as i64))?;
    maybe::<Int64Type>(&mut group, lines, |line| line.target.map(|class| class as i64))?;
    maybe::<Int64Type>(&mut group, lines, |line| line.predicted.map(|class| class as i64))?;
    maybe::<DoubleType>(&mut group, lines, |line| line.confidence)?;
    maybe::<DoubleType>(&mut group, lines, |line| line.seconds)?;
    group.close()?;
    Ok(())
}

fn texts<'a>(
    group: &mut SerializedRowGroupWriter<Vec<u8>>,
    lines: &'a [Line],
    text: fn(&'a Line) -> &'a str,
) -> Written {
    let values: Vec<ByteArray> = lines.iter().map(|line| ByteArray::from(text(line))).collect();
    column::<ByteArrayType>(group, &values, None)
}

fn maybe<T: DataType>(
    group: &mut SerializedRowGroupWriter<Vec<u8>>,
    lines: &[Line],
    value: impl Fn(&Line) -> Option<T::T>,
) -> Written {
    let values: Vec<Option<T::T>> = lines.iter().map(value).collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<T::T> = values.into_iter().flatten().collect();
    column::<T>(group, &present, Some(&levels))
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Written {
    let column = group.next_column()?;
    let mut column =
        column.ok_or_else(|| ParquetError::General("the schema has too few columns".into()))?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}
