//! `platform_llm`: one import name, two wire layouts. The module's SDK generation decides; modules of
//! the few days in between are tried in both and answered in the one that parsed.

use assay_challenge_sdk::abi::{
    codec,
    llm::{a, bc},
    status::llm as status,
};
use wasmer::FunctionEnvMut;

use super::guest::{Env, Guest, HostTrap, length};
use crate::context::LlmError;
use crate::generation::LlmLayout;
use crate::limits;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    A,
    Bc,
}

pub(super) fn is_available(mut function: FunctionEnvMut<'_, Env>) -> Result<i32, HostTrap> {
    let guest = Guest::enter(&mut function, limits::HOST_CALL_FUEL)?;
    Ok(i32::from(guest.env.context.live.llm_is_available()))
}

pub(super) fn chat_completion(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(&mut function, limits::HOST_CALL_FUEL)?;
    let size_bytes = length(request_len);
    if size_bytes > limits::MAX_LLM_REQUEST_BYTES {
        return Ok(status::INVALID_REQUEST);
    }
    guest.charge_bytes(size_bytes)?;
    let Some(bytes) = guest.read(request, size_bytes) else {
        return Ok(status::INTERNAL_ERROR);
    };
    let Some((request, layout)) = decode(&bytes, guest.env.generation.llm_layout()) else {
        return Ok(status::INVALID_REQUEST);
    };
    let answer = match guest.env.context.live.llm_chat_completion(&request)? {
        Ok(answer) => answer,
        Err(LlmError::Disabled) => return Ok(status::DISABLED),
        Err(LlmError::InvalidRequest) => return Ok(status::INVALID_REQUEST),
        Err(LlmError::Api) => return Ok(status::API_ERROR),
        Err(LlmError::RateLimited) => return Ok(status::RATE_LIMITED),
    };
    let Some(encoded) = encode(answer, layout) else {
        return Ok(status::INTERNAL_ERROR);
    };
    if encoded.len() > length(response_len) {
        return Ok(status::BUFFER_TOO_SMALL);
    }
    guest.answer(response, response_len, &encoded, status::INTERNAL_ERROR)
}

fn decode(bytes: &[u8], layout: LlmLayout) -> Option<(bc::LlmRequest, Answer)> {
    let limit = limits::MAX_LLM_REQUEST_BYTES as u64;
    let as_a = || {
        let request = codec::decode::<a::LlmRequest>(bytes, limit).ok()?;
        Some((widen(request), Answer::A))
    };
    match layout {
        LlmLayout::A => as_a(),
        LlmLayout::Bc => Some((codec::decode(bytes, limit).ok()?, Answer::Bc)),
        LlmLayout::Ambiguous => match codec::decode_exact(bytes, limit) {
            Ok(request) => Some((request, Answer::Bc)),
            Err(_) => as_a(),
        },
    }
}

fn encode(answer: bc::LlmResponse, layout: Answer) -> Option<Vec<u8>> {
    match layout {
        Answer::Bc => codec::encode(&answer).ok(),
        Answer::A => codec::encode(&a::LlmResponse {
            content: answer.content.unwrap_or_default(),
            usage: answer.usage,
        })
        .ok(),
    }
}

fn widen(request: a::LlmRequest) -> bc::LlmRequest {
    bc::LlmRequest {
        model: request.model,
        messages: request
            .messages
            .into_iter()
            .map(|message| bc::LlmMessage {
                role: message.role,
                content: Some(message.content),
                ..bc::LlmMessage::default()
            })
            .collect(),
        max_tokens: Some(request.max_tokens),
        temperature: Some(request.temperature),
        ..bc::LlmRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_a() -> a::LlmRequest {
        a::LlmRequest {
            model: "m".into(),
            messages: vec![a::LlmMessage {
                role: "user".into(),
                content: "hello".into(),
            }],
            max_tokens: 7,
            temperature: 0.5,
        }
    }

    #[test]
    fn ambiguous_generation_is_answered_in_the_layout_that_parsed() {
        let old = codec::encode(&request_a()).unwrap();
        let new = codec::encode(&widen(request_a())).unwrap();
        let decoded = |bytes: &[u8]| decode(bytes, LlmLayout::Ambiguous).unwrap();
        assert_eq!(decoded(&old), (widen(request_a()), Answer::A));
        assert_eq!(decoded(&new), (widen(request_a()), Answer::Bc));
    }

    #[test]
    fn fixed_generations_do_not_guess() {
        let new = codec::encode(&widen(request_a())).unwrap();
        let old = codec::encode(&request_a()).unwrap();
        assert!(decode(&old, LlmLayout::Bc).is_none());
        assert_ne!(
            decode(&new, LlmLayout::A).map(|(request, _)| request),
            Some(widen(request_a()))
        );
    }

    #[test]
    fn answer_to_an_old_module_has_plain_text() {
        let answer = bc::LlmResponse {
            content: Some("yes".into()),
            ..bc::LlmResponse::default()
        };
        let bytes = encode(answer, Answer::A).unwrap();
        let back: a::LlmResponse = codec::decode_exact(&bytes, 1024).unwrap();
        assert_eq!(back.content, "yes");
    }
}
