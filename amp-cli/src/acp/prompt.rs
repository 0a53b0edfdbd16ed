//! A prompt of a client, as Amp takes it.

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::{ContentBlock, EmbeddedResourceResource};
use amp_session::protocol::UserInput;
use amp_session::{image_from_bytes, path_of_address};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::commands::Commands;
use super::error::invalid;

/// Returns the blocks of a prompt as one text, and its pictures behind it; a command of the client in
/// words.
///
/// # Errors
/// Refuses a prompt without text, a picture where this Amp takes none or that is none, and sound.
pub(super) fn input(
    blocks: &[ContentBlock],
    takes_images: bool,
    commands: &Commands,
) -> Result<UserInput, Error> {
    let mut text = String::new();
    let mut images = Vec::new();
    for block in blocks {
        match block {
            ContentBlock::Text(block) => text.push_str(&block.text),
            ContentBlock::ResourceLink(link) => {
                text.push_str(&format!(" {} ", reference(&link.uri, &link.name)));
            }
            ContentBlock::Resource(resource) => match &resource.resource {
                EmbeddedResourceResource::TextResourceContents(contents) => {
                    let uri = &contents.uri;
                    let contents = &contents.text;
                    text.push_str(&format!(
                        "\n<context uri=\"{uri}\">\n{contents}\n</context>\n"
                    ));
                }
                _ => return Err(invalid("a prompt may embed texts, and no other resources")),
            },
            ContentBlock::Image(_) if !takes_images => {
                return Err(invalid("this version of Amp takes no pictures"));
            }
            ContentBlock::Image(image) => {
                let bytes = BASE64_STANDARD.decode(&image.data);
                let bytes =
                    bytes.map_err(|error| invalid(format!("a picture is no base64: {error}")))?;
                images.push(image_from_bytes(&bytes).map_err(|error| invalid(error.to_string()))?);
            }
            _ => return Err(invalid("a prompt is made of texts, resources and pictures")),
        }
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(invalid("the prompt is empty"));
    }
    let in_words = commands.in_words(text);
    let input = UserInput::text(in_words.as_deref().unwrap_or(text));
    Ok(images.into_iter().fold(input, UserInput::with_image))
}

/// Names what a link leads to: a file by its path; an address that only the editor knows as such.
fn reference(uri: &str, name: &str) -> String {
    if let Some(path) = path_of_address(uri) {
        return path;
    }
    match uri.starts_with("http://") || uri.starts_with("https://") {
        true => uri.to_owned(),
        false => format!("{name} ({uri}, which only the editor can open)"),
    }
}

#[cfg(test)]
mod tests {
    use agent_client_protocol::v1::schema::{
        AudioContent, EmbeddedResource, ImageContent, ResourceLink, TextResourceContents,
    };

    use super::*;

    fn text(blocks: &[ContentBlock]) -> String {
        let input = input(blocks, true, &Commands::without_skills()).expect("a prompt");
        input.all_text()
    }

    #[test]
    fn links_and_resources_are_named_in_the_text() {
        let link = ResourceLink::new("a b.rs", "file:///home/u/a%20b.rs");
        let blocks = ["Look at".into(), ContentBlock::ResourceLink(link)];
        assert_eq!(text(&blocks), "Look at /home/u/a b.rs");
        let link = ResourceLink::new("symbol", "zed:///agent/symbol/x");
        assert!(text(&[ContentBlock::ResourceLink(link)]).contains("only the editor can open"));
        let contents = TextResourceContents::new("fn x() {}", "file:///x.rs");
        let resource = EmbeddedResourceResource::TextResourceContents(contents);
        let block = ContentBlock::Resource(EmbeddedResource::new(resource));
        assert!(text(&[block]).contains("<context uri=\"file:///x.rs\">\nfn x() {}\n"));
    }

    #[test]
    fn a_picture_is_taken_where_amp_takes_one() {
        let png = b"\x89PNG\r\n\x1a\n";
        let image =
            || ContentBlock::Image(ImageContent::new(BASE64_STANDARD.encode(png), "image/png"));
        let blocks = ["What is it?".into(), image()];
        assert!(input(&blocks, false, &Commands::without_skills()).is_err());
        assert!(
            input(&blocks, true, &Commands::without_skills())
                .expect("a prompt")
                .has_image()
        );
        let broken = ContentBlock::Image(ImageContent::new("*", "image/png"));
        assert!(input(&["x".into(), broken], true, &Commands::without_skills()).is_err());
    }

    #[test]
    fn what_amp_cannot_take_is_refused() {
        assert!(input(&[], true, &Commands::without_skills()).is_err());
        assert!(input(&["  ".into()], true, &Commands::without_skills()).is_err());
        let sound = ContentBlock::Audio(AudioContent::new("AAAA", "audio/wav"));
        assert!(input(&["x".into(), sound], true, &Commands::without_skills()).is_err());
    }
}
