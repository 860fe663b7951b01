#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lorafleet::report {

/// `value` for readers, with at least four significant figures where it has them: "352.1", "63.42",
/// "0.00042", "12,345". "–" where it is no number.
std::string number(double value);
/// "1 job", "2 jobs".
std::string counted(std::int64_t value, std::string_view one, std::string_view many = "");
/// "46 min 36 s", "2 d 3 h", "0.45 s"
std::string duration(double seconds);
/// "1.31 MB": decimal.
std::string bytes_text(double bytes);
/// "12.3 %" of a share in [0, 1].
std::string percent(double share);

}  // namespace lorafleet::report
