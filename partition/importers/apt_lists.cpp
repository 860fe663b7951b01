#include "partition/importers/apt_lists.hpp"

#include <algorithm>
#include <cstdlib>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/process.hpp"

namespace lorafleet::partition {

namespace {

constexpr const char* kAptHelper = "/usr/lib/apt/apt-helper";
constexpr const char* kIndexFormat = "$(CREATED_BY)|$(LANGUAGE)|$(FILENAME)";

/// The first line that apt marks as an error or a warning.
std::string first_complaint(const std::string& errors) {
  for (std::size_t begin = 0; begin < errors.size();) {
    const auto end = std::min(errors.find('\n', begin), errors.size());
    const std::string line = errors.substr(begin, end - begin);
    if (line.starts_with("E: ") || line.starts_with("W: ")) return line.substr(3);
    begin = end + 1;
  }
  return "no reason given";
}

}  // namespace

std::string private_apt_settings(const std::filesystem::path& folder) {
  const std::string place = folder.string();
  if (place.find_first_of("\"\n\\") != place.npos) {
    throw InputError(place,
                     "apt cannot use a folder with a quote, a backslash or a line break in "
                     "its name; set XDG_CACHE_HOME to another");
  }
  return "Dir::State \"" + place + "/state\";\n" +               //
         "Dir::State::lists \"" + place + "/state/lists\";\n" +  //
         "Dir::Cache \"" + place + "/cache\";\n" +               //
         "APT::Sandbox::User \"\";\n"
         "APT::Update::Error-Mode \"any\";\n"
         "#clear Acquire::Languages;\n"
         "Acquire::Languages \"en\";\n"
         "#clear APT::Update::Pre-Invoke;\n"
         "#clear APT::Update::Post-Invoke;\n"
         "#clear APT::Update::Post-Invoke-Success;\n"
         "#clear Acquire::IndexTargets::deb::Contents-deb;\n"
         "#clear Acquire::IndexTargets::deb::DEP-11;\n";
}

void add_index_target(std::string_view line, AptLists& lists) {
  const auto first = line.find('|');
  const auto second = first == line.npos ? line.npos : line.find('|', first + 1);
  if (second == line.npos) return;
  const auto kind = line.substr(0, first);
  const auto language = line.substr(first + 1, second - first - 1);
  const std::filesystem::path file = line.substr(second + 1);
  if (kind == "Packages") lists.packages.push_back(file);
  if (kind == "Translations" && language == "en") lists.translations.push_back(file);
}

Apt::Apt(std::optional<std::filesystem::path> folder) {
  if (!folder) return;
  make_private_folder(*folder);
  make_folder(*folder / "state" / "lists" / "partial");
  make_folder(*folder / "cache" / "archives" / "partial");
  settings_ = *folder / "apt.conf";
  write_file(settings_, private_apt_settings(*folder));
}

std::vector<std::string> Apt::command(std::vector<std::string> arguments) const {
  std::vector<std::string> whole = {"apt-get"};
  if (!settings_.empty()) whole.insert(whole.end(), {"-c", settings_.string()});
  whole.insert(whole.end(), arguments.begin(), arguments.end());
  return whole;
}

std::string Apt::update(const std::function<void(const std::string&)>& log) const {
  const auto result = run_program(command({"-q", "update"}), [&](std::string_view line) {
    if (log) log(std::string(line));
  });
  return result.status == 0 ? "" : first_complaint(result.errors);
}

AptLists Apt::lists() const {
  AptLists lists;
  const auto result = run_program(command({"indextargets", "--format", kIndexFormat}),
                                  [&](std::string_view line) { add_index_target(line, lists); });
  if (result.status != 0) {
    throw RuntimeFailure("apt-get indextargets failed: " + first_complaint(result.errors));
  }
  return lists;
}

void for_each_list_line(const std::filesystem::path& list,
                        const std::function<void(std::string_view, std::size_t)>& line) {
  std::size_t number = 0;
  const auto result = run_program({kAptHelper, "cat-file", list.string()},
                                  [&](std::string_view text) { line(text, ++number); });
  if (result.status != 0) {
    throw RuntimeFailure(list.string() + ": cannot read: " + first_complaint(result.errors));
  }
}

std::filesystem::path private_apt_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path base;
  if (cache != nullptr && *cache == '/') {
    base = cache;
  } else if (home != nullptr && *home == '/') {
    base = std::filesystem::path(home) / ".cache";
  } else {
    throw InputError("HOME",
                     "neither HOME nor XDG_CACHE_HOME is an absolute path; one of them must name "
                     "the folder for apt's private lists");
  }
  return base / "lorafleet" / "apt";
}

}  // namespace lorafleet::partition
