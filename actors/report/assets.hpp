#pragma once

#include <string_view>

namespace lorafleet::report {

// Files that are part of the program: assets.S puts them there.

/// third_party/echarts/echarts.lorafleet.min.js
std::string_view chart_library();
/// actors/report/page/picture.js, which comes before report.js
std::string_view picture_script();
/// actors/report/page/report.js
std::string_view page_script();
/// actors/report/page/report.css
std::string_view page_style();
/// Licences of the chart library, which the page carries on.
std::string_view chart_licence();

}  // namespace lorafleet::report
