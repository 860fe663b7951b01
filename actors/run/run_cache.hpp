#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/run/read_data.hpp"
#include "model/device/device_name.hpp"
#include "model/network/base_model.hpp"

namespace lorafleet::actors {

/// What runs in one process share, one after the other: loaded bases, and data that were read and
/// encoded. It changes no result, only how long the next run takes to begin.
class RunCache {
 public:
  /// One on each of the devices.
  using Bases = std::vector<model::BaseModelPtr>;

  /// Those that `load` loads, or that were loaded with the same settings.
  Bases bases(const model::ModelConfig& config, const std::vector<std::string>& devices,
              const std::function<Bases()>& load) {
    std::string key = model::base_key(config);
    for (const std::string& device : devices)
      key += '\n' + device;
    // What a GPU has is not there for the next base.
    const auto loaded = [&](const auto& entry) { return entry.first == key; };
    if (!std::all_of(devices.begin(), devices.end(), model::is_cpu) &&
        std::none_of(bases_.begin(), bases_.end(), loaded)) {
      bases_.clear();
    }
    return find_or_make(bases_, key, kMostBases, load);
  }
  /// What `read` makes, or made before under this key.
  std::shared_ptr<const ReadData> data(const std::string& key,
                                       const std::function<ReadData()>& read) {
    return find_or_make(data_, key, kMostData, [&]() -> std::shared_ptr<const ReadData> {
      return std::make_shared<const ReadData>(read());
    });
  }

 private:
  template <typename Value>
  using Entries = std::deque<std::pair<std::string, Value>>;
  // As many as a sweep over a few sizes, or a few seeds, comes back to.
  static constexpr std::size_t kMostBases = 3;
  static constexpr std::size_t kMostData = 8;

  template <typename Value, typename Make>
  static Value find_or_make(Entries<Value>& entries, const std::string& key, std::size_t most,
                            const Make& make) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const auto& entry) { return entry.first == key; });
    Value value = found == entries.end() ? make() : found->second;
    if (found != entries.end()) entries.erase(found);
    entries.emplace_back(key, value);
    if (entries.size() > most) entries.pop_front();
    return value;
  }

  Entries<Bases> bases_;                           // the latest last
  Entries<std::shared_ptr<const ReadData>> data_;  // likewise
};

/// A run's part in a cache.
struct SharedRuns {
  std::shared_ptr<RunCache> cache;  ///< null: nothing is shared
  std::string data_key;             ///< equal for runs that read the same data
};

}  // namespace lorafleet::actors
