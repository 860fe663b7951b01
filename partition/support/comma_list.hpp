#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lorafleet {

/// "a,b, c" -> a, b, c: what stands between commas, without blanks; one empty part of nothing.
std::vector<std::string> split_at_commas(std::string_view text);

}  // namespace lorafleet
