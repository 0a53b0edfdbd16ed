//! The picture of the documentation is what its cast shows, and the cast is of a whole run.

use xtask::picture::{cast::Cast, cast_path, draw, picture_path};

fn kept_cast() -> Cast {
    let text = std::fs::read_to_string(cast_path()).expect("a cast");
    Cast::parse(&text).expect("a cast")
}

#[test]
fn the_picture_is_drawn_from_its_cast() {
    let picture = std::fs::read_to_string(picture_path()).expect("a picture");
    // Not `assert_eq`: two pictures side by side are no help.
    assert!(
        picture == draw(&kept_cast()),
        "the picture is not that of its cast: run `cargo xtask picture --redraw`"
    );
}

#[test]
fn the_picture_shows_tools_an_answer_and_how_to_continue() {
    let picture = draw(&kept_cast());
    for text in [
        "ampctl run",
        "shell_command",
        "edit_file",
        "done in",
        "ampctl continue",
    ] {
        assert!(picture.contains(text), "no {text}");
    }
}

#[test]
fn a_cast_is_written_as_it_was_read() {
    let text = std::fs::read_to_string(cast_path()).expect("a cast");
    assert_eq!(
        Cast::parse(&text)
            .expect("a cast")
            .to_text()
            .expect("a text"),
        text
    );
    assert!(Cast::parse("{\"version\":3}").is_err());
    assert!(Cast::parse("").is_err());
}
