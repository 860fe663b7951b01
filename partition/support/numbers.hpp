#pragma once

#include <cstdint>
#include <string>

namespace lorafleet {

/// The shortest decimal text that reads back as the same double: "0.1", "1e+30", "nan", "inf".
std::string shortest(double value);

}  // namespace lorafleet
