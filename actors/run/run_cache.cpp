#include "actors/run/run_cache.hpp"

#include <algorithm>

namespace lorafleet::actors {

namespace {

/// As many as a sweep over a few sizes, or a few seeds, comes back to.
constexpr std::size_t kMostBases = 3;
constexpr std::size_t kMostData = 8;

template <typename Entries, typename Make>
auto find_or_make(Entries& entries, const std::string& key, std::size_t most, const Make& make) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  auto value = found == entries.end() ? make() : found->second;
  if (found != entries.end()) entries.erase(found);
  entries.emplace_back(key, value);
  if (entries.size() > most) entries.pop_front();
  return value;
}

}  // namespace

model::BaseModelPtr RunCache::base(const model::ModelConfig& config, const std::string& device) {
  const std::string key = config.path.string() + '\n' + config.dtype + '\n' + device;
  return find_or_make(bases_, key, kMostBases,
                      [&] { return model::BaseModel::load(config, device); });
}

std::shared_ptr<const ReadData> RunCache::data(const std::string& key,
                                               const std::function<ReadData()>& read) {
  return find_or_make(data_, key, kMostData, [&]() -> std::shared_ptr<const ReadData> {
    return std::make_shared<const ReadData>(read());
  });
}

}  // namespace lorafleet::actors
