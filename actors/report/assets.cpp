#include "actors/report/assets.hpp"

extern "C" {
extern const char lorafleet_echarts_begin[];
extern const char lorafleet_echarts_end[];
extern const char lorafleet_picture_js_begin[];
extern const char lorafleet_picture_js_end[];
extern const char lorafleet_report_js_begin[];
extern const char lorafleet_report_js_end[];
extern const char lorafleet_report_css_begin[];
extern const char lorafleet_report_css_end[];
extern const char lorafleet_echarts_legal_begin[];
extern const char lorafleet_echarts_legal_end[];
}

namespace lorafleet::report {

std::string_view chart_library() {
  return {lorafleet_echarts_begin, lorafleet_echarts_end};
}
std::string_view picture_script() {
  return {lorafleet_picture_js_begin, lorafleet_picture_js_end};
}
std::string_view page_script() {
  return {lorafleet_report_js_begin, lorafleet_report_js_end};
}
std::string_view page_style() {
  return {lorafleet_report_css_begin, lorafleet_report_css_end};
}
std::string_view chart_licence() {
  return {lorafleet_echarts_legal_begin, lorafleet_echarts_legal_end};
}

}  // namespace lorafleet::report
