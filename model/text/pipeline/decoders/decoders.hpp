#pragma once

#include <memory>

#include "model/text/pipeline/decoder.hpp"
#include "model/text/pipeline/setting.hpp"

namespace lorafleet::model {

using DecoderPtr = std::unique_ptr<const Decoder>;

/// The decoder that tokenizer.json describes; nullptr for null. Throws InputError.
DecoderPtr make_decoder(const Setting& setting);

DecoderPtr make_byte_level_decoder(const Setting& setting);
DecoderPtr make_byte_fallback(const Setting& setting);
DecoderPtr make_replace_decoder(const Setting& setting);
DecoderPtr make_fuse(const Setting& setting);
DecoderPtr make_strip_decoder(const Setting& setting);
DecoderPtr make_metaspace_decoder(const Setting& setting);
DecoderPtr make_word_piece_decoder(const Setting& setting);
DecoderPtr make_decoder_sequence(const Setting& setting);

}  // namespace lorafleet::model
