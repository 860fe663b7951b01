#pragma once

#include <string>

#include "model/text/pipeline/setting.hpp"

namespace lorafleet::model {

/// What Metaspace says, as a pre-tokenizer and as a decoder.
struct Metaspace {
  enum class Prepend { always, first, never };

  explicit Metaspace(const Setting& setting);

  std::string replacement;  ///< stands for a space: U+2581 as a rule
  Prepend prepend = Prepend::always;
  bool split = true;
};

}  // namespace lorafleet::model
