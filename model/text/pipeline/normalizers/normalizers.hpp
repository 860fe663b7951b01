#pragma once

#include <memory>

#include "model/text/pipeline/normalizer.hpp"
#include "model/text/pipeline/setting.hpp"

namespace lorafleet::model {

using NormalizerPtr = std::unique_ptr<const Normalizer>;

/// The normalizer that tokenizer.json describes; nullptr for null. Throws InputError.
NormalizerPtr make_normalizer(const Setting& setting);

NormalizerPtr make_nfc(const Setting& setting);
NormalizerPtr make_nfd(const Setting& setting);
NormalizerPtr make_nfkc(const Setting& setting);
NormalizerPtr make_nfkd(const Setting& setting);
NormalizerPtr make_lowercase(const Setting& setting);
NormalizerPtr make_prepend(const Setting& setting);
NormalizerPtr make_replace(const Setting& setting);
NormalizerPtr make_strip(const Setting& setting);
NormalizerPtr make_strip_accents(const Setting& setting);
NormalizerPtr make_normalizer_sequence(const Setting& setting);

}  // namespace lorafleet::model
