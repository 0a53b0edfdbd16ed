//! The glob of a rule's `tool`, translated into an ECMAScript pattern.
//!
//! Every answer of the measured builds is explained by the glob language of the `picomatch` library
//! with dot names included, so this translation follows its rules: a `**` that fills a segment
//! crosses slashes, braces without a comma are plain text, a negated class never matches a slash,
//! and a glob that begins with `!` means all other tools. Groups of plain words are read, such as
//! `@(a|b)*`; its rarer forms (other groups, quotes, escapes, ranges) are told as not readable.

use super::expression::{Expression, Found};
use crate::dialect::PatternEngine;

/// Makes a text a glob; without one of these it is compared as it is.
const MAGIC: [char; 4] = ['*', '?', '[', '{'];

const NOT_SLASH: &str = "[^/]";
const STAR: &str = "[^/]*?";
const ONE_CHARACTER: &str = "(?=.)";
/// No segment `.` or `..` begins here.
const NO_DOTS_HERE: &str = r"(?!\.{1,2}(?:\/|$))";
/// The text does not begin with a segment `.` or `..`.
const NO_DOTS_AT_ALL: &str = r"(?!(?:^|\/)\.{1,2}(?:\/|$))";
const NOT_ONE_DOT: &str = r"(?!\.{0,1}(?:\/|$))";
/// Any number of segments.
const SEGMENTS: &str = r"(?:(?:(?!(?:^|\/)\.{1,2}(?:\/|$)).)*?)";

/// What a rule's `tool` stands for.
#[derive(Debug, Clone)]
pub(super) enum ToolPattern {
    /// Every tool.
    Any,
    /// The tool of this name.
    Name(String),
    /// Tools whose names match; the text is compared first, as it is.
    Glob(String, Expression),
    /// We cannot tell which tools.
    Unclear(String),
}

impl ToolPattern {
    /// Reads a rule's `tool`; builds that ignore case compare everything in lower case.
    pub(super) fn new(tool: &str, ignore_case: bool) -> Self {
        if tool == "*" {
            return Self::Any;
        }
        let tool = cased(tool, ignore_case);
        // By itself it is no glob (builds of 2026-02-10, 2026-05-04 and 2026-09-23).
        if !tool.contains(MAGIC) || tool == "?" {
            return Self::Name(tool);
        }
        match translate(&tool) {
            Some(source) => Self::Glob(tool, Expression::new(source, "", PatternEngine::Node)),
            None => Self::Unclear(tool),
        }
    }

    /// Tells whether a tool is meant.
    pub(super) fn matches(&self, tool: &str, ignore_case: bool) -> Found {
        let tool = cased(tool, ignore_case);
        match self {
            Self::Any => Found::Yes,
            Self::Name(name) => Found::from(*name == tool),
            Self::Glob(text, _) | Self::Unclear(text) if *text == tool => Found::Yes,
            Self::Glob(..) if tool.is_empty() => Found::No,
            Self::Glob(_, expression) => match expression.is_in(&tool) {
                // The library makes a glob that it cannot translate one that matches nothing.
                Found::Invalid => Found::No,
                found => found,
            },
            Self::Unclear(_) => Found::Unclear("the form of its tool pattern was not measured"),
        }
    }
}

fn cased(text: &str, ignore_case: bool) -> String {
    match ignore_case {
        true => text.to_lowercase(),
        false => text.to_owned(),
    }
}

/// Returns the pattern for whole names, or `None` for a form that is not read here.
fn translate(glob: &str) -> Option<String> {
    if glob.contains(['\\', '"']) || glob.contains("..") {
        return None;
    }
    let glob = glob.strip_prefix("./").unwrap_or(glob);
    let begins_with_star = glob.starts_with('*');
    if (begins_with_star || glob.starts_with('.'))
        && let Some(source) = common(glob)
    {
        return Some(format!(r"^(?:{source}\/?)$"));
    }
    let many_segments = glob.contains(['/', '(', ')', '[', ']', '{', '}']);
    if !many_segments && !begins_with_star && !glob.starts_with('!') {
        return Some(format!("^(?:{})$", in_one_segment(glob)));
    }
    if glob.contains(['(', ')']) && !has_plain_groups(glob) {
        return None;
    }
    let meant = glob.trim_start_matches('!');
    let source = format!("^(?:{})$", Reader::new(meant).read()?);
    let negated = (glob.len() - meant.len()) % 2 == 1;
    Some(match negated {
        true => format!("^(?!{source}).*$"),
        false => source,
    })
}

/// Tells whether a glob is made of plain words, single stars and groups of plain words alone.
fn has_plain_groups(glob: &str) -> bool {
    let is_word = |text: &str| {
        let mut characters = text.chars();
        characters.all(|it| it.is_ascii_alphanumeric() || it == '_' || it == '-')
    };
    let is_plain = |text: &str| text.split('*').all(is_word);
    let mut rest = glob;
    while let Some((before, group)) = rest.split_once('(') {
        let Some((words, after)) = group.split_once(')') else {
            return false;
        };
        let before = before.strip_suffix(['@', '+', '*', '?']).unwrap_or(before);
        if !is_plain(before)
            || !words
                .split('|')
                .all(|word| !word.is_empty() && is_word(word))
        {
            return false;
        }
        rest = after;
    }
    is_plain(rest) && !glob.contains("**")
}

/// Translates the commonest globs, which have forms of their own.
fn common(glob: &str) -> Option<String> {
    let glob = match glob {
        "***" => "*",
        "**/**" | "**/**/**" => "**",
        other => other,
    };
    let any_folder = format!(r"(?:{NO_DOTS_AT_ALL}{SEGMENTS}\/)?");
    Some(match glob {
        "*" => format!("{NO_DOTS_AT_ALL}{ONE_CHARACTER}{STAR}"),
        ".*" => format!(r"\.{ONE_CHARACTER}{STAR}"),
        "*.*" => format!(r"{NO_DOTS_AT_ALL}{STAR}\.{ONE_CHARACTER}{STAR}"),
        "*/*" => format!(r"{NO_DOTS_AT_ALL}{STAR}\/{ONE_CHARACTER}{NO_DOTS_HERE}{STAR}"),
        "**" => format!("{NO_DOTS_AT_ALL}{SEGMENTS}"),
        "**/*" => format!("{any_folder}{NO_DOTS_HERE}{ONE_CHARACTER}{STAR}"),
        "**/*.*" => format!(r"{any_folder}{NO_DOTS_HERE}{STAR}\.{ONE_CHARACTER}{STAR}"),
        "**/.*" => format!(r"{any_folder}\.{ONE_CHARACTER}{STAR}"),
        other => {
            let (before, extension) = other.rsplit_once('.')?;
            let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
            if extension.is_empty() || !extension.chars().all(is_word) {
                return None;
            }
            format!(r"{}\.{extension}", common(before)?)
        }
    })
}

/// Translates a glob without slashes, classes and braces, run of equal characters by run.
fn in_one_segment(glob: &str) -> String {
    let mut source = String::new();
    let mut rest = glob.chars().peekable();
    while let Some(character) = rest.next() {
        if character.is_ascii_alphanumeric() || character == '_' {
            source.push(character);
            continue;
        }
        let mut run = 1;
        while rest.next_if_eq(&character).is_some() {
            run += 1;
        }
        match character {
            '?' => source.push_str(&NOT_SLASH.repeat(run)),
            '.' => source.push_str(&r"\.".repeat(run)),
            '*' => source.push_str(STAR),
            // Only the first of a run is escaped, which makes `++` one or more of them.
            other => {
                source.push('\\');
                source.extend(std::iter::repeat_n(other, run));
            }
        }
    }
    source
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    Text,
    Dot,
    Slash,
    Class,
    Brace,
    Comma,
    One,
    Star,
    /// Three stars and more, which are one.
    Stars,
    Segments,
    Plus,
    Group,
}

struct Token {
    kind: Kind,
    source: String,
}

struct Reader {
    rest: Vec<char>,
    position: usize,
    tokens: Vec<Token>,
    /// The tokens that open a brace, and whether a comma was seen in it.
    braces: Vec<(usize, bool)>,
    /// How often the group that comes may stand there: `+`, `*` or `?`.
    repeated: Option<char>,
}

impl Reader {
    fn new(glob: &str) -> Self {
        Self {
            rest: glob.chars().collect(),
            position: 0,
            tokens: vec![Token {
                kind: Kind::Start,
                source: String::new(),
            }],
            braces: Vec::new(),
            repeated: None,
        }
    }

    fn read(mut self) -> Option<String> {
        while let Some(character) = self.peek(0) {
            self.position += 1;
            match character {
                '@' | '+' | '*' | '?' if self.peek(0) == Some('(') => {
                    if character != '@' && self.previous() == Kind::Start {
                        self.push(Kind::Group, ONE_CHARACTER);
                    }
                    self.repeated = Some(character).filter(|it| *it != '@');
                }
                '(' => self.push(Kind::Group, "(?:"),
                ')' => {
                    self.push(Kind::Group, ")");
                    if let Some(repeated) = self.repeated.take() {
                        self.push(Kind::Group, repeated.encode_utf8(&mut [0; 4]));
                    }
                }
                '[' => self.class()?,
                ']' => self.push(Kind::Text, r"\]"),
                '{' => {
                    self.push(Kind::Brace, "(");
                    self.braces.push((self.tokens.len() - 1, false));
                }
                '}' => self.close_brace(),
                ',' => match self.braces.last_mut() {
                    Some((_, comma)) => {
                        *comma = true;
                        self.push(Kind::Comma, "|");
                    }
                    None => self.push(Kind::Comma, ","),
                },
                '/' => self.push(Kind::Slash, r"\/"),
                '.' => {
                    let inside = !self.braces.is_empty();
                    let first = matches!(self.previous(), Kind::Start | Kind::Slash);
                    let kind = if inside || first {
                        Kind::Dot
                    } else {
                        Kind::Text
                    };
                    self.push(kind, r"\.");
                }
                '?' => self.push(Kind::One, NOT_SLASH),
                '+' => match self.previous() {
                    Kind::Class | Kind::Brace => self.push(Kind::Plus, "+"),
                    _ => self.push(Kind::Plus, r"\+"),
                },
                '*' => self.star(),
                '$' => self.push(Kind::Text, r"\$"),
                '^' => self.push(Kind::Text, r"\^"),
                other => self.push(Kind::Text, other.encode_utf8(&mut [0; 4])),
            }
        }
        let mut source: String = self
            .tokens
            .iter()
            .map(|token| token.source.as_str())
            .collect();
        if matches!(self.previous(), Kind::Star | Kind::Stars | Kind::Class) {
            source.push_str(r"\/?");
        }
        Some(source)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.position + ahead).copied()
    }

    fn previous(&self) -> Kind {
        self.tokens.last().map_or(Kind::Start, |token| token.kind)
    }

    fn push(&mut self, kind: Kind, source: &str) {
        let last = self.tokens.len() - 1;
        let ends_segments = kind == Kind::Slash
            || (!self.braces.is_empty() && matches!(kind, Kind::Comma | Kind::Brace));
        if self.tokens[last].kind == Kind::Segments && !ends_segments {
            // `**` that does not fill its segment is one star.
            self.tokens[last] = Token {
                kind: Kind::Star,
                source: STAR.to_owned(),
            };
        }
        self.tokens.push(Token {
            kind,
            source: source.to_owned(),
        });
    }

    /// Reads `[…]`; without an end it is a bracket and nothing more.
    fn class(&mut self) -> Option<()> {
        let rest = &self.rest[self.position..];
        if !rest.contains(&']') {
            self.push(Kind::Class, r"\[");
            return Some(());
        }
        let mut value = String::from("[");
        loop {
            let Some(character) = self.peek(0) else {
                // It never ends, so its bracket is one like any other.
                self.push(Kind::Class, &format!(r"\{value}"));
                return Some(());
            };
            self.position += 1;
            let first = value == "[" || value == "[^";
            match character {
                ']' if !first => break,
                ']' => value.push_str(r"\]"),
                // The named classes of POSIX.
                '[' if self.peek(0) == Some(':') => return None,
                '[' => value.push_str(r"\["),
                '-' if self.peek(0) == Some(']') => value.push_str(r"\-"),
                other => value.push(other),
            }
        }
        let inner = value[1..].to_owned();
        if inner.starts_with('^') && !inner.contains('/') {
            value.push('/');
        }
        value.push(']');
        let special = |character: char| "-*+?.^${}(|)[]".contains(character);
        if !inner.contains(special) {
            // Without a special character it may also be meant as it is written.
            value = format!("(?:{}|{value})", escaped(&value));
        }
        self.push(Kind::Class, &value);
        Some(())
    }

    fn close_brace(&mut self) {
        match self.braces.last().copied() {
            None => self.push(Kind::Text, "}"),
            Some((_, true)) => {
                self.push(Kind::Brace, ")");
                self.braces.pop();
            }
            Some((opening, false)) => {
                self.tokens[opening].source = r"\{".to_owned();
                self.push(Kind::Brace, r"\}");
                self.braces.pop();
            }
        }
    }

    fn star(&mut self) {
        let last = self.tokens.len() - 1;
        match self.tokens[last].kind {
            Kind::Segments | Kind::Stars => {
                self.tokens[last] = Token {
                    kind: Kind::Stars,
                    source: STAR.to_owned(),
                };
            }
            Kind::Star => self.second_star(last),
            previous => {
                let before = &mut self.tokens[last].source;
                match previous {
                    Kind::Dot => before.push_str(NOT_ONE_DOT),
                    Kind::Start | Kind::Slash => before.push_str(NO_DOTS_HERE),
                    _ => return self.push(Kind::Star, STAR),
                }
                if self.peek(0) != Some('*') {
                    self.tokens[last].source.push_str(ONE_CHARACTER);
                }
                self.push(Kind::Star, STAR);
            }
        }
    }

    /// Turns the star at `last` into `**`, where that has a meaning of its own.
    fn second_star(&mut self, last: usize) {
        let prior = self.tokens[last - 1].kind;
        let in_brace = !self.braces.is_empty() && matches!(prior, Kind::Comma | Kind::Brace);
        if !matches!(prior, Kind::Slash | Kind::Start) && !in_brace {
            return self.push(Kind::Star, "");
        }
        while self.followed_by("/**") && self.peek(3).is_none_or(|after| after == '/') {
            self.position += 3;
        }
        let at_end = self.peek(0).is_none();
        let slash_next = self.peek(0) == Some('/');
        let before_prior = last.checked_sub(2).map(|index| self.tokens[index].kind);
        let after_star = matches!(
            before_prior,
            Some(Kind::Star | Kind::Stars | Kind::Segments)
        );
        let slash_inside = prior == Kind::Slash && before_prior != Some(Kind::Start);
        self.tokens[last].kind = Kind::Segments;
        if slash_inside && !after_star && at_end {
            let slash = self.tokens[last - 1].source.clone();
            self.tokens[last - 1].source = format!("(?:{slash}");
            self.tokens[last].source = format!("{SEGMENTS}|$)");
        } else if slash_inside && slash_next {
            let slash = self.tokens[last - 1].source.clone();
            let end = if self.peek(1).is_some() { "|$" } else { "" };
            self.tokens[last - 1].source = format!("(?:{slash}");
            self.tokens[last].source = format!(r"{SEGMENTS}\/|\/{end})");
            self.position += 1;
            self.push(Kind::Slash, "");
        } else if prior == Kind::Start && slash_next {
            self.tokens[last - 1].source.clear();
            self.tokens[last].source = format!(r"(?:^|\/|{SEGMENTS}\/)");
            self.position += 1;
            self.push(Kind::Slash, "");
        } else {
            if prior == Kind::Start && at_end {
                self.tokens[last - 1].source.clear();
            }
            self.tokens[last].source = SEGMENTS.to_owned();
        }
    }

    fn followed_by(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(ahead, character)| self.peek(ahead) == Some(character))
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if "-*+?.^${}(|)[]".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
