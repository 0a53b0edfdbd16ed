//! Pictures of how costs grow.

use anyhow::{Context, Result};
use fixtures::benchmark::Row;
use plotters::prelude::*;

/// Width and height, in pixels.
const SIZE: (u32, u32) = (640, 320);

/// A picture of one growth.
#[derive(Debug)]
pub(super) struct Picture {
    /// The name of its file, without an ending.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) svg: String,
}

/// Draws every growth among the rows: those with a size, whose names are the same up to a colon.
///
/// # Errors
/// When one cannot be drawn.
pub(super) fn growths(rows: &[Row]) -> Result<Vec<Picture>> {
    let mut pictures: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in rows.iter().filter(|row| row.size.is_some()) {
        let title = row.name.split(':').next().unwrap_or_default();
        match pictures.last_mut() {
            Some((last, rows)) if *last == title => rows.push(row),
            _ => pictures.push((title, vec![row])),
        }
    }
    let pictures = pictures.into_iter();
    pictures
        .map(|(title, rows)| draw(title, &rows).context(format!("{title} cannot be drawn")))
        .collect()
}

fn draw(title: &str, rows: &[&Row]) -> Result<Picture> {
    let points: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| Some((row.size?, row.ours)))
        .collect();
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let last = largest(&mut points.iter().map(|point| point.0));
    let first = points.iter().map(|point| point.0).fold(last, f64::min);
    let most = largest(&mut points.iter().map(|point| point.1)) * 1.2;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 16))
            .margin(12)
            .x_label_area_size(32)
            .y_label_area_size(56)
            .build_cartesian_2d((first..last).log_scale(), 0.0..most)?;
        let unit = rows.first().map_or("", |row| row.unit.as_str());
        chart.configure_mesh().y_desc(unit).draw()?;
        chart.draw_series(LineSeries::new(points.iter().copied(), &BLUE).point_size(3))?;
        area.present()?;
    }
    let words = title.split(|character: char| !character.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    Ok(Picture {
        name: words.join("-").to_lowercase(),
        title: title.to_owned(),
        svg,
    })
}

#[cfg(test)]
mod tests {
    use fixtures::benchmark::Row;

    use super::growths;

    #[test]
    fn rows_of_one_growth_become_one_picture() {
        let row =
            |name: &str, size: f64| Row::of(name, "ms", &[size], "before", &[1.0]).with_size(size);
        let rows = [
            row("growth with length: 1", 1.0),
            row("growth with length: 10", 10.0),
            row("growth with depth: 1", 1.0),
            Row::of("no growth", "ms", &[1.0], "before", &[1.0]),
        ];
        let pictures = growths(&rows).unwrap();
        let names: Vec<&str> = pictures
            .iter()
            .map(|picture| picture.name.as_str())
            .collect();
        assert_eq!(names, ["growth-with-length", "growth-with-depth"]);
        assert!(pictures[0].svg.contains("<polyline"), "{}", pictures[0].svg);
    }
}
