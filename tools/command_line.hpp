#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/commands.hpp"

namespace lorafleet::tools {

/// The options and arguments of one command, with its help.
class CommandLine {
 public:
  /// `command` as typed ("run"), one sentence about it, and an example line without the program's
  /// name, which is `program`.
  CommandLine(std::string command, std::string summary, std::string example,
              std::string program = "lorafleet ");
  ~CommandLine();

  /// A required argument ("SCENARIO"), read with `text("SCENARIO")`; in the order of the calls.
  CommandLine& positional(const std::string& name, const std::string& doc);
  /// The last positional argument may be left out where this option is given.
  CommandLine& unless(const std::string& option);
  /// An argument that may be missing; after the required ones.
  CommandLine& optional_positional(const std::string& name, const std::string& doc);
  /// One argument or more, after all others; read with `texts`.
  CommandLine& rest(const std::string& name, const std::string& doc);
  /// An option with a value; without `otherwise` it is optional.
  CommandLine& option(const std::string& name, const std::string& value, const std::string& doc,
                      const std::optional<std::string>& otherwise = std::nullopt);
  /// An option that may be given several times.
  CommandLine& repeated(const std::string& name, const std::string& value, const std::string& doc);
  CommandLine& flag(const std::string& name, const std::string& doc);
  /// A paragraph under the options.
  CommandLine& note(const std::string& text);

  /// False: help was asked for and printed. Throws InputError for what it does not know.
  [[nodiscard]] bool parse(const Arguments& arguments);

  [[nodiscard]] bool has(const std::string& name) const;
  /// Whether the user gave it, and not its default.
  [[nodiscard]] bool given(const std::string& name) const;
  [[nodiscard]] bool on(const std::string& name) const;
  [[nodiscard]] std::string text(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> texts(const std::string& name) const;
  /// A whole number of at least `least`. Throws InputError otherwise.
  [[nodiscard]] std::int64_t whole(const std::string& name, std::int64_t least) const;

 private:
  [[nodiscard]] std::string help() const;
  [[noreturn]] void fail(const std::string& what) const;
  void parse_values(const Arguments& arguments);

  struct Positional {
    std::string name;
    std::string doc;
    bool required = true;
    std::string unless = {};  ///< the option that makes it optional
    bool many = false;
  };
  std::string command_;
  std::string summary_;
  std::string example_;
  std::string program_;  ///< with what stands between it and the command
  std::string notes_;
  std::vector<Positional> positionals_;
  std::vector<std::string> option_names_;
  struct Parsed;  ///< Boost's part, which takes long to compile
  std::unique_ptr<Parsed> parsed_;
};

/// A whole number of at least `least`, of an argument called `name`. Throws InputError.
std::int64_t parse_whole(const std::string& text, const std::string& name, std::int64_t least);

}  // namespace lorafleet::tools
