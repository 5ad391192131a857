//! A figure as a folder for LaTeX: panels as files, text set by the paper's own fonts.

use super::Fonts;
use super::contents::FigureContents;
use super::draw::{gradient, png};
use super::render::Rendering;
use super::table::{Bars, Cell, ColourBar, Heading, Table};
use crate::engine::CellIndex;
use crate::error::Result;
use crate::file::{file_name, write};
use crate::plot::canvas::{Canvas, Page};
use crate::plot::chart::{self, ChartStyle};
use crate::session::FigureOptions;
use crate::text::latex as escaped;
use std::fmt::Write as _;
use std::path::Path;

/// Width and height of charts' files, points.
const CHART: [f64; 2] = [110.0, 84.0];

/// What the files say before anything else.
const HEAD: &str = "% Made by Hyaline. Needs \\usepackage{graphicx} and \\usepackage{xcolor}. In a page:\n\
%   \\newcommand{\\figurefolder}{this/folder} (\\renewcommand for the next figure) \\input{this/folder/figure}\n\
\\providecommand{\\figurefolder}{.}\n\
\\ifdefined\\hyalineside\\else\\newlength{\\hyalineside}\\fi\n";

/// Names of what is shown beside panels.
struct Writer<'a> {
    folder: &'a Path,
    grid: &'a Table,
    options: &'a FigureOptions,
    fonts: &'a Fonts,
    /// What labels end with.
    name: String,
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
    (grid, options, fonts): (&Table, &FigureOptions, &Fonts),
    contents: &FigureContents,
    caption: &str,
) -> Result<()> {
    let name = file_name(folder);
    let name = name.trim_end_matches("-latex");
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let mut writer = Writer { folder, grid, options, fonts, name, bars: 0, letter: 0 };
    let figure = writer.figure(caption)?;
    write(&folder.join("figure.tex"), figure.as_bytes())?;
    let table = table(contents, options, &writer.name);
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
        // What captions, headings and what stands below panels leave of the paper.
        let height = 0.6 / grid.rows.len().max(1) as f64;
        let float = if self.options.size.is_of_both_columns() { "figure*" } else { "figure" };
        let columns = "c".repeat(1 + grid.columns.len() + usize::from(has_side_bars));
        let mut text = format!(
            "{HEAD}\\begin{{{float}}}[t]\n\\centering\n\\setlength{{\\hyalineside}}{{{side:.4}\\linewidth}}\n\\ifdim\\hyalineside>{height:.4}\\textheight\\setlength{{\\hyalineside}}{{{height:.4}\\textheight}}\\fi\n\\setlength{{\\tabcolsep}}{{{:.1}pt}}\n\\newcommand{{\\hyalinepanel}}[1]{{\\raisebox{{-.5\\height}}{{\\includegraphics[width=\\hyalineside]{{\\figurefolder/panels/#1}}}}}}\n\\newcommand{{\\hyalinechart}}[1]{{\\raisebox{{-.5\\height}}{{\\includegraphics[height=\\hyalineside]{{\\figurefolder/panels/#1}}}}}}\n",
            0.5 * self.options.gap
        );
        let _ = writeln!(text, "\\begin{{tabular}}{{@{{}}{columns}@{{}}}}");
        // Panels are narrow: what stands above them breaks.
        let heading = |column: &super::table::Column| {
            let width = if column.has_charts { CHART[0] / CHART[1] } else { 1.0 };
            let text = heading(&column.heading, true);
            format!("\\parbox[b]{{{width:.2}\\hyalineside}}{{\\centering {text}}}")
        };
        let mut headings: Vec<String> = grid.columns.iter().map(heading).collect();
        if has_side_bars {
            headings.insert(self.bars_column(), String::new());
        }
        let _ = writeln!(text, "& {} \\\\", headings.join(" & "));
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
            "\\end{{tabular}}{}\n\\caption{{{}}}\n\\label{{fig:{}}}\n\\end{{{float}}}\n",
            self.legend(),
            escaped(caption),
            self.name
        );
        Ok(text)
    }

    /// What the charts' lines are.
    fn legend(&self) -> String {
        if !self.grid.columns.iter().any(|column| column.has_charts) {
            return String::new();
        }
        let sample = |(name, colour): &(String, String)| {
            let colour = colour.trim_start_matches('#');
            let name = escaped(name);
            format!("\\textcolor[HTML]{{{colour}}}{{\\rule[.5ex]{{1.5em}}{{1pt}}}} {name}")
        };
        let samples: Vec<String> = self.grid.series.iter().map(sample).collect();
        format!("\\\\[1ex]\n{{\\small {}}}", samples.join("\\quad "))
    }

    /// Where colour bars beside rows stand: after the maps.
    fn bars_column(&self) -> usize {
        let columns = &self.grid.columns;
        columns.iter().position(|column| column.has_charts).unwrap_or(columns.len())
    }

    /// Panels, and below them what is said of them.
    fn row(&mut self, row: usize) -> Result<String> {
        let grid = self.grid;
        let title = heading(&grid.rows[row], false);
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
        let bar = match &grid.bars {
            Bars::Rows(bars) => Some(bars[row].as_ref()),
            Bars::Figure(bar, first) => Some((*first == row).then_some(bar)),
            _ => None,
        };
        if let Some(bar) = bar {
            let bar = bar.map_or(Ok(String::new()), |bar| self.bar_beside(bar))?;
            cells.insert(self.bars_column(), bar);
            below.insert(self.bars_column(), String::new());
        }
        let title = match title.is_empty() {
            true => String::new(),
            false => format!("\\raisebox{{-.5\\height}}{{\\rotatebox{{90}}{{{title}}}}}"),
        };
        let mut text = format!("{title} & {} \\\\\n", cells.join(" & "));
        if below.iter().any(|words| !words.is_empty()) {
            let _ = writeln!(text, "& {} \\\\\n\\noalign{{\\vskip 3pt}}", below.join(" & "));
        }
        Ok(text)
    }

    fn bar_file(&mut self, bar: &ColourBar, upwards: bool) -> Result<String> {
        self.bars += 1;
        let file = format!("bar-{}.png", self.bars);
        write(&self.folder.join("panels").join(&file), &png(&gradient(bar, upwards))?)?;
        Ok(file)
    }

    fn bar_beside(&mut self, bar: &ColourBar) -> Result<String> {
        let file = self.bar_file(bar, true)?;
        let numbers: Vec<String> = bar.numbers().iter().rev().map(|n| escaped(n)).collect();
        Ok(format!(
            "\\raisebox{{-.5\\height}}{{\\includegraphics[width=.6em,height=\\hyalineside]{{\\figurefolder/panels/{file}}}}}~\\parbox[c][\\hyalineside]{{2.8em}}{{\\scriptsize {}}}",
            numbers.join("\\vfill ")
        ))
    }

    fn bar_below(&mut self, bar: &ColourBar) -> Result<String> {
        let file = self.bar_file(bar, false)?;
        let numbers: Vec<String> = bar.numbers().iter().map(|n| escaped(n)).collect();
        Ok(format!(
            "\\parbox[t]{{\\hyalineside}}{{\\vspace{{2pt}}\\includegraphics[width=\\hyalineside,height=.5em]{{\\figurefolder/panels/{file}}}\\\\\\scriptsize {}}}",
            numbers.join("\\hfill ")
        ))
    }

    fn chart(&self, cell: &Cell) -> Result<Vec<u8>> {
        let Cell::Chart(lines) = cell else { return Ok(vec![]) };
        let (text, mut canvas) = (7.0, Canvas::default());
        let axis = self.grid.axis();
        let style = ChartStyle {
            text,
            line: 1.1,
            grid: 0.4,
            has_left_numbers: true,
            has_lower_numbers: true,
        };
        let [width, height] = CHART;
        let place = [2.6 * text, 0.6 * text, width - 3.6 * text, height - 2.6 * text];
        chart::draw(&mut canvas, place, &axis, lines, &style);
        let families = &self.fonts.families;
        let page = Page { size: CHART, unit: "pt", families, ground: None, metadata: None };
        Rendering::new(&canvas.on(&page), self.fonts)?.pdf("chart", "{}")
    }
}

/// A heading over several lines, in a box that breaks them or in a stack.
fn heading(heading: &Heading, is_boxed: bool) -> String {
    let lines = heading.lines.iter().map(|line| format!("\\scriptsize {}", escaped(line)));
    let title = (!heading.title.is_empty()).then(|| format!("\\small {}", escaped(&heading.title)));
    let all: Vec<String> = title.into_iter().chain(lines).collect();
    match all.len() {
        0 => String::new(),
        1 => all[0].clone(),
        _ if is_boxed => all.join("\\\\"),
        _ => format!("\\shortstack{{{}}}", all.join("\\\\")),
    }
}

/// Areas under the curves, a row for each method, two columns for each network.
fn table(contents: &FigureContents, options: &FigureOptions, name: &str) -> Option<String> {
    let area = |at: CellIndex| contents.maps.get(&at)?.curves.clone();
    let rows: Vec<String> = (0..contents.methods.len())
        .filter_map(|method| {
            let cells: Vec<_> = (0..contents.networks.len())
                .map(|network| area(CellIndex::clean(contents.selected, network, method)))
                .collect();
            cells.iter().any(Option::is_some).then(|| {
                let numbers = cells.iter().map(|curves| match curves {
                    Some(curves) => {
                        format!("{:.3} & {:.3}", curves.insertion.auc, curves.deletion.auc)
                    }
                    None => " & ".into(),
                });
                let name = escaped(options.name(contents.methods[method].0.description().name));
                format!("{name} & {} \\\\\n", numbers.collect::<Vec<_>>().join(" & "))
            })
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let networks = contents.networks.iter().map(|network| escaped(options.name(&network.name)));
    let heads: Vec<String> =
        networks.map(|name| format!("\\multicolumn{{2}}{{c}}{{{name}}}")).collect();
    let below = vec!["Ins $\\uparrow$ & Del $\\downarrow$"; heads.len()].join(" & ");
    let picture = escaped(options.name(&contents.pictures[contents.selected].name));
    Some(format!(
        "% Needs \\usepackage{{booktabs}}.\n\\begin{{table}}[t]\n\\centering\n\\caption{{Areas under the Insertion and Deletion curves for {picture}.}}\n\\label{{tab:{name}}}\n\\begin{{tabular}}{{l{}}}\n\\toprule\n & {} \\\\\n & {below} \\\\\n\\midrule\n{}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n",
        "rr".repeat(heads.len()),
        heads.join(" & "),
        rows.concat()
    ))
}
