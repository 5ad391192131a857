//! A figure as a folder for LaTeX: panels as files, text set by the paper's own fonts.

use super::chart::{self, ChartStyle};
use super::draw::{gradient, png};
use super::exhibit::Exhibit;
use super::grid::{Bars, Cell, ColorBar, Grid, Heading};
use super::plot::Axis;
use super::render::Rendering;
use super::sheet::{Paper, Sheet};
use super::{Fonts, Options};
use crate::error::Result;
use crate::file::write;
use crate::text::latex as escaped;
use std::fmt::Write as _;
use std::path::Path;

/// Width and height of charts' files, points.
const CHART: [f64; 2] = [110.0, 84.0];

/// What the files say before anything else.
const HEAD: &str = "% Made by Hyaline. Needs \\usepackage{graphicx} and \\usepackage{xcolor}. In a paper:\n\
%   \\newcommand{\\figurefolder}{this/folder} (\\renewcommand for the next figure) \\input{this/folder/figure}\n\
\\providecommand{\\figurefolder}{.}\n\
\\ifdefined\\hyalineside\\else\\newlength{\\hyalineside}\\fi\n";

/// Names of what is shown beside panels.
struct Writer<'a> {
    folder: &'a Path,
    grid: &'a Grid,
    options: &'a Options,
    fonts: &'a Fonts,
    bars: usize,
    letter: usize,
}

/// Writes `figure.tex` with its panels, `table.tex` where there are areas, and an `example.tex` that
/// shows both.
///
/// # Errors
/// When a file can't be written.
pub fn write_folder(
    folder: &Path,
    (grid, options, fonts): (&Grid, &Options, &Fonts),
    exhibit: &Exhibit,
    caption: &str,
) -> Result<()> {
    let mut writer = Writer { folder, grid, options, fonts, bars: 0, letter: 0 };
    let figure = writer.figure(caption)?;
    write(&folder.join("figure.tex"), figure.as_bytes())?;
    let table = table(exhibit, options);
    if let Some(table) = &table {
        write(&folder.join("table.tex"), table.as_bytes())?;
    }
    let input = if table.is_some() { "\\input{table}\n" } else { "" };
    let example = format!(
        "% Names with letters beyond Latin need LuaLaTeX or XeLaTeX.\n\\documentclass{{article}}\n\\usepackage[margin=1in]{{geometry}}\n\\usepackage{{graphicx}}\n\\usepackage{{xcolor}}\n\\usepackage{{booktabs}}\n\\begin{{document}}\n\\input{{figure}}\n{input}\\end{{document}}\n"
    );
    write(&folder.join("example.tex"), example.as_bytes())
}

impl Writer<'_> {
    fn figure(&mut self, caption: &str) -> Result<String> {
        let grid = self.grid;
        let charts = grid.columns.iter().filter(|column| column.has_charts).count() as f64;
        let panels = grid.columns.len() as f64 - charts;
        let has_side_bars = matches!(grid.bars, Bars::Rows(_) | Bars::Figure(..));
        // What headings, bars and gaps leave of the line.
        let beside = if has_side_bars { 0.45 } else { 0.0 };
        let side = 0.86 / (panels + CHART[0] / CHART[1] * charts + beside);
        let columns =
            format!("c{}{}", "c".repeat(grid.columns.len()), if has_side_bars { "l" } else { "" });
        let mut text = format!(
            "{HEAD}\\begin{{figure}}[t]\n\\centering\n\\setlength{{\\hyalineside}}{{{side:.4}\\linewidth}}\n\\setlength{{\\tabcolsep}}{{{:.1}pt}}\n\\newcommand{{\\hyalinepanel}}[1]{{\\raisebox{{-.5\\height}}{{\\includegraphics[width=\\hyalineside]{{\\figurefolder/panels/#1}}}}}}\n\\newcommand{{\\hyalinechart}}[1]{{\\raisebox{{-.5\\height}}{{\\includegraphics[height=\\hyalineside]{{\\figurefolder/panels/#1}}}}}}\n",
            0.5 * self.options.gap
        );
        let _ = writeln!(text, "\\begin{{tabular}}{{@{{}}{columns}@{{}}}}");
        // Panels are narrow: what stands above them breaks.
        let headings = grid.columns.iter().map(|column| {
            let text = heading(&column.heading);
            match column.has_charts {
                true => text,
                false => format!("\\parbox[b]{{\\hyalineside}}{{\\centering {text}}}"),
            }
        });
        let _ = writeln!(text, "& {} \\\\", headings.collect::<Vec<_>>().join(" & "));
        for row in 0..grid.rows.len() {
            text += &self.row(row)?;
        }
        if let Bars::Columns(bars) = &grid.bars {
            let mut cells = vec![];
            for bar in bars {
                cells.push(bar.as_ref().map_or(Ok(String::new()), |bar| self.bar_below(bar))?);
            }
            let _ = writeln!(text, "& {} \\\\", cells.join(" & "));
        }
        let _ = write!(
            text,
            "\\end{{tabular}}{}\n\\caption{{{}}}\n\\label{{fig:attributions}}\n\\end{{figure}}\n",
            self.legend(),
            escaped(caption)
        );
        Ok(text)
    }

    /// What the charts' lines are.
    fn legend(&self) -> String {
        if !self.grid.columns.iter().any(|column| column.has_charts) {
            return String::new();
        }
        let sample = |(name, color): &(String, String)| {
            let color = color.trim_start_matches('#');
            let name = escaped(name);
            format!("\\textcolor[HTML]{{{color}}}{{\\rule[.5ex]{{1.5em}}{{1pt}}}} {name}")
        };
        let samples: Vec<String> = self.grid.series.iter().map(sample).collect();
        format!("\\\\[1ex]\n{{\\small {}}}", samples.join("\\quad "))
    }

    /// Panels, and below them what is said of them.
    fn row(&mut self, row: usize) -> Result<String> {
        let grid = self.grid;
        let title = heading(&grid.rows[row]);
        let (mut cells, mut below) = (vec![], vec![]);
        for (column, cell) in grid.cells[row].iter().enumerate() {
            let name = format!("{}-{}", row + 1, column + 1);
            match cell {
                Cell::Empty => {
                    cells.push(String::new());
                    below.push(String::new());
                }
                Cell::Panel(panel) => {
                    let file = format!("{name}.png");
                    write(&self.folder.join("panels").join(&file), &png(&panel.image)?)?;
                    cells.push(format!("\\hyalinepanel{{{file}}}"));
                    let mut words = panel.footer.clone();
                    if self.options.letters {
                        words.insert(0, format!("({})", super::layout::letters(self.letter)));
                        self.letter += 1;
                    }
                    let words = escaped(&words.join(" "));
                    let bar = panel.bar.as_ref().filter(|_| self.options.bars);
                    let bar = bar.map(|bar| self.bar_below(bar)).transpose()?;
                    let parts = bar
                        .into_iter()
                        .chain((!words.is_empty()).then(|| format!("\\scriptsize {words}")));
                    let parts: Vec<String> = parts.collect();
                    below.push(match parts.len() {
                        0 => String::new(),
                        _ => format!(
                            "\\parbox[t]{{\\hyalineside}}{{\\centering {}}}",
                            parts.join("\\\\")
                        ),
                    });
                }
                Cell::Chart(_) => {
                    let file = format!("{name}.pdf");
                    write(&self.folder.join("panels").join(&file), &self.chart(cell)?)?;
                    cells.push(format!("\\hyalinechart{{{file}}}"));
                    below.push(String::new());
                }
            }
        }
        match &grid.bars {
            Bars::Rows(bars) => {
                let bar = bars[row].as_ref();
                cells.push(bar.map_or(Ok(String::new()), |bar| self.bar_beside(bar))?);
            }
            Bars::Figure(bar, first) if *first == row => cells.push(self.bar_beside(bar)?),
            _ => {}
        }
        let title = match title.is_empty() {
            true => String::new(),
            false => format!("\\raisebox{{-.5\\height}}{{\\rotatebox{{90}}{{{title}}}}}"),
        };
        let mut text = format!("{title} & {} \\\\\n", cells.join(" & "));
        if below.iter().any(|words| !words.is_empty()) {
            let _ = writeln!(text, "& {} \\\\[1ex]", below.join(" & "));
        }
        Ok(text)
    }

    fn bar_file(&mut self, bar: &ColorBar, upwards: bool) -> Result<String> {
        self.bars += 1;
        let file = format!("bar-{}.png", self.bars);
        write(&self.folder.join("panels").join(&file), &png(&gradient(bar, upwards))?)?;
        Ok(file)
    }

    fn bar_beside(&mut self, bar: &ColorBar) -> Result<String> {
        let file = self.bar_file(bar, true)?;
        let numbers: Vec<String> = bar.numbers().iter().rev().map(|n| escaped(n)).collect();
        Ok(format!(
            "\\raisebox{{-.5\\height}}{{\\includegraphics[width=.6em,height=\\hyalineside]{{\\figurefolder/panels/{file}}}}}~\\parbox[c][\\hyalineside]{{2.8em}}{{\\scriptsize {}}}",
            numbers.join("\\vfill ")
        ))
    }

    fn bar_below(&mut self, bar: &ColorBar) -> Result<String> {
        let file = self.bar_file(bar, false)?;
        let numbers: Vec<String> = bar.numbers().iter().map(|n| escaped(n)).collect();
        Ok(format!(
            "\\parbox[t]{{\\hyalineside}}{{\\vspace{{2pt}}\\includegraphics[width=\\hyalineside,height=.5em]{{\\figurefolder/panels/{file}}}\\\\\\scriptsize {}}}",
            numbers.join("\\hfill ")
        ))
    }

    fn chart(&self, cell: &Cell) -> Result<Vec<u8>> {
        let Cell::Chart(lines) = cell else { return Ok(vec![]) };
        let (text, mut sheet) = (7.0, Sheet::default());
        let reach = lines.iter().flat_map(chart::ChartLine::reach);
        let axis = Axis::over([0.0, 1.0].into_iter().chain(reach), 2);
        let style = ChartStyle {
            text,
            line: 1.1,
            grid: 0.4,
            has_left_numbers: true,
            has_lower_numbers: true,
        };
        let [width, height] = CHART;
        let place = [2.6 * text, 2.0, width - 3.6 * text, height - 2.2 * text];
        chart::draw(&mut sheet, place, &axis, lines, &style);
        let families = &self.fonts.families;
        let paper = Paper { size: CHART, unit: "pt", families, ground: None, metadata: None };
        Rendering::new(&sheet.on(&paper), self.fonts)?.pdf("chart", "{}")
    }
}

fn heading(heading: &Heading) -> String {
    let lines = heading.lines.iter().map(|line| format!("\\scriptsize {}", escaped(line)));
    let title = (!heading.title.is_empty()).then(|| format!("\\small {}", escaped(&heading.title)));
    let all: Vec<String> = title.into_iter().chain(lines).collect();
    match all.len() {
        0 => String::new(),
        1 => all[0].clone(),
        _ => format!("\\shortstack{{{}}}", all.join("\\\\")),
    }
}

/// Areas under the curves, a row for each method, two columns for each network.
fn table(exhibit: &Exhibit, options: &Options) -> Option<String> {
    let area = |at: [usize; 3]| exhibit.maps.get(&at)?.curves.clone();
    let rows: Vec<String> = (0..exhibit.methods.len())
        .filter_map(|method| {
            let cells: Vec<_> = (0..exhibit.networks.len())
                .map(|network| area([exhibit.selected, network, method]))
                .collect();
            cells.iter().any(Option::is_some).then(|| {
                let numbers = cells.iter().map(|curves| match curves {
                    Some(curves) => {
                        format!("{:.3} & {:.3}", curves.insertion.auc, curves.deletion.auc)
                    }
                    None => " & ".into(),
                });
                let name = escaped(options.name(exhibit.methods[method].0.description().name));
                format!("{name} & {} \\\\\n", numbers.collect::<Vec<_>>().join(" & "))
            })
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let networks = exhibit.networks.iter().map(|network| escaped(options.name(&network.name)));
    let heads: Vec<String> =
        networks.map(|name| format!("\\multicolumn{{2}}{{c}}{{{name}}}")).collect();
    let below = vec!["Ins $\\uparrow$ & Del $\\downarrow$"; heads.len()].join(" & ");
    let picture = escaped(options.name(&exhibit.pictures[exhibit.selected].name));
    Some(format!(
        "% Needs \\usepackage{{booktabs}}.\n\\begin{{table}}[t]\n\\centering\n\\caption{{Areas under the Insertion and Deletion curves for {picture}.}}\n\\label{{tab:areas}}\n\\begin{{tabular}}{{l{}}}\n\\toprule\n & {} \\\\\n & {below} \\\\\n\\midrule\n{}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n",
        "rr".repeat(heads.len()),
        heads.join(" & "),
        rows.concat()
    ))
}
