#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/schema/value.hpp"

namespace lorafleet::scenarios {

/// Collects all that is wrong with a scenario, so that a user sees it at once.
class Report {
 public:
  void error(const Place& place, const std::string& key, const std::string& message);
  void warning(const Place& place, const std::string& key, const std::string& message);

  /// Whether an error was reported for `key`, for a part of it, or for a table around it.
  [[nodiscard]] bool is_bad(std::string_view key) const;
  /// "place: key: message", in the order of the file, the command line's last.
  [[nodiscard]] std::vector<std::string> warnings() const { return lines(warnings_); }
  /// Throws ScenarioError if there was any error.
  void throw_errors() const;

 private:
  struct Remark {
    Place place;
    std::string key;
    std::string message;
  };
  static std::vector<std::string> lines(std::vector<Remark> remarks);

  std::vector<Remark> errors_;
  std::vector<Remark> warnings_;
};

/// "what; allowed: ...; did you mean ...?", the last two where there is something to say.
std::string with_hints(const std::string& what, const std::string& allowed,
                       const std::string& nearest = "");

}  // namespace lorafleet::scenarios
