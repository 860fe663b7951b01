#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/config/federation_config.hpp"
#include "model/shape.hpp"
#include "model/text/encoded_data.hpp"
#include "model/text/encoding.hpp"
#include "partition/examples/example.hpp"
#include "partition/split.hpp"

namespace lorafleet::actors {

/// The data of a run before they are spread over the clients: read, spoilt where asked, split and
/// encoded.
struct ReadData {
  /// Something to tell, in order.
  struct Line {
    bool warning;
    std::string text;
  };

  model::ModelShape shape;
  model::TokenizerPtr tokenizer;
  std::vector<partition::Example> examples;
  std::vector<std::string> classes;  ///< what the base's classes are called; empty: no classifier
  partition::Split split;            ///< without what was dropped
  std::shared_ptr<const model::ExampleEncoder> encoder;
  model::EncodedDataPtr encoded;  ///< entry i belongs to example i
  model::EncodingReport encoding;
  std::vector<Line> lines;
};

using Note = std::function<void(const std::string&)>;

/// Depends on [model] path, [data] and the seed alone. `log` gets a line about each step, `warning`
/// what a user should know; both are kept in `lines`. Throws InputError.
ReadData read_data(const FederationConfig& config, const Note& log, const Note& warning);

}  // namespace lorafleet::actors
