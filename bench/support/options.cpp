#include "bench/support/options.hpp"

#include <algorithm>
#include <charconv>

#include "partition/support/error.hpp"

namespace lorafleet::bench {

using tools::CommandLine;

std::vector<std::string> list_of(const CommandLine& line, const std::string& name,
                                 const std::vector<std::string>& allowed) {
  std::vector<std::string> parts(1);
  for (const char letter : line.text(name)) {
    if (letter == ',') {
      parts.emplace_back();
    } else if (letter != ' ') {
      parts.back() += letter;
    }
  }
  for (const auto& part : parts) {
    const bool known = std::find(allowed.begin(), allowed.end(), part) != allowed.end();
    if (part.empty() || (!allowed.empty() && !known)) {
      throw InputError("--" + name, "\"" + part + "\" is not known" +
                                        (allowed.empty() ? "" : "; allowed: " + join(allowed)));
    }
  }
  return parts;
}

double seconds_of(const CommandLine& line) {
  const std::string text = line.text("seconds");
  double seconds = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds > 0.0) ||
      seconds > 1e6) {
    throw InputError("--seconds", "\"" + text + "\" is out of range; allowed: above 0");
  }
  return seconds;
}

}  // namespace lorafleet::bench
