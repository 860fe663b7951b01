#pragma once

#include <algorithm>
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

/// A folder of sources: a row of the table in docs/architecture.md.
struct Room {
  std::string folder;  ///< "model/text/"
  /// "model/files/" (what lies in that very folder), "model/**" (and in those below), or one file.
  std::vector<std::string> may_include;
  std::set<std::string> sees;  ///< of "CAF", "LibTorch", "TOML": what it may use, also unknowingly
};

/// "`a`, `b`" -> {"a", "b"}.
inline std::vector<std::string> code_words(const std::string& cell) {
  std::vector<std::string> words;
  std::size_t open = cell.find('`');
  while (open != std::string::npos) {
    const std::size_t close = cell.find('`', open + 1);
    words.push_back(cell.substr(open + 1, close - open - 1));
    open = cell.find('`', close + 1);
  }
  return words;
}

/// The rows "| `folder/` | role | may include | sees |" of a Markdown text, in their order.
inline std::vector<Room> rooms_in(const std::string& text) {
  std::vector<Room> rooms;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    std::vector<std::string> cells;
    for (std::size_t bar = line.find('|'); bar != std::string::npos;) {
      const std::size_t next = line.find('|', bar + 1);
      if (next != std::string::npos) cells.push_back(line.substr(bar + 1, next - bar - 1));
      bar = next;
    }
    if (!line.starts_with("| `") || cells.size() != 4) continue;
    Room room{code_words(cells[0]).front(), code_words(cells[2]), {}};
    for (const std::string what : {"CAF", "LibTorch", "TOML"}) {
      if (cells[3].find(what) != std::string::npos) room.sees.insert(what);
    }
    rooms.push_back(std::move(room));
  }
  return rooms;
}

/// "model/text/" of "model/text/bpe.cpp".
inline std::string folder_of(const std::string& file) {
  return file.substr(0, file.rfind('/') + 1);
}
inline const Room* room_of(const std::vector<Room>& rooms, const std::string& file) {
  const auto found = std::find_if(rooms.begin(), rooms.end(),
                                  [&](const Room& room) { return room.folder == folder_of(file); });
  return found == rooms.end() ? nullptr : &*found;
}

/// Whether `include` is a file of the project, as the first folder of its path says.
inline bool is_project_file(const std::string& include) {
  static const std::set<std::string> kTop = {"partition", "model", "actors", "scenarios",
                                             "tools",     "tests", "bench"};
  return kTop.contains(include.substr(0, include.find('/')));
}

inline bool may_include(const Room& room, const std::string& include) {
  if (folder_of(include) == room.folder) return true;
  return std::any_of(room.may_include.begin(), room.may_include.end(),
                     [&](const std::string& what) {
                       if (what.ends_with("/**"))
                         return include.starts_with(what.substr(0, what.size() - 2));
                       return what.ends_with("/") ? folder_of(include) == what : include == what;
                     });
}

inline bool is_torch(const std::string& include) {
  return include.starts_with("torch/") || include.starts_with("ATen/") ||
         include.starts_with("c10/");
}
/// caf/fwd.hpp only declares: headers may have it.
inline bool is_caf(const std::string& include) {
  return include.starts_with("caf/") && include != "caf/fwd.hpp";
}
inline bool is_toml(const std::string& include) {
  return include.starts_with("toml++/");
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

/// Headers that may include CAF themselves: those of the actors' inside.
inline bool is_private_actor_header(const std::string& file) {
  return file.ends_with("_actor.hpp") || file == "actors/messages.hpp" ||
         file == "actors/network_messages.hpp" || file == "actors/system_config.hpp";
}

/// What a file uses that its room does not see.
inline std::vector<std::string> unseen(const IncludeGraph& graph, const Room& room,
                                       const std::string& file) {
  std::set<std::string> used;
  for (const auto& include : reach(graph, file)) {
    if (is_caf(include)) used.insert("CAF");
    if (is_torch(include)) used.insert("LibTorch");
    if (is_toml(include)) used.insert("TOML");
  }
  std::vector<std::string> broken;
  for (const auto& what : used) {
    if (!room.sees.contains(what)) broken.push_back(file + " sees " + what);
  }
  if (used.contains("CAF") && used.contains("LibTorch")) {
    broken.push_back(file + " sees both CAF and LibTorch");
  }
  return broken;
}

/// Every wall that one file breaks, as a sentence.
inline std::vector<std::string> broken_by(const IncludeGraph& graph, const std::vector<Room>& rooms,
                                          const std::string& file) {
  const Room* room = room_of(rooms, file);
  if (room == nullptr) return {file + " lies in no room of docs/architecture.md"};
  std::vector<std::string> broken;
  for (const auto& include : graph.at(file)) {
    if (is_project_file(include) && !may_include(*room, include)) {
      broken.push_back(file + " may not include " + include);
    }
    if (is_caf(include) && file.starts_with("actors/") && file.ends_with(".hpp") &&
        !is_private_actor_header(file)) {
      broken.push_back(file + " is a public header and includes " + include);
    }
  }
  const auto more = unseen(graph, *room, file);
  broken.insert(broken.end(), more.begin(), more.end());
  return broken;
}

/// Every broken wall.
inline std::vector<std::string> broken_walls(const IncludeGraph& graph,
                                             const std::vector<Room>& rooms) {
  std::vector<std::string> broken;
  for (const auto& [file, includes] : graph) {
    const auto more = broken_by(graph, rooms, file);
    broken.insert(broken.end(), more.begin(), more.end());
  }
  return broken;
}

/// What is wrong with the table itself: rooms that may include one that stands below them in it, or
/// a file of such a room, or one that is not there.
inline std::vector<std::string> upward_arrows(const IncludeGraph& graph,
                                              const std::vector<Room>& rooms) {
  std::vector<std::string> broken;
  std::set<std::string> lower;
  for (const Room& room : rooms) {
    const auto complain = [&](const std::string& what, const std::string& why) {
      broken.push_back(room.folder + " may not include " + what + ", which is " + why);
    };
    for (const auto& what : room.may_include) {
      if (what.ends_with("/**")) {
        bool any = what == "tests/**";  // not in the table: they mirror it
        for (const Room& other : rooms) {
          if (!other.folder.starts_with(what.substr(0, what.size() - 2))) continue;
          any = true;
          if (other.folder != room.folder && !lower.contains(other.folder))
            complain(other.folder, "no lower room");
        }
        if (!any) complain(what, "not there");
      } else if (what.ends_with("/")) {
        if (!lower.contains(what)) complain(what, "no lower room");
      } else if (!graph.contains(what)) {
        complain(what, "not there");
      } else if (!lower.contains(folder_of(what))) {
        complain(what, "in no lower room");
      }
    }
    lower.insert(room.folder);
  }
  return broken;
}

}  // namespace lorafleet::tests
