//! The beginning and the end of a text that is too long.

/// Returns the beginning and the end of a text that is too long, `each` at most that many bytes, and
/// how much stands between them; the whole of another one as its beginning.
pub(crate) fn ends(text: &str, each: usize) -> (&str, usize, &str) {
    if text.len() <= 2 * each {
        return (text, 0, "");
    }
    let boundary = |mut place: usize| {
        while !text.is_char_boundary(place) {
            place -= 1;
        }
        place
    };
    let (first, last) = (boundary(each), boundary(text.len() - each));
    (&text[..first], last - first, &text[last..])
}
