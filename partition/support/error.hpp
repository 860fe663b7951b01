#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet {

/// Bad input from the user: a scenario, data, a model or an argument. Ends the program with
/// status 2.
class InputError : public std::runtime_error {
 public:
  /// `place` names the file (and line, or key) and may be empty; `what` says what was wrong and
  /// what is allowed. The message reads "place: what".
  InputError(std::string_view place, std::string_view what)
      : std::runtime_error(place.empty() ? std::string(what)
                                         : std::string(place) + ": " + std::string(what)) {}
};

/// Something outside the program failed: a full disk, a lost peer. Ends the run with status 1.
class RuntimeFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What went wrong, without the list of calls that LibTorch's errors have below their message.
std::string message_of(const std::exception& error);

/// "file:line" for messages about text files; lines count from 1.
std::string at_line(std::string_view file, std::size_t line);

/// The entry of `known` nearest to `name` (Levenshtein distance at most max(2, length / 3)), or "".
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

/// `; did you mean NEAREST?`, with `quote` on both sides of the name; "" where there is none.
std::string did_you_mean(std::string_view nearest, std::string_view quote = "");
/// The same as ` (did you mean NEAREST?)`.
std::string did_you_mean_aside(std::string_view nearest, std::string_view quote = "");

/// `{"a", "b", "c"}` as `a, b, c`.
std::string join(const std::vector<std::string>& items, std::string_view separator = ", ");

}  // namespace lorafleet
