//! Token counts.

use crate::count::Count;
use crate::open_string::open_string;
use crate::wire_object::wire_object;

wire_object! {
    /// What one answer of the model cost, in tokens.
    ///
    /// The service may leave out a count or send `null`; both become `None`.
    pub struct Usage {
        /// Tokens read that were not in the cache.
        "input_tokens" => input_tokens: optional Count,
        /// Tokens written to the cache.
        "cache_creation_input_tokens" => cache_creation_input_tokens: optional Count,
        /// Tokens read from the cache.
        "cache_read_input_tokens" => cache_read_input_tokens: optional Count,
        /// Tokens written.
        "output_tokens" => output_tokens: optional Count,
        /// The size of the context window; sent through July 2026.
        "max_tokens" => max_tokens: optional Count,
        /// The service tier; every recording says `standard`.
        "service_tier" => service_tier: optional ServiceTier,
    }
}

open_string! {
    /// The provider's service tier.
    pub struct ServiceTier {
        /// The only tier ever recorded.
        STANDARD = "standard",
    }
}
