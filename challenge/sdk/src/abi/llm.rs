//! The two incompatible layouts of `platform_llm`'s `llm_chat_completion`.
//!
//! Both use the same import name. A module without the `sync` export speaks [`a`], one with
//! `get_dedup_flags` speaks [`bc`]; one with `sync` alone is ambiguous: try [`bc`] requiring exact
//! consumption, then [`a`]. On success the host writes the bare response, not a `Result`.

/// Layout of modules built before 24 February 2026.
pub mod a {
    use alloc::{string::String, vec::Vec};

    use serde::{Deserialize, Serialize};

    use super::LlmUsage;

    /// One message of the conversation.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct LlmMessage {
        /// `system`, `user` or `assistant`.
        pub role: String,
        /// Text.
        pub content: String,
    }

    /// Request.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    pub struct LlmRequest {
        /// Model name.
        pub model: String,
        /// Conversation.
        pub messages: Vec<LlmMessage>,
        /// Cap on generated tokens.
        pub max_tokens: u32,
        /// Sampling temperature.
        pub temperature: f32,
    }

    /// Response.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct LlmResponse {
        /// Text.
        pub content: String,
        /// Token counts, if the service gave them.
        pub usage: Option<LlmUsage>,
    }
}

/// Layout of modules built from 24 February 2026 on, and of ours.
pub mod bc {
    use alloc::{string::String, vec::Vec};

    use serde::{Deserialize, Serialize};

    use super::LlmUsage;

    /// One message of the conversation.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct LlmMessage {
        /// `system`, `user`, `assistant` or `tool`.
        pub role: String,
        /// Text.
        pub content: Option<String>,
        /// Name of the speaker.
        pub name: Option<String>,
        /// Calls that the assistant made.
        pub tool_calls: Option<Vec<ToolCall>>,
        /// The call that a `tool` message answers.
        pub tool_call_id: Option<String>,
    }

    /// A tool that the model may call.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Tool {
        /// `function`; the upstream field is `type`.
        pub kind: String,
        /// The function.
        pub function: ToolFunction,
    }

    /// A function of a [`Tool`].
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ToolFunction {
        /// Name.
        pub name: String,
        /// What it does.
        pub description: Option<String>,
        /// JSON schema as text.
        pub parameters: Option<String>,
    }

    /// A call that the model made.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ToolCall {
        /// Id.
        pub id: String,
        /// `function`; the upstream field is `type`.
        pub kind: String,
        /// What is called.
        pub function: ToolCallFunction,
    }

    /// The function of a [`ToolCall`].
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ToolCallFunction {
        /// Name.
        pub name: String,
        /// JSON arguments as text.
        pub arguments: String,
    }

    /// Which tool the model must use.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub enum ToolChoice {
        /// The model decides.
        #[default]
        Auto,
        /// No tool.
        None,
        /// Some tool.
        Required,
        /// This one.
        Specific {
            /// The function to call.
            function: ToolChoiceFunction,
        },
    }

    /// The function of [`ToolChoice::Specific`].
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ToolChoiceFunction {
        /// Name.
        pub name: String,
    }

    /// Form of the answer.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ResponseFormat {
        /// As `json_object`; the upstream field is `type`.
        pub kind: String,
    }

    /// Request.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    pub struct LlmRequest {
        /// Model name.
        pub model: String,
        /// Conversation.
        pub messages: Vec<LlmMessage>,
        /// Cap on generated tokens.
        pub max_tokens: Option<u32>,
        /// Sampling temperature.
        pub temperature: Option<f32>,
        /// Nucleus sampling.
        pub top_p: Option<f32>,
        /// Frequency penalty.
        pub frequency_penalty: Option<f32>,
        /// Presence penalty.
        pub presence_penalty: Option<f32>,
        /// Stop sequences.
        pub stop: Option<Vec<String>>,
        /// Tools.
        pub tools: Option<Vec<Tool>>,
        /// Choice among them.
        pub tool_choice: Option<ToolChoice>,
        /// Form of the answer.
        pub response_format: Option<ResponseFormat>,
    }

    /// Response.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct LlmResponse {
        /// Text.
        pub content: Option<String>,
        /// Calls that the model made.
        pub tool_calls: Vec<ToolCall>,
        /// Token counts, if the service gave them.
        pub usage: Option<LlmUsage>,
        /// Why generation stopped.
        pub finish_reason: Option<String>,
    }
}

use serde::{Deserialize, Serialize};

/// Token counts of a completion, the same in both layouts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LlmUsage {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
    /// Their sum.
    pub total_tokens: u32,
}

#[cfg(test)]
mod tests {
    use super::bc::{ToolChoice, ToolChoiceFunction};
    use crate::abi::codec::encode;

    #[test]
    fn tool_choice_is_tagged_with_u32() {
        assert_eq!(encode(&ToolChoice::Auto).unwrap(), [0; 4]);
        let specific = ToolChoice::Specific {
            function: ToolChoiceFunction { name: "f".into() },
        };
        assert_eq!(
            encode(&specific).unwrap(),
            [3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, b'f']
        );
    }
}
