#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::partition {

/// The fields of one stanza of a Debian control file (deb-control(5)). Continuation lines follow
/// their field's first line after "\n", without their leading blank; a line " ." is empty.
using Stanza = std::map<std::string, std::string, std::less<>>;

/// The field, or "".
const std::string& field_of(const Stanza& stanza, std::string_view name);

/// Cuts lines into stanzas, which empty lines separate. Only fields that `wanted` accepts are kept.
/// A stanza with a line that is neither field, continuation nor remark is left out as a whole.
class ControlParser {
 public:
  ControlParser(std::function<bool(std::string_view)> wanted,
                std::function<void(const Stanza&)> stanza)
      : wanted_(std::move(wanted)), stanza_(std::move(stanza)) {}

  void feed(std::string_view line, std::size_t number);
  void finish();

  /// The numbers of the lines that spoilt a stanza, the first one of each.
  [[nodiscard]] const std::vector<std::size_t>& malformed() const { return malformed_; }

 private:
  void leave_out(std::size_t number);

  std::function<bool(std::string_view)> wanted_;
  std::function<void(const Stanza&)> stanza_;
  Stanza fields_;
  std::string* field_ = nullptr;  ///< that continuation lines belong to; null: one that is not kept
  bool open_ = false;
  bool left_out_ = false;  ///< up to the next empty line
  std::vector<std::size_t> malformed_;
};

}  // namespace lorafleet::partition
