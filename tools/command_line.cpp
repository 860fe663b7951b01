#include "tools/command_line.hpp"

#include <boost/program_options.hpp>
#include <charconv>
#include <iostream>
#include <sstream>

#include "partition/support/error.hpp"

namespace lorafleet::tools {

namespace po = boost::program_options;

struct CommandLine::Parsed {
  po::options_description options{"Options", 100};
  po::variables_map values;
};

CommandLine::CommandLine(std::string command, std::string summary, std::string example,
                         std::string program)
    : command_(std::move(command)),
      summary_(std::move(summary)),
      example_(std::move(example)),
      program_(std::move(program)),
      parsed_(std::make_unique<Parsed>()) {}

CommandLine::~CommandLine() = default;

CommandLine& CommandLine::positional(const std::string& name, const std::string& doc) {
  positionals_.push_back({name, doc});
  return *this;
}

CommandLine& CommandLine::unless(const std::string& option) {
  positionals_.back().unless = option;
  return *this;
}

CommandLine& CommandLine::optional_positional(const std::string& name, const std::string& doc) {
  positionals_.push_back({name, doc, false});
  return *this;
}

CommandLine& CommandLine::rest(const std::string& name, const std::string& doc) {
  positionals_.push_back({name, doc, true, "", true});
  return *this;
}

CommandLine& CommandLine::option(const std::string& name, const std::string& value,
                                 const std::string& doc,
                                 const std::optional<std::string>& otherwise) {
  auto* semantic = po::value<std::string>()->value_name(value);
  if (otherwise) semantic->default_value(*otherwise, "");
  const std::string text = otherwise ? doc + "; default: " + *otherwise : doc;
  parsed_->options.add_options()(name.c_str(), semantic, text.c_str());
  option_names_.push_back("--" + name);
  return *this;
}

CommandLine& CommandLine::repeated(const std::string& name, const std::string& value,
                                   const std::string& doc) {
  auto* semantic = po::value<std::vector<std::string>>()->value_name(value)->composing();
  parsed_->options.add_options()(name.c_str(), semantic, doc.c_str());
  option_names_.push_back("--" + name);
  return *this;
}

CommandLine& CommandLine::flag(const std::string& name, const std::string& doc) {
  parsed_->options.add_options()(name.c_str(), po::bool_switch(), doc.c_str());
  option_names_.push_back("--" + name);
  return *this;
}

CommandLine& CommandLine::note(const std::string& text) {
  notes_ += "\n" + text + "\n";
  return *this;
}

std::string CommandLine::help() const {
  std::ostringstream text;
  text << "Usage: " << program_ << command_;
  for (const auto& positional : positionals_)
    text << " " << (positional.required ? positional.name : "[" + positional.name + "]")
         << (positional.many ? "..." : "");
  text << (option_names_.size() > 1 ? " [options]" : "") << "\n\n" << summary_ << "\n\n";
  for (const auto& positional : positionals_) {
    text << "  " << positional.name << "  " << positional.doc << "\n";
  }
  if (!positionals_.empty()) text << "\n";
  text << parsed_->options << notes_ << "\nExample:\n  " << program_ << example_ << "\n";
  return text.str();
}

void CommandLine::fail(const std::string& what) const {
  throw InputError(command_, what + " (" + program_ + command_ + " --help shows how)");
}

void CommandLine::parse_values(const Arguments& arguments) {
  po::options_description all;
  all.add(parsed_->options);
  po::options_description hidden;
  po::positional_options_description order;
  for (const auto& positional : positionals_) {
    if (positional.many) {
      hidden.add_options()(positional.name.c_str(), po::value<std::vector<std::string>>());
    } else {
      hidden.add_options()(positional.name.c_str(), po::value<std::string>());
    }
    order.add(positional.name.c_str(), positional.many ? -1 : 1);
  }
  all.add(hidden);
  using Style = po::command_line_style::style_t;
  const int style = po::command_line_style::unix_style & ~Style::allow_guessing;
  po::store(po::command_line_parser(arguments).options(all).positional(order).style(style).run(),
            parsed_->values);
}

bool CommandLine::parse(const Arguments& arguments) {
  flag("help", "print this");
  try {
    parse_values(arguments);
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name();
    fail("unknown option " + name + "; allowed: " + join(option_names_) +
         did_you_mean(nearest_name(name, option_names_)));
  } catch (const po::too_many_positional_options_error&) {
    fail("too many arguments; allowed: " + std::to_string(positionals_.size()));
  } catch (const po::error& error) {
    fail(error.what());
  }
  if (on("help")) {
    std::cout << help();
    return false;
  }
  for (const auto& positional : positionals_) {
    const bool replaced = !positional.unless.empty() && has(positional.unless);
    if (positional.required && !replaced && !has(positional.name)) {
      fail(positional.name + " is missing");
    }
  }
  return true;
}

bool CommandLine::has(const std::string& name) const {
  return parsed_->values.count(name) > 0;
}

bool CommandLine::given(const std::string& name) const {
  return has(name) && !parsed_->values[name].defaulted();
}

bool CommandLine::on(const std::string& name) const {
  return parsed_->values[name].as<bool>();
}

std::string CommandLine::text(const std::string& name) const {
  return parsed_->values[name].as<std::string>();
}

std::vector<std::string> CommandLine::texts(const std::string& name) const {
  return has(name) ? parsed_->values[name].as<std::vector<std::string>>()
                   : std::vector<std::string>();
}

std::int64_t CommandLine::whole(const std::string& name, std::int64_t least) const {
  return parse_whole(text(name), "--" + name, least);
}

std::int64_t parse_whole(const std::string& text, const std::string& name, std::int64_t least) {
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || number < least) {
    throw InputError(name,
                     "\"" + text + "\" is not a whole number of at least " + std::to_string(least));
  }
  return number;
}

}  // namespace lorafleet::tools
