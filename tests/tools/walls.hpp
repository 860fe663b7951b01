#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace lorafleet::tests {

/// The #include lines of a tree of sources: for each file its includes, project files by their path
/// from the root ("model/adapter/adapter.hpp"), others as written.
using IncludeGraph = std::map<std::string, std::vector<std::string>>;

/// Every include that a text has, commented-out ones not counted.
inline std::vector<std::string> includes_of(const std::string& text) {
  std::vector<std::string> includes;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    line.erase(0, line.find_first_not_of(" \t"));
    if (!line.starts_with("#")) continue;
    const std::size_t word = line.find("include");
    const std::size_t open = line.find_first_of("\"<");
    if (word == std::string::npos || open == std::string::npos || word > open) continue;
    const std::size_t close = line.find_first_of("\">", open + 1);
    if (close != std::string::npos) includes.push_back(line.substr(open + 1, close - open - 1));
  }
  return includes;
}

/// The folder that a file's rules come from.
inline std::string layer_of(const std::string& file) {
  for (const std::string inner : {"partition/support/", "actors/sim/", "actors/strategy/"}) {
    if (file.starts_with(inner)) return inner.substr(0, inner.size() - 1);
  }
  return file.substr(0, file.find('/'));
}

/// What each layer may include of the project: folders ("model/") or single files.
inline const std::map<std::string, std::vector<std::string>>& arrows() {
  static const std::map<std::string, std::vector<std::string>> arrows = {
      {"partition/support", {"partition/support/"}},
      {"partition", {"partition/"}},
      {"model", {"model/", "partition/"}},
      {"actors/sim",
       {"actors/sim/", "partition/support/csv.hpp", "partition/support/random.hpp",
        "partition/support/error.hpp", "partition/support/files.hpp",
        "partition/support/numbers.hpp", "partition/support/printable.hpp"}},
      {"actors/strategy",
       {"actors/strategy/", "actors/sim/", "model/adapter/adapter.hpp", "model/files/half.hpp",
        "model/training/trainer.hpp", "partition/support/"}},
      {"actors", {"actors/", "model/", "partition/"}},
      {"scenarios", {"scenarios/", "actors/", "model/", "partition/"}},
      {"tools", {"tools/", "scenarios/", "actors/", "model/", "partition/"}},
  };
  return arrows;
}

/// Whether `include` is a file of the project: of one of the layers, or of the tests.
inline bool is_project_file(const std::string& include) {
  return arrows().contains(layer_of(include)) || include.starts_with("tests/");
}

inline bool is_torch(const std::string& include) {
  return include.starts_with("torch/") || include.starts_with("ATen/") ||
         include.starts_with("c10/");
}
/// caf/fwd.hpp only declares: headers may have it.
inline bool is_caf(const std::string& include) {
  return include.starts_with("caf/") && include != "caf/fwd.hpp";
}

/// All that a file includes, directly or through project files.
inline std::set<std::string> reach(const IncludeGraph& graph, const std::string& file) {
  std::set<std::string> reached;
  std::vector<std::string> open = {file};
  while (!open.empty()) {
    const auto found = graph.find(open.back());
    open.pop_back();
    if (found == graph.end()) continue;
    for (const auto& include : found->second) {
      if (reached.insert(include).second) open.push_back(include);
    }
  }
  return reached;
}

inline bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  for (const auto& prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

/// Whether a file may see CAF, itself or through headers: what is in actors/ itself, its tests and
/// its benchmarks.
inline bool may_see_caf(const std::string& file) {
  return (layer_of(file) == "actors" && !file.starts_with("actors/net/")) ||
         starts_with_any(file, {"tests/actors/", "bench/"});
}
inline bool may_see_torch(const std::string& file) {
  return starts_with_any(file, {"model/", "tests/model/", "bench/", "cmake/"});
}
/// Headers that may include CAF themselves: those of the actors' inside.
inline bool is_private_actor_header(const std::string& file) {
  return file.ends_with("_actor.hpp") || file == "actors/messages.hpp" ||
         file == "actors/network_messages.hpp" || file == "actors/system_config.hpp";
}

/// Every broken wall as a sentence.
inline std::vector<std::string> broken_walls(const IncludeGraph& graph) {
  std::vector<std::string> broken;
  for (const auto& [file, includes] : graph) {
    const auto allowed = arrows().find(layer_of(file));
    for (const auto& include : includes) {
      if (allowed != arrows().end() && is_project_file(include) &&
          !starts_with_any(include, allowed->second)) {
        broken.push_back(file + " may not include " + include);
      }
      if (is_caf(include) && file.starts_with("actors/") && file.ends_with(".hpp") &&
          !is_private_actor_header(file)) {
        broken.push_back(file + " is a public header and includes " + include);
      }
      if (include.starts_with("toml++/") && !file.starts_with("scenarios/")) {
        broken.push_back(file + " reads TOML, which is the business of scenarios/");
      }
    }
    bool caf = false;
    bool torch = false;
    for (const auto& include : reach(graph, file)) {
      caf = caf || is_caf(include);
      torch = torch || is_torch(include);
    }
    if (caf && !may_see_caf(file)) broken.push_back(file + " sees CAF");
    if (torch && !may_see_torch(file)) broken.push_back(file + " sees LibTorch");
    if (caf && torch) broken.push_back(file + " sees both CAF and LibTorch");
  }
  return broken;
}

}  // namespace lorafleet::tests
