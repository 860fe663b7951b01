#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "actors/run/read_data.hpp"
#include "model/network/base_model.hpp"

namespace lorafleet::actors {

/// What runs in one process share, one after the other: loaded bases, and data that were read and
/// encoded. It changes no result, only how long the next run takes to begin.
class RunCache {
 public:
  /// Loads it, or hands out the one that was loaded with the same settings.
  model::BaseModelPtr base(const model::ModelConfig& config, const std::string& device);
  /// What `read` makes, or made before under this key.
  std::shared_ptr<const ReadData> data(const std::string& key,
                                       const std::function<ReadData()>& read);

 private:
  template <typename Value>
  using Entries = std::deque<std::pair<std::string, Value>>;

  Entries<model::BaseModelPtr> bases_;             // the latest last
  Entries<std::shared_ptr<const ReadData>> data_;  // likewise
};

/// A run's part in a cache.
struct SharedRuns {
  std::shared_ptr<RunCache> cache;  ///< null: nothing is shared
  std::string data_key;             ///< equal for runs that read the same data
};

}  // namespace lorafleet::actors
