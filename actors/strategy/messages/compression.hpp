#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "actors/strategy/messages/codec.hpp"
#include "model/adapter/adapter.hpp"

namespace lorafleet::strategy {

/// Bytes of a message with these factors, for any values.
std::int64_t message_bytes(const model::AdapterLayout& layout, model::Factors carried,
                           const CodecPtr& codec);

/// `values`, laid out as the adapter, as the receiver reads those of the carried factors; the
/// others, which do not travel, stay as they are. All carried ones must be finite.
std::vector<float> decoded(const model::AdapterLayout& layout, model::Factors carried,
                           const CodecPtr& codec, std::span<const float> values);

/// What a client gets when this adapter is sent down to it: `sent` itself without compression. A
/// pure function of the adapter, so one copy serves all clients. Where an adapter is not finite it
/// is passed on as it is.
model::AdapterPtr received(const model::AdapterPtr& sent, model::Factors carried,
                           const CodecPtr& codec);

}  // namespace lorafleet::strategy
