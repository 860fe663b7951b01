#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/text/jinja/refusal.hpp"
#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

struct Program;

/// A Jinja2 template as chat templates of Hugging Face models use it: statements, expressions,
/// filters, tests and methods of data, in transformers' environment (trim_blocks, lstrip_blocks,
/// loop controls, raise_exception, tojson, `{% generation %}`). Inclusion and inheritance of other
/// templates, `call`, `filter` and `with` blocks are refused by name. Our own, since
/// Debian has no C++ library that runs these programs, and none that says of each byte of its
/// output whether the template or the data wrote it. Immutable, so thread-safe.
class Template {
 public:
  /// `place` is the file, for messages. Throws InputError "place:line: …".
  Template(std::string_view source, std::string place);
  ~Template();
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;

  /// The text for these variables, marked with what came from which. Throws Refusal where the
  /// template calls raise_exception, else InputError "place:line: …" for what is not supported, a
  /// wrong type, or more work than a conversation of that size can need.
  [[nodiscard]] MarkedText render(const Dict& variables) const;
  /// Whether it marks what the model says.
  [[nodiscard]] bool has_generation() const;
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  std::string place_;
  std::unique_ptr<const Program> program_;
};

}  // namespace lorafleet::model::jinja
