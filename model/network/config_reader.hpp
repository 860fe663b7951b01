#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace lorafleet::model {

/// Typed access to the keys of a config.json; a key whose value is null counts as absent, as in
/// Hugging Face's configs. All throw InputError that names the file, the key and what is allowed.
class ConfigReader {
 public:
  /// Far above every published model: what is beyond is a damaged or hostile file. Products of two
  /// sizes stay within 64 bits.
  static constexpr std::int64_t kMostLayers = 1024;
  static constexpr std::int64_t kMostSize = 1 << 24;

  explicit ConfigReader(const std::filesystem::path& file);

  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const;

  /// From 1 to `most`; must be there.
  [[nodiscard]] std::int64_t size(const std::string& key, std::int64_t most = kMostSize) const;
  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t fallback,
                                     std::int64_t least, std::int64_t most) const;
  [[nodiscard]] bool boolean(const std::string& key, bool fallback) const;
  /// From 0 to below 1.
  [[nodiscard]] double probability(const std::string& key, double fallback) const;
  [[nodiscard]] std::string string(const std::string& key, const std::string& fallback) const;
  /// An id below `vocabulary`.
  [[nodiscard]] std::int32_t token(const std::string& key, std::int32_t fallback,
                                   std::int64_t vocabulary) const;

 private:
  /// Null where it is absent.
  [[nodiscard]] const nlohmann::json* find(const std::string& key) const;

  std::string file_;
  nlohmann::json root_;
};

}  // namespace lorafleet::model
