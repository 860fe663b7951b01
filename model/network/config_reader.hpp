#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/network/layers/activation.hpp"

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
  /// `name` stands for the file in messages.
  ConfigReader(const std::string& text, std::string name);

  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const;
  /// Where the key has a value other than null and false.
  void refuse_if_set(const std::string& key, const std::string& reason) const;

  /// Whether the key is there, null or not.
  [[nodiscard]] bool states(const std::string& key) const { return root_.contains(key); }
  /// The object that is this key's value.
  [[nodiscard]] std::optional<ConfigReader> part(const std::string& key) const;
  /// The values, as text, of an object whose keys are "0" to "n-1", in that order; empty where
  /// there is none.
  [[nodiscard]] std::vector<std::string> numbered(const std::string& key) const;
  /// From 1 to `most`; must be there.
  [[nodiscard]] std::int64_t size(const std::string& key, std::int64_t most = kMostSize) const;
  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t fallback,
                                     std::int64_t least, std::int64_t most) const;
  /// Any that fits 64 bits.
  [[nodiscard]] std::int64_t whole(const std::string& key, std::int64_t fallback) const;
  [[nodiscard]] bool boolean(const std::string& key, bool fallback) const;
  /// From 0 to below 1.
  [[nodiscard]] double probability(const std::string& key, double fallback) const;
  /// Above 0; must be there where there is no fallback.
  [[nodiscard]] double positive(const std::string& key,
                                std::optional<double> fallback = std::nullopt) const;
  [[nodiscard]] std::string string(const std::string& key, const std::string& fallback) const;
  [[nodiscard]] std::vector<std::string> strings(const std::string& key) const;
  /// Of a feed-forward part.
  [[nodiscard]] Activation activation(const std::string& key, const std::string& fallback) const;
  /// An id below `vocabulary`.
  [[nodiscard]] std::int32_t token(const std::string& key, std::int32_t fallback,
                                   std::int64_t vocabulary) const;
  /// One id or a list of them.
  [[nodiscard]] std::vector<std::int32_t> tokens(const std::string& key,
                                                 std::int64_t vocabulary) const;

 private:
  /// Null where it is absent.
  [[nodiscard]] const nlohmann::json* find(const std::string& key) const;
  [[nodiscard]] std::int32_t checked_token(const std::string& key, const nlohmann::json& value,
                                           std::int64_t vocabulary) const;

  std::string file_;
  std::string prefix_;  ///< of keys in messages
  nlohmann::json root_;
};

}  // namespace lorafleet::model
