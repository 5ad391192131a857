//! Reports: numbers by hand, nothing dropped, tables that others can read.

use super::toy::{TEXT, contents, definition, metric, metrics, plan, plan_of, work};
use hyaline::engine::CellIndex;
use hyaline::score::localisation::Contours;
use hyaline::study::report::{Report, latex_escaped};
use hyaline::study::{
    Better, Cell, CellPrediction, Done, Layout, Measured, Metric, OverPictures, Plan, Record,
    Records, TargetRule,
};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row, RowAccessor};

/// Records with one metric whose values a function gives; the confidence is the same.
fn records(plan: Plan, value: impl Fn(&Cell) -> Option<f64>) -> Records {
    let record = |cell: Cell| {
        let value = value(&cell)?;
        let count = cell.plan.metrics.len();
        Some(Record::Done(Done {
            prediction: CellPrediction {
                target: 0,
                predicted: cell.index.picture % 2,
                confidence: Some(value),
            },
            values: vec![value.into(); count],
            curves: vec![None; count],
            seconds: 1.5,
            warnings: vec![],
            map: None,
        }))
    };
    let cells = plan.cells().map(record).collect();
    Records { plan, cells }
}

/// Records of the toy's own work.
fn worked(plan: Plan) -> Records {
    let record = |cell: Cell| match work(&cell) {
        Err(error) => Some(Record::Failed(error.to_string())),
        Ok(results) => {
            let results = results?.checked(cell.plan).unwrap();
            let values = cell.plan.metrics.iter().map(|m| results.values[&m.id].clone());
            Some(Record::Done(Done {
                prediction: results.prediction,
                values: values.collect(),
                curves: vec![None; cell.plan.metrics.len()],
                seconds: results.seconds,
                warnings: results.warnings,
                map: None,
            }))
        }
    };
    let cells = plan.cells().map(record).collect();
    Records { plan, cells }
}

/// 2 models × 3 methods with one metric.
fn small(pictures: usize, of: Metric) -> Plan {
    let study = definition(TEXT);
    let mut found = contents(&study, pictures);
    found.metrics = vec![of];
    Plan::new(&study, found).unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Value of a cell: 0.1 a picture, more for the robust model and by method.
fn by_place(cell: &Cell) -> f64 {
    let CellIndex { model, picture, method, .. } = cell.index;
    let more = if model == 1 { 0.01 * (picture + 1) as f64 } else { 0.0 };
    0.1 * picture as f64 + more + 0.02 * method as f64
}

#[test]
fn numbers_are_as_by_hand() {
    let report =
        Report::new(records(small(6, metric("loc", Better::Higher)), |cell| Some(by_place(cell))));
    let group = &report.groups[4];
    assert_eq!((group.model, group.method, group.done, group.failed), (1, 1, 6, 0));
    let of = group.summaries[0].description.unwrap();
    // 0, 0.1 … 0.5, plus 0.01 … 0.06, plus 0.02.
    assert!((of.mean - (0.25 + 0.035 + 0.02)).abs() < 1e-12 && of.n == 6);
    // Steps of 0.11: the variance of 0 … 5 is 3.5.
    assert!((of.standard_error.unwrap() - 0.11 * (3.5f64 / 6.0).sqrt()).abs() < 1e-12);
    let interval = group.summaries[0].interval.unwrap();
    assert!(interval.low < of.mean && of.mean < interval.high);
    assert_eq!(report.comparisons.len(), 3);
    for comparison in &report.comparisons {
        assert_eq!((comparison.models, comparison.n), ([0, 1], 6));
        assert!((comparison.mean_difference.unwrap() - 0.035).abs() < 1e-12);
        let test = comparison.test.unwrap();
        assert_eq!((test.p, test.effect, test.exact), (2.0 / 64.0, 1.0, true));
        assert_eq!(comparison.adjusted_p, Some(6.0 / 64.0));
        assert_eq!(comparison.stars(), 0);
    }
    // Labels are 0, 1, 2, 0, 1, 2 and predictions 0, 1, 0, 1, 0, 1.
    let confidence = &report.confidence[0];
    assert_eq!((confidence.labelled, confidence.correct), (6, 2));
    let quantiles = confidence.quantiles.unwrap();
    let wanted = [0.0, 0.025, 0.125, 0.25, 0.375, 0.475, 0.5];
    assert!(quantiles.iter().zip(wanted).all(|(q, wanted)| (q - wanted).abs() < 1e-12));
}

#[test]
fn benchmarks_count_by_classes_and_by_the_best_threshold() {
    // Labels are 0, 1, 2, 0, 1, 2, 0: class 0 has three pictures, the others two.
    let classes =
        Metric { over_pictures: OverPictures::MeanOfClasses, ..metric("pointing", Better::Higher) };
    let first_is_hit = |cell: &Cell| Some(f64::from(u8::from(cell.index.picture == 0)));
    let report = Report::new(records(small(7, classes), first_is_hit));
    let counted = report.groups[0].benchmarks[0].unwrap();
    assert!((counted - 1.0 / 9.0).abs() < 1e-12, "{counted}");
    assert!((report.groups[0].summaries[0].description.unwrap().mean - 1.0 / 7.0).abs() < 1e-12);
    assert!(
        report.markdown().contains("## As the benchmarks count") && report.latex().contains("11.1")
    );
    assert!(text(report.summary_csv()).lines().next().unwrap().ends_with(",pointing_benchmark"));

    // Each of four pictures has a threshold of its own; one box overlaps by 7/10 at two of them,
    // and a map without boxes is wrong.
    for (contours, expected) in [(Contours::Largest, 0.5), (Contours::All, 0.5)] {
        let boxes = Metric {
            over_pictures: OverPictures::BestThreshold(contours),
            ..metric("boxes", Better::Higher)
        };
        let mut records = records(small(4, boxes), |_| Some(0.7));
        let overlaps =
            [[0.7, 0.7, 0.0].to_vec(), [0.0, 0.7, 0.0].to_vec(), vec![0.0, 0.2, 0.9], vec![]];
        for (place, record) in records.cells.iter_mut().enumerate() {
            let Some(Record::Done(done)) = record else { panic!() };
            done.curves[0] = Some(overlaps[place / 3 % 4].clone());
        }
        let counted = Report::new(records).groups[0].benchmarks[0].unwrap();
        assert!((counted - expected).abs() < 1e-12, "{contours:?} {counted}");
    }
    let plain = Report::new(worked(plan(4)));
    assert!(plain.groups[0].benchmarks.iter().all(Option::is_none));
    assert!(!plain.markdown().contains("As the benchmarks count"));
}

#[test]
fn what_failed_or_is_missing_is_counted_everywhere() {
    let mut records = worked(plan(10));
    let last = records.cells.len() - 1;
    records.cells[last] = None;
    let report = Report::new(records);
    // Picture 2 fails for every model and method.
    assert_eq!(report.counts(), [53, 6, 1]);
    let failures = report.failures();
    assert_eq!((failures.len(), failures[0].cells), (1, 6));
    assert_eq!(failures[0].example, "vanilla · gradient · 002.png");
    assert!(report.warnings()[0].cells > 3);
    let layer_cam = &report.groups[2];
    assert_eq!((layer_cam.done, layer_cam.failed, layer_cam.summaries[4].undefined), (9, 1, 2));
    let values = text(report.values_csv());
    let count = |words: &str| values.lines().filter(|line| line.contains(words)).count();
    assert_eq!(values.lines().count(), 1 + 59 * 5);
    assert_eq!(count(",failed,cannot open picture 002.png: the file is cut off,"), 30);
    assert_eq!(count(",undefined,the map is the same everywhere,"), 4);
    assert_eq!(count(",done,,"), 59 * 5 - 34);
    for table in [report.markdown(), report.latex()] {
        assert!(table.contains("6 of 60 cells failed, 1 are not computed yet"));
    }
    assert!(report.markdown().contains("- 6 cells: cannot open picture 002.png"));
    let summary = text(report.summary_csv());
    assert!(
        summary
            .lines()
            .nth(6)
            .unwrap()
            .starts_with("robust,layer-cam,\"{\"\"layer\"\":0.1}\",8,1,1,")
    );
}

#[test]
fn both_layouts_say_the_same_of_everything() {
    let value = |cell: &Cell| Some(by_place(cell) * 1e-5);
    let of = |layout| {
        let plan = Plan { layout, ..small(12, metric("loc", Better::Higher)) };
        Report::new(records(plan, value))
    };
    let (by_score, by_model) = (of(Layout::ByScore), of(Layout::ByModel));
    let row = "| gradient | 5.5 ± 1.0 | 6.2 ± 1.1 <sup>a\\*\\*</sup> |";
    let best = "| layer-cam | **5.9** ± 1.0 | **6.6** ± 1.1 <sup>a\\*\\*</sup> |";
    let markdown = by_score.markdown();
    for line in [row, best, "| Accuracy, % | 33.3 ± 13.6 | 33.3 ± 13.6 |"] {
        assert!(markdown.lines().any(|other| other == line), "{markdown}");
    }
    assert!(
        markdown
            .contains("| Method | vanilla (a) ×10<sup>-6</sup> | robust (b) ×10<sup>-6</sup> |")
    );
    let markdown = by_model.markdown();
    for line in [
        "| Method | LOC ↑ ×10<sup>-6</sup> | n | failed |",
        "| **robust (b)** | | | |",
        "| gradient | 5.5 ± 1.0 | 12 | 0 |",
        "| layer-cam | **6.6** ± 1.1 <sup>a\\*\\*</sup> | 12 | 0 |",
    ] {
        assert!(markdown.lines().any(|other| other == line), "no {line} in {markdown}");
    }
    let compared = "| layer-cam | vanilla → robust | 12 | 0.65 | \\[0.4";
    let compared = markdown.lines().find(|line| line.starts_with(compared)).unwrap();
    assert!(compared.ends_with("\\] | 0.001 | 1.00 |"), "{compared}");
    let latex = by_model.latex();
    for line in [
        "Method & LOC $\\uparrow$ $\\times 10^{-6}$ & n & failed \\\\",
        "\\multicolumn{4}{l}{\\emph{robust (b)}} \\\\",
        "layer-cam & \\textbf{6.6} $\\pm$ 1.1\\textsuperscript{a**} & 12 & 0 \\\\",
    ] {
        assert!(latex.lines().any(|other| other == line), "no {line} in {latex}");
    }
    for words in ["n = 12 pictures", "0 of 72 cells failed", "Wilcoxon", "Holm", "BCa", "95\\%"] {
        assert!(latex.contains(words), "{words}");
    }
}

#[test]
fn the_best_of_a_model_is_bold_and_lower_may_be_better() {
    let bold = |of: Metric| {
        let markdown = Report::new(records(small(6, of), |cell| Some(by_place(cell)))).markdown();
        let bold = markdown.lines().filter(|line| line.contains("**0.")).map(String::from);
        bold.collect::<Vec<_>>()
    };
    let lower = bold(metric("deletion", Better::Lower));
    assert!(lower.len() == 1 && lower[0].starts_with("| gradient | **"), "{lower:?}");
    let higher = bold(metric("insertion", Better::Higher));
    assert!(higher.len() == 1 && higher[0].starts_with("| layer-cam | **"));
    assert!(bold(metric("sparseness", Better::Neither)).is_empty());
}

#[test]
fn raw_curves_of_several_models_bring_a_warning() {
    let report = Report::new(worked(plan(10)));
    let warning = report.confidence_warning().unwrap();
    let wanted = "INSERTION and DELETION follow the network's confidence: between networks compare the confidence-normalised columns (INSERTION-NORMALISED, DELETION-NORMALISED). ";
    assert!(
        warning.starts_with(wanted) && warning.contains("Mean confidence: vanilla 0."),
        "{warning}"
    );
    assert!(report.markdown().contains("> **Mind the confidence.** INSERTION and DELETION"));
    // In the caption of every table with raw values, and of no other.
    let latex = report.latex();
    let captions: Vec<&str> = latex.lines().filter(|line| line.starts_with("\\caption")).collect();
    let warned: Vec<bool> =
        captions.iter().map(|caption| caption.contains("the network's confidence:")).collect();
    let wanted = [false, true, true, false, false, false, true, true, false, false, false];
    assert_eq!(warned, wanted);
    // Two metrics, two models, three methods; here they do follow it.
    assert_eq!(report.dependences.len(), 12);
    assert!(report.dependences.iter().all(|of| of.correlation.unwrap().rho > 0.7));
    let alone = TEXT.replacen("\"vanilla.toml\", \"robust.toml\"", "\"vanilla.toml\"", 1);
    let alone = Report::new(worked(plan_of(&alone, 10)));
    assert_eq!((alone.confidence_warning(), alone.comparisons.len()), (None, 0));
    assert_eq!(alone.dependences.len(), 6);
    assert!(!alone.latex().contains("Wilcoxon"));
    // One model leaves room for intervals.
    let markdown = alone.markdown();
    assert!(markdown.contains("| Method | vanilla | 95% interval |"), "{markdown}");
    let row = markdown.lines().find(|line| line.starts_with("| gradient")).unwrap();
    assert!(row.contains("| \\[0.") && row.ends_with("\\] |"), "{row}");
    let without =
        Report::new(records(small(5, metric("loc", Better::Higher)), |cell| Some(by_place(cell))));
    assert_eq!(without.confidence_warning(), None);
    let raw = Metric { follows_confidence: true, ..metric("insertion", Better::Higher) };
    let bare = Report::new(records(small(5, raw), |cell| Some(by_place(cell))))
        .confidence_warning()
        .unwrap();
    assert!(bare.starts_with("INSERTION follows the network's confidence: compare methods of one"));
}

#[test]
fn an_interval_depends_on_nothing_else() {
    let few = Report::new(worked(plan(12)));
    let more = TEXT.replacen("models = [", "models = [\"third.toml\", ", 1);
    let more = Report::new(worked(plan_of(&more, 12)));
    assert_eq!(more.groups.len(), 9);
    for (one, other) in few.groups.iter().zip(&more.groups[3..]) {
        assert_eq!(one.summaries, other.summaries);
    }
    let differences = |report: &Report| -> Vec<_> {
        let names = |of: &[usize; 2]| of.map(|model| report.plan().models[model].name.clone());
        let pair = ["vanilla", "robust"].map(String::from);
        let comparisons = report.comparisons.iter().filter(|of| names(&of.models) == pair);
        comparisons.map(|of| (of.interval, of.test)).collect()
    };
    assert_eq!(differences(&few).len(), 15);
    assert_eq!(differences(&few), differences(&more));
    let seeded = Report::new(worked(plan_of(&TEXT.replacen("seed = 3", "seed = 4", 1), 12)));
    assert_ne!(seeded.groups[0].summaries[0].interval, few.groups[0].summaries[0].interval);
}

#[test]
fn only_what_is_compared_is_tested() {
    let models = "models = [\"a\", \"b\", \"c\"]\ncompare = [[\"c\", \"a\"]]";
    let study = TEXT.replacen("models = [\"vanilla.toml\", \"robust.toml\"]", models, 1);
    let mut plan = plan_of(&study, 12);
    plan.metrics.truncate(1);
    plan.metrics[0].normalised = None;
    let report = Report::new(records(plan, |cell| {
        let CellIndex { model, picture, .. } = cell.index;
        Some(0.1 * picture as f64 * (model + 1) as f64 / 4.0 + 0.001 * (model * picture) as f64)
    }));
    assert_eq!(report.comparisons.len(), 3);
    let of = &report.comparisons[0];
    // The first is c: from it to a values fall. Picture 0 is the same everywhere.
    assert_eq!((of.models, of.test.unwrap().effect, of.test.unwrap().n), ([2, 0], -1.0, 11));
    let markdown = report.markdown();
    let row = markdown.lines().find(|line| line.starts_with("| gradient")).unwrap();
    assert!(row.contains("<sup>a\\*</sup> |") && row.matches("<sup>").count() == 1, "{row}");
}

#[test]
fn studies_without_a_number_still_report() {
    let nothing = Report::new(records(plan(4), |_| None));
    assert_eq!(nothing.counts(), [0, 0, 24]);
    let failed = |cell: Cell| Some(Record::Failed(format!("no {}", cell.picture.name)));
    let plan_of_failures = plan(4);
    let cells = plan_of_failures.cells().map(failed).collect();
    let failed = Report::new(Records { plan: plan_of_failures, cells });
    let one = Report::new(records(plan(1), |cell| Some(by_place(cell))));
    let same = Report::new(records(plan(5), |_| Some(0.5)));
    // Without a number there is nothing to plot.
    for (report, entries) in [(&nothing, 7), (&failed, 7), (&one, 8), (&same, 8)] {
        let folder = tempfile::tempdir().unwrap();
        report.write(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), entries);
        assert!(!report.markdown().contains("NaN") && !report.latex().contains("NaN"));
    }
    assert!(nothing.latex().contains("gradient & -- & -- \\\\"));
    assert!(failed.markdown().contains("- 6 cells: no 000.png"));
    assert_eq!(failed.confidence[0].mean, Err("there are no values"));
    assert!(text(same.comparisons_csv()).contains("every difference is zero"));
    assert!(text(same.confidence_csv()).lines().count() == 1 + 2 + 12);
    assert!(
        same.markdown().contains("| 0.500 ± 0.000 |")
            || same.markdown().contains("**0.500** ± 0.000")
    );
}

const HOSTILE: &str = "[5pt] 50% \\input{x} & $y_1^2$ #~\n| <b>\"'`,\r\u{1b}[31m *";

/// A plan where every name is hostile.
fn hostile() -> Plan {
    let mut plan = plan(4);
    plan.name = HOSTILE.into();
    plan.notes = vec![HOSTILE.into()];
    for (index, model) in plan.models.iter_mut().enumerate() {
        model.name = format!("{HOSTILE}{index}");
    }
    plan.methods.iter_mut().for_each(|method| method.label = HOSTILE.into());
    plan.pictures.iter_mut().for_each(|picture| picture.name = HOSTILE.into());
    for metric in &mut plan.metrics {
        metric.label = HOSTILE.into();
        metric.id = format!("{}{HOSTILE}", metric.id);
        metric.normalised = None;
    }
    plan
}

#[test]
fn hostile_names_break_no_table() {
    let report = Report::new(records(hostile(), |cell| Some(by_place(cell))));
    let (latex, markdown) = (report.latex(), report.markdown());
    let mut columns = 0;
    for line in latex.lines() {
        if let Some(spec) = line.strip_prefix("\\begin{tabular}{") {
            columns = spec.len() - 1;
        }
        assert!(!line.contains('\u{1b}') && !line.contains("\\input"), "{line}");
        if line.ends_with("\\\\") && !line.starts_with("\\multicolumn") {
            let escaped = line.replace("\\&", "");
            assert_eq!(escaped.matches('&').count() + 1, columns, "{line}");
            assert!(line.starts_with("{[}5pt]") || line.starts_with(char::is_alphabetic), "{line}");
        }
        // Dollars of the names are escaped, those of the tables come in pairs.
        assert!(line.replace("\\$", "").matches('$').count().is_multiple_of(2), "{line}");
    }
    for line in markdown.lines().filter(|line| line.starts_with("| ")) {
        assert!(!line.contains("<b>") && !line.contains('\u{1b}'), "{line}");
    }
    for plot in report.plots() {
        let name = plot.name.strip_prefix("plots/").unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{name}");
        roxmltree::Document::parse(&plot.svg).unwrap();
    }
    let values = report.values_csv();
    let mut read = csv::Reader::from_reader(&values[..]);
    let rows: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 24 * 5);
    assert!(rows.iter().all(|row| row.len() == 12 && &row[2] == HOSTILE));
    assert!(!latex_escaped("\\").contains("\\\\"));
}

/// Rows of a Parquet file.
fn rows(bytes: Vec<u8>) -> (SerializedFileReader<bytes::Bytes>, Vec<Row>) {
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let rows = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    (file, rows)
}

#[test]
fn parquet_holds_the_same_lines() {
    let report = Report::new(worked(plan(10)));
    let (file, rows) = rows(report.values_parquet().unwrap());
    let lines: Vec<_> = report.lines().collect();
    assert_eq!((rows.len(), lines.len()), (300, 300));
    for (row, line) in rows.iter().zip(&lines) {
        let number = |value: Option<f64>| value.map_or(Field::Null, Field::Double);
        let class = |class: Option<usize>| class.map_or(Field::Null, |of| Field::Long(of as i64));
        let text = |text: &str| Field::Str(text.into());
        let wanted = [
            ("model", text(line.model)),
            ("method", text(line.method)),
            ("picture", text(line.picture)),
            ("metric", text(line.metric)),
            ("value", number(line.value)),
            ("status", text(line.status)),
            ("reason", line.reason.map_or(Field::Null, text)),
            ("label", class(line.label)),
            ("target", class(line.target)),
            ("predicted", class(line.predicted)),
            ("confidence", number(line.confidence)),
            ("seconds", number(line.seconds)),
        ];
        let found: Vec<_> =
            row.get_column_iter().map(|(name, of)| (name.as_str(), of.clone())).collect();
        assert_eq!(found, wanted);
    }
    let about = file.metadata().file_metadata().key_value_metadata().unwrap();
    assert_eq!(about[0].value.as_deref(), Some("toy"));
    assert_eq!(about[1].value, Some(report.plan().hash()));
}

#[test]
fn long_parquet_comes_in_groups() {
    let alone = TEXT.replacen("\"vanilla.toml\", \"robust.toml\"", "\"vanilla.toml\"", 1);
    let plan =
        plan_of(&alone.replacen("\"gradient\", \"cams\"", "\"gradient\", \"grad-cam\"", 1), 10_001);
    let failed = |(index, _): (usize, Cell)| Some(Record::Failed(format!("{index}")));
    let cells = plan.cells().enumerate().map(failed).collect();
    let report = Report::new(Records { plan, cells });
    let (file, rows) = rows(report.values_parquet().unwrap());
    assert_eq!((file.num_row_groups(), rows.len()), (2, 100_010));
    let reasons = rows.iter().zip(report.lines());
    assert!(reasons.enumerate().all(|(index, (row, line))| {
        let reason = (index / 5).to_string();
        line.reason == Some(&reason) && row.get_string(6).unwrap() == &reason
    }));
}

#[test]
fn undefined_values_leave_pairs_and_sums() {
    let mut records = records(small(8, metric("loc", Better::Higher)), |cell| Some(by_place(cell)));
    let methods = records.plan.methods.len();
    // Picture 3 of the first model and 5 of the second, by the first method.
    for place in [3 * methods, (8 + 5) * methods] {
        if let Some(Record::Done(done)) = &mut records.cells[place] {
            done.values[0] = Measured::Undefined("nothing is in the box".into());
        }
    }
    let report = Report::new(records);
    assert_eq!(report.groups[0].summaries[0].description.unwrap().n, 7);
    let comparison = &report.comparisons[0];
    assert_eq!((comparison.method, comparison.n), (0, 6));
    assert_eq!(report.comparisons[1].n, 8);
    assert!(report.markdown().contains("(n = 7)"));
}

#[test]
fn labels_and_targets_are_told_apart() {
    assert_eq!(metrics().len(), 5);
    let mut plan = small(4, metric("loc", Better::Higher));
    plan.target = TargetRule::Class(7);
    plan.pictures.iter_mut().for_each(|picture| picture.label = None);
    let report = Report::new(records(plan, |cell| Some(by_place(cell))));
    assert_eq!(report.confidence[0].accuracy(), None);
    assert!(report.latex().contains("vanilla (a) & 4 & -- & "));
    assert!(!report.markdown().contains("\n| Accuracy, % |"));
}
