//! Feeds any text to what reads messages of a model and of a service: the JSON values in an answer,
//! and the time that an error asks to wait.

#![no_main]

#[path = "../../src/policy/json_in_text.rs"]
mod json_in_text;
#[path = "../../src/outcome/wait_in_words.rs"]
mod wait_in_words;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let values = json_in_text::values(text);
    assert!(values.len() <= text.len(), "a value is made of something");
    for value in values {
        // Not by its value: the last digit of a long number may change on its way.
        let again = json_in_text::values(&value.to_string());
        assert_eq!(again.len(), 1, "a value alone is found");
    }
    let wait = wait_in_words::wait_in_words(text);
    assert!(wait.is_none_or(|wait| wait.as_millis() < u128::from(u64::MAX)));
});
