#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace lorafleet::model {

/// A value of a JSON file with its place in it, for readers that say what was wrong and where. A
/// value that is absent is null. All errors are InputErrors "file: place: what".
class Setting {
 public:
  /// `root` must outlive all that is reached from here.
  Setting(const nlohmann::json& root, std::string file);

  /// Of an object; null where it is none.
  [[nodiscard]] Setting at(const std::string& key) const;
  /// Of an array, below size().
  [[nodiscard]] Setting item(std::size_t index) const;
  /// Of an array; throws where it is none.
  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] const nlohmann::json& value() const { return *value_; }
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_object() const;
  [[nodiscard]] bool is_array() const;
  [[nodiscard]] bool is_string() const;
  [[nodiscard]] bool is_number() const;

  /// "" where it is no string: for names to compare with.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string text_or(std::string_view fallback) const;
  /// Exactly one character.
  [[nodiscard]] std::string character_or(std::string_view fallback) const;
  [[nodiscard]] bool flag_or(bool fallback) const;
  [[nodiscard]] double number() const;
  /// 0 to 2147483647. The message names the place of `whole`, which this is a part of.
  [[nodiscard]] std::int32_t id(const Setting& whole) const;
  [[nodiscard]] std::size_t count_or(std::size_t fallback) const;

  [[nodiscard]] std::string place() const;
  /// The value for messages, cut where it is long.
  [[nodiscard]] std::string shown() const;
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  Setting(const nlohmann::json* value, std::string file, std::string path);

  const nlohmann::json* value_;
  std::string file_;
  std::string path_;
};

}  // namespace lorafleet::model
