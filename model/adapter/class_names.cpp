#include "model/adapter/class_names.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

void save_class_names(const std::filesystem::path& directory,
                      const std::vector<std::string>& names) {
  const std::filesystem::path file = directory / kClassNamesFile;
  if (names.empty()) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return;
  }
  write_file(file, json(names).dump(2, ' ', false, json::error_handler_t::replace) + '\n');
}

std::vector<std::string> load_class_names(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kClassNamesFile;
  if (!std::filesystem::exists(file)) return {};
  const json names = parse_json(read_file(file), file.string());
  const auto is_text = [](const json& name) { return name.is_string(); };
  if (!names.is_array() || !std::all_of(names.begin(), names.end(), is_text)) {
    throw InputError(file.string(), "must be a list of strings, the names of the classes");
  }
  return names.get<std::vector<std::string>>();
}

}  // namespace lorafleet::model
