//! One `.npmrc` file: the INI dialect that npm reads.

use super::Layer;
use crate::environment::Environment;

/// Parses a file and fills `${NAME}` from the environment.
///
/// A key that ends in `[]` may come several times; otherwise the last line wins. Sections are not
/// part of npm's settings, so what follows a section header is left out.
pub(super) fn parse(text: &str, environment: Environment<'_>) -> Layer {
    let mut layer = Layer::new();
    let text = text.trim_start_matches('\u{feff}');
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if line.starts_with('[') {
            break;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key.trim(), unquoted(value.trim())),
            None => (line, "true".to_owned()),
        };
        let key = filled(key, environment);
        let value = filled(&value, environment);
        match key.strip_suffix("[]") {
            Some(key) => layer.entry(key.to_owned()).or_default().push(value),
            None => {
                layer.insert(key, vec![value]);
            }
        }
    }
    layer
}

/// Takes quotes off, or else a comment that starts within the line.
fn unquoted(value: &str) -> String {
    if value.len() >= 2 && value.starts_with('"') && value.ends_with('"') {
        return serde_json::from_str(value)
            .unwrap_or_else(|_| value[1..value.len() - 1].to_owned());
    }
    if value.len() >= 2 && value.starts_with('\'') && value.ends_with('\'') {
        return value[1..value.len() - 1].to_owned();
    }
    let mut plain = String::new();
    let mut escaped = false;
    for character in value.chars() {
        match character {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            ';' | '#' if !escaped => break,
            ';' | '#' | '\\' => plain.push(character),
            _ => {
                if escaped {
                    plain.push('\\');
                }
                plain.push(character);
            }
        }
        escaped = false;
    }
    plain.trim_end().to_owned()
}

/// Fills `${NAME}` and `${NAME?}`; an unknown name stays as written, or empties with `?`.
fn filled(text: &str, environment: Environment<'_>) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        let whole = &rest[start..=start + length];
        let inner = &whole[2..whole.len() - 1];
        let (name, optional) = match inner.strip_suffix('?') {
            Some(name) => (name, true),
            None => (inner, false),
        };
        result.push_str(&rest[..start]);
        result.push_str(match environment.text(name) {
            Some(value) => value,
            None if optional => "",
            None => whole,
        });
        rest = &rest[start + length + 1..];
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Variables;

    #[test]
    fn the_dialect_is_npms() {
        let variables = Variables::from([("TOKEN".into(), "t".into())]);
        let text = "\u{feff}a = 1 ; note\r\nb=\"x y\"\nc='z'\nd\ne[]=1\ne[]=2\n# no\nf=a\\;b\n\
                    g=${TOKEN}-${NONE?}-${NONE}\na=2\n[section]\nh=1\n";
        insta::assert_debug_snapshot!(parse(text, Environment(&variables)), @r#"
        {
            "a": [
                "2",
            ],
            "b": [
                "x y",
            ],
            "c": [
                "z",
            ],
            "d": [
                "true",
            ],
            "e": [
                "1",
                "2",
            ],
            "f": [
                "a;b",
            ],
            "g": [
                "t--${NONE}",
            ],
        }
        "#);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "(\\PC|[\\n=\"'\\\\;#\\[\\]${}?]){0,60}") {
            let variables = Variables::from([("A".into(), "${A}".into())]);
            let layer = parse(&text, Environment(&variables));
            proptest::prop_assert!(layer.len() <= text.lines().count());
        }
    }
}
