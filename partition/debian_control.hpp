#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace lorafleet::partition {

/// The fields of one stanza of a Debian control file (deb-control(5)). Continuation lines follow
/// their field's first line after "\n", without their leading blank; a line " ." is empty.
using Stanza = std::map<std::string, std::string, std::less<>>;

/// The field, or "".
const std::string& field_of(const Stanza& stanza, std::string_view name);

/// Cuts lines into stanzas. Only fields that `wanted` accepts are kept.
class ControlParser {
 public:
  ControlParser(std::function<bool(std::string_view)> wanted,
                std::function<void(const Stanza&)> stanza)
      : wanted_(std::move(wanted)), stanza_(std::move(stanza)) {}

  /// Throws InputError at `place` for a line that is no field, continuation or separator.
  void feed(std::string_view line, const std::string& place);
  void finish();

 private:
  std::function<bool(std::string_view)> wanted_;
  std::function<void(const Stanza&)> stanza_;
  Stanza fields_;
  std::string* field_ = nullptr;  ///< that continuation lines belong to; null: one that is not kept
  bool open_ = false;
};

}  // namespace lorafleet::partition
