//! What became of the mutants of one group, as `cargo mutants` wrote it down.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// One change to the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// The file, from the root of the workspace.
    pub file: PathBuf,
    /// The number of the line, from 1.
    pub number: usize,
    /// The line before the change, without the space around it.
    pub line: String,
    /// What was changed, in the words of `cargo mutants`.
    pub change: String,
}

/// What became of the mutants.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many made a test fail.
    pub caught: usize,
    /// Those that made a test hang, which is noticed too.
    pub timeouts: Vec<Mutant>,
    /// How many did not compile.
    pub unviable: usize,
    /// Those that no test noticed.
    pub missed: Vec<Mutant>,
}

impl Tally {
    /// Reads the files that `cargo mutants` left in `output`; `root` holds the code they speak of.
    ///
    /// # Errors
    /// When one of them is missing or holds something else.
    pub fn read(output: &Path, root: &Path) -> Result<Self> {
        let lines = |name: &str| {
            let path = output.join("mutants.out").join(name);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            Ok::<_, anyhow::Error>(text.lines().map(str::to_owned).collect::<Vec<_>>())
        };
        let mutants = |name: &str| {
            let lines = lines(name)?;
            let mutants = lines.iter().map(|line| Mutant::read(line, root));
            mutants.collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            caught: lines("caught.txt")?.len(),
            timeouts: mutants("timeout.txt")?,
            unviable: lines("unviable.txt")?.len(),
            missed: mutants("missed.txt")?,
        })
    }

    /// Takes in what further tests said of those that were missed or hung here.
    ///
    /// A mutant that hung counts as noticed whatever they said.
    pub fn retry(&mut self, later: Self) {
        let viable = self.viable() - later.unviable;
        let hung = std::mem::replace(&mut self.timeouts, later.timeouts);
        self.missed = later.missed;
        self.missed.retain(|mutant| !hung.contains(mutant));
        self.unviable += later.unviable;
        self.caught = viable - self.missed.len() - self.timeouts.len();
    }

    /// Adds the mutants of another group.
    pub fn add(&mut self, other: Self) {
        self.caught += other.caught;
        self.timeouts.extend(other.timeouts);
        self.unviable += other.unviable;
        self.missed.extend(other.missed);
    }

    /// Returns how many mutants compile.
    #[must_use]
    pub fn viable(&self) -> usize {
        self.caught + self.timeouts.len() + self.missed.len()
    }

    /// Returns how many of a hundred viable mutants were noticed.
    #[must_use]
    pub fn percent(&self) -> f64 {
        let noticed = self.caught + self.timeouts.len();
        // Where there are no mutants, none was noticed.
        100.0 * noticed as f64 / self.viable().max(1) as f64
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} caught, {} missed, {} timeouts, {} unviable: {:.1} % of {} viable",
            self.caught,
            self.missed.len(),
            self.timeouts.len(),
            self.unviable,
            self.percent(),
            self.viable()
        )
    }
}

impl Mutant {
    /// Reads `FILE:LINE:COLUMN: CHANGE`, and the line from the file.
    fn read(text: &str, root: &Path) -> Result<Self> {
        let mut parts = text.splitn(4, ':');
        let mut next = || {
            let part = parts.next().map(str::trim);
            part.with_context(|| format!("`{text}` names no mutant"))
        };
        let file = PathBuf::from(next()?);
        let number: usize = next()?.parse()?;
        next()?;
        let change = next()?.to_owned();
        let code = std::fs::read_to_string(root.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        let line = code.lines().nth(number.saturating_sub(1));
        let line = line.with_context(|| format!("{} has no line {number}", file.display()))?;
        Ok(Self {
            line: line.trim().to_owned(),
            file,
            number,
            change,
        })
    }
}
