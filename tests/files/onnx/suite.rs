//! The node tests of the ONNX backend test suite, which `pack_suite.py` made classifiers of: each
//! gives the suite's numbers, or is refused by the name of an operator. The table is printed:
//! `cargo test --test onnx suite -- --nocapture`.

use super::support::relative_error;
use burn::tensor::{Device, Tensor, TensorData};
use flate2::read::GzDecoder;
use hyaline::graph::{Graph, read_back};

use hyaline::model::OutputKind;
use hyaline::model::onnx::Network;
use safetensors::SafeTensors;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

/// Operators that some tests meet refused: most need what has no gradient, quantised types, volumes, or
/// parameters that depend on the picture.
const REFUSED: &[&str] = &[
    "AffineGrid",
    "ArgMax",
    "ArgMin",
    "Attention",
    "AveragePool",
    "BatchNormalization",
    "BitCast",
    "BitShift",
    "BitwiseNot",
    "CausalConvWithState",
    "Col2Im",
    "Conv",
    "ConvInteger",
    "ConvTranspose",
    "CumProd",
    "DeformConv",
    "DequantizeLinear",
    "Det",
    "DynamicQuantizeLinear",
    "GRU",
    "GridSample",
    "Hardmax",
    "LSTM",
    "LinearAttention",
    "Loop",
    "MatMulInteger",
    "MaxPool",
    "MaxUnpool",
    "OneHot",
    "Pad",
    "Pow",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
    "RNN",
    "Range",
    "Resize",
    "RotaryEmbedding",
    "Scan",
    "ScatterElements",
    "ScatterND",
    "Split",
    "SwiGLU",
    "TensorScatter",
    "TopK",
    "Unique",
    "Upsample",
];
/// Networks of the suite that pass; more is better.
const PASSED: usize = 2090;

/// What came of the tests of one operator.
#[derive(Default)]
struct Row {
    passed: usize,
    refused: usize,
    left_out: BTreeMap<String, usize>,
    reasons: BTreeMap<String, usize>,
}

enum Outcome {
    Passed,
    Refused(String),
    Wrong(String),
}

fn fixture() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx/suite.safetensors.gz");
    let mut bytes = vec![];
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn open(bytes: &[u8], device: &Device) -> Result<Graph, String> {
    let network = Network::decode(bytes.to_vec(), Path::new("")).map_err(|e| e.to_string())?;
    // A softmax or sigmoid at the end is what is tested.
    let network = network.with_output(None, Some(OutputKind::Regression));
    let shape = network.input_shape();
    let lowered = network.lower([shape.height, shape.width], device).map_err(|e| e.to_string())?;
    let inner = lowered.inside.normalisation.clone();
    let [mean, std] = inner.unwrap_or([vec![0.0; shape.channels], vec![1.0; shape.channels]]);
    lowered.finish(&mean, &std).map_err(|e| e.to_string())
}

/// The row of scores of one network against the suite's.
fn run(file: &SafeTensors, name: &str, tolerance: f32, device: &Device) -> Outcome {
    let floats = |part: &str| super::floats(file, &format!("{name}.{part}")).1;
    let model = file.tensor(&format!("{name}.model")).unwrap();
    let graph = match open(model.data(), device) {
        Ok(graph) => graph,
        Err(why) if why.contains("operator ") => return Outcome::Refused(why),
        Err(why) => return Outcome::Wrong(format!("refused without an operator's name: {why}")),
    };
    let shape = graph.input_shape();
    let data = TensorData::new(floats("picture"), [1, shape.channels, shape.height, shape.width]);
    let found = read_back(graph.logits(Tensor::from_data(data, device))).unwrap();
    let expected = floats("row");
    if found.len() != expected.len() {
        return Outcome::Wrong(format!("{} values for {}", found.len(), expected.len()));
    }
    match relative_error(found, expected) {
        error if error <= tolerance => Outcome::Passed,
        error => Outcome::Wrong(format!("{error:.1e}")),
    }
}

/// The reason at the end of a refusal, without the nodes' names.
fn reason(why: &str) -> String {
    let operator = why.rsplit("operator ").next().unwrap_or(why);
    let operator = operator.split(" (simplify").next().unwrap_or(operator);
    let operator = operator.lines().next().unwrap_or(operator);
    match operator.split_once(" of node `") {
        Some((operator, rest)) => {
            let why = rest.split_once("`: ").map_or(rest, |(_, why)| why);
            format!("{operator}: {why}")
        }
        None => operator.to_string(),
    }
}

#[test]
fn the_backend_suite_passes_or_is_refused_by_name() {
    let bytes = fixture();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let index = file.tensor("index.json").unwrap();
    let index: Vec<Value> = serde_json::from_slice(index.data()).unwrap();
    let device = Device::flex();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut wrong = vec![];
    for entry in &index {
        let row = rows.entry(entry["operator"].as_str().unwrap().into()).or_default();
        if let Some(why) = entry["left_out"].as_str() {
            *row.left_out.entry(why.into()).or_default() += 1;
            continue;
        }
        let tolerance = entry["tolerance"].as_f64().unwrap() as f32;
        for kind in entry["kinds"].as_array().unwrap() {
            let name = format!("{}/{}", entry["name"].as_str().unwrap(), kind.as_str().unwrap());
            match run(&file, &name, tolerance, &device) {
                Outcome::Passed => row.passed += 1,
                Outcome::Refused(why) => {
                    row.refused += 1;
                    *row.reasons.entry(reason(&why)).or_default() += 1;
                }
                Outcome::Wrong(why) => wrong.push(format!("{name}: {why}")),
            }
        }
    }
    let passed: usize = rows.values().map(|row| row.passed).sum();
    println!("{}", table(&rows));
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let real: BTreeMap<String, Vec<String>> =
        serde_json::from_slice(file.tensor("real.json").unwrap().data()).unwrap();
    assert!(real.len() > 5);
    for (model, operators) in real {
        for operator in operators {
            let passes = rows.get(&operator).is_some_and(|row| row.passed > 0);
            assert!(passes, "{operator} of the suite's real model {model} never passes");
        }
    }
    assert!(passed >= PASSED, "{passed} pass, there were {PASSED}");
    for row in rows.values() {
        for reason in row.reasons.keys() {
            let operator = reason.split(':').next().unwrap_or(reason);
            assert!(REFUSED.contains(&operator), "{operator} was not refused before: {reason}");
        }
    }
}

fn table(rows: &BTreeMap<String, Row>) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:<34}{:>7}{:>8}  left out, and why refused",
        "operator", "passed", "refused"
    );
    for (operator, row) in rows {
        let listed = |counts: &BTreeMap<String, usize>| {
            let parts: Vec<String> =
                counts.iter().map(|(why, count)| format!("{count} × {why}")).collect();
            parts.join("; ")
        };
        let left_out = listed(&row.left_out);
        let left_out = if left_out.is_empty() { left_out } else { format!("[{left_out}] ") };
        let _ = writeln!(
            text,
            "{operator:<34}{:>7}{:>8}  {left_out}{}",
            row.passed,
            row.refused,
            listed(&row.reasons)
        );
    }
    let sum = |count: fn(&Row) -> usize| rows.values().map(count).sum::<usize>();
    let _ = writeln!(
        text,
        "{:<34}{:>7}{:>8}  [{} tests left out]",
        "in all",
        sum(|row| row.passed),
        sum(|row| row.refused),
        sum(|row| row.left_out.values().sum())
    );
    text
}
